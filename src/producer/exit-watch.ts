/** What is told of a producer that nobody closed. */
export interface Watched {
  readonly clientId: string
  /** Records that have no outcome yet. */
  undelivered(): number
}

const open = new Set<Watched>()
let listening = false

/**
 * Warns, once and no more than that, when the process ends while a producer still holds records:
 * who forgets to flush should learn it from us and not from missing data.
 */
export function watchExit(producer: Watched): () => void {
  open.add(producer)
  if (!listening) {
    listening = true
    process.once('exit', () => {
      for (const each of open) warn(each)
    })
  }
  return () => void open.delete(producer)
}

function warn(producer: Watched): void {
  const left = producer.undelivered()
  if (left === 0) return
  process.stderr.write(
    `posthaste warn producer.not.closed clientId=${producer.clientId} undelivered=${left}` +
      ' hint="await producer.flush() or producer.close() before the program ends"\n',
  )
}
