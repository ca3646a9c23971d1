import { systemClock, type Timer } from '../../base/clock.ts'

const EVERY_MS = 200
/** To the start of the line, and clears it. */
const CLEAR_LINE = '\r\x1b[K'
const APART = '  '

/**
 * A line on a terminal that is written anew several times a second; as many of its parts as there
 * is room for, the first ones first. Elsewhere it writes nothing.
 */
export class LiveLine {
  readonly #stream: NodeJS.WriteStream
  readonly #parts: () => readonly string[]
  #timer: Timer | undefined

  constructor(stream: NodeJS.WriteStream, isWanted: boolean, parts: () => readonly string[]) {
    this.#stream = stream
    this.#parts = parts
    if (isWanted && stream.isTTY) this.#later()
  }

  [Symbol.dispose](): void {
    if (!this.#timer) return
    this.#timer.cancel()
    this.#stream.write(CLEAR_LINE)
  }

  #later(): void {
    this.#timer = systemClock.after(EVERY_MS, () => {
      this.#stream.write(CLEAR_LINE + fitting(this.#parts(), this.#stream.columns || 80))
      this.#later()
    })
    this.#timer.unref()
  }
}

/** The parts that fit into less than `columns`: the last cell would make some terminals wrap. */
export function fitting(parts: readonly string[], columns: number): string {
  let line = ''
  for (const part of parts) {
    const longer = line === '' ? part : line + APART + part
    if (longer.length >= columns) break
    line = longer
  }
  return line
}
