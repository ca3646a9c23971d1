import { type RecordBatch, readControlRecord } from '../../../records/index.ts'
import type { AbortedTransaction } from '../transactions.ts'

/** An aborted transaction in whose offsets the walk is. */
interface Ongoing {
  /** Whether a batch of it was met: then its marker is still needed. */
  hasBatches: boolean
}

/**
 * What a walk over a log, batch by batch, knows of its transactions: what was aborted goes at once,
 * and a marker may go only after all that it decides is gone.
 */
export class TransactionsSeen {
  /** In order of their first offsets; those behind the walk. */
  readonly #ahead: AbortedTransaction[]
  readonly #aborted = new Map<bigint, Ongoing>()
  /** Producers of whose committed transactions a batch was met. */
  readonly #committed = new Set<bigint>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#ahead = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether nobody needs the batch: it was aborted, or it is a marker that decides nothing. */
  isNeedless(batch: RecordBatch): boolean {
    this.#reach(batch.lastOffset)
    if (batch.isControl) return this.#isNeedlessMarker(batch)
    if (!batch.isTransactional) return false
    const ongoing = this.#aborted.get(batch.producerId)
    if (ongoing) {
      ongoing.hasBatches = true
      return true
    }
    this.#committed.add(batch.producerId)
    return false
  }

  #isNeedlessMarker(batch: RecordBatch): boolean {
    const cursor = batch.cursor()
    // An empty one was kept for its producer's epoch alone.
    if (!cursor.next()) return true
    const { producerId } = batch
    switch (readControlRecord(cursor).is) {
      case 'abort': {
        const ongoing = this.#aborted.get(producerId)
        this.#aborted.delete(producerId)
        return !ongoing?.hasBatches
      }
      case 'commit':
        return !this.#committed.delete(producerId)
      default:
        return false
    }
  }

  #reach(offset: number): void {
    for (let next = this.#ahead[0]; next && next.firstOffset <= offset; next = this.#ahead[0]) {
      this.#aborted.set(next.producerId, { hasBatches: false })
      this.#ahead.shift()
    }
  }
}
