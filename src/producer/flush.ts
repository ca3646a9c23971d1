import { type Deferred, deferred } from '../base/deferred.ts'
import type { WaitingEntry } from './accumulator.ts'
import type { Batch } from './batch.ts'

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
