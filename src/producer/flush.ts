import { type Clock, within } from '../base/clock.ts'
import { type Deferred, deferred } from '../base/deferred.ts'
import type { Publisher } from '../events.ts'
import type { Accumulator, WaitingEntry } from './accumulator.ts'
import type { Arrivals } from './arrivals.ts'
import type { Batch } from './batch.ts'
import { checkTimeout } from './records.ts'

export interface FlushParts {
  readonly arrivals: Arrivals
  readonly accumulator: Accumulator
  readonly flushes: Set<Flush>
  readonly cluster: { readonly clock: Clock; readonly publisher: Publisher }
  wake(): void
}

/**
 * Sends what waits without lingering, and waits for the outcome of every record that is on its way.
 * Gives the number that still have none when `timeoutMs` is over.
 */
export async function flushAll(timeoutMs: number, parts: FlushParts): Promise<number> {
  checkTimeout('flush', timeoutMs)
  const { arrivals, cluster } = parts
  if (arrivals.count === 0) return flushTaken(timeoutMs, parts)
  const deadline = cluster.clock.now() + timeoutMs
  // Those who wait for space get it: the sender lets nothing linger while there are any.
  await within(cluster.clock, timeoutMs, arrivals.over(), outOfTime).catch(() => {})
  const left = await flushTaken(Math.max(0, deadline - cluster.clock.now()), parts)
  return left + arrivals.count
}

async function flushTaken(
  timeoutMs: number,
  { accumulator, flushes, cluster: { clock, publisher }, wake }: FlushParts,
): Promise<number> {
  const batches = [...accumulator.active].flatMap(queue => [...queue.batches()])
  const waiting = [...accumulator.wanted].flatMap(topic => topic.waiting)
  const flush = new Flush(
    batches.filter(batch => batch.phase !== 'settled'),
    waiting,
  )
  for (const queue of accumulator.active) if (queue.open) queue.open.dueAt = 0
  flushes.add(flush)
  publisher.publish('flush:started', { records: flush.left })
  wake()
  try {
    await within(clock, timeoutMs, flush.done, outOfTime)
  } catch {
    // Out of time is an answer here, not a failure: what is left is counted.
  } finally {
    flushes.delete(flush)
    publisher.publish('flush:ended', { left: flush.left })
  }
  return flush.left
}

function outOfTime(): Error {
  return new Error('out of time')
}

/** Waits for the records that a producer holds at one moment; what comes later does not count. */
export class Flush {
  readonly #batches: Set<Batch>
  readonly #entries: Set<WaitingEntry>
  readonly #done: Deferred<void> = deferred()

  constructor(batches: Iterable<Batch>, entries: Iterable<WaitingEntry>) {
    this.#batches = new Set(batches)
    this.#entries = new Set(entries)
    this.#check()
  }

  get done(): Promise<void> {
    return this.#done.promise
  }

  /** Records that still have no outcome. */
  get left(): number {
    let count = this.#entries.size
    for (const batch of this.#batches) count += batch.count
    return count
  }

  admitted(entry: WaitingEntry, batch: Batch): void {
    if (!this.#entries.delete(entry)) return
    this.#batches.add(batch)
    batch.dueAt = 0
  }

  refused(entry: WaitingEntry): void {
    if (this.#entries.delete(entry)) this.#check()
  }

  settled(batch: Batch): void {
    if (this.#batches.delete(batch)) this.#check()
  }

  split(batch: Batch, parts: readonly Batch[]): void {
    if (!this.#batches.delete(batch)) return
    for (const part of parts) this.#batches.add(part)
  }

  #check(): void {
    if (this.#batches.size === 0 && this.#entries.size === 0) this.#done.resolve()
  }
}
