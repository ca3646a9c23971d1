import {
  type RecordBatch,
  type RecordCursor,
  readBatches,
  readControlRecord,
} from '../records/index.ts'
import type { FetchedMemory } from './fetched-memory.ts'
import type { ConsumedPartition } from './partition.ts'
import { Portion } from './portion.ts'

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

export interface Sifted {
  readonly portions: Portion[]
  /** The first batch that can't be read hides all behind it. */
  readonly nextOffset: number
  readonly leaderEpoch: number
}

/**
 * What of fetched records is for the program: batches of records, not control batches, nor, where
 * `aborted` is given (read_committed), what transactions wrote that were aborted. What is left out
 * only moves the offset on. Nothing is decompressed here.
 */
export function sift(
  partition: ConsumedPartition,
  records: Buffer,
  aborted: readonly AbortedTransaction[] | undefined,
  memory?: FetchedMemory,
): Sifted {
  const portions: Portion[] = []
  const filter = aborted && new AbortedFilter(aborted)
  let nextOffset = partition.fetchOffset
  let leaderEpoch = partition.fetchedEpoch
  try {
    for (const batch of readBatches(records)) {
      const end = batch.nextOffset
      // Brokers begin with the batch that holds the offset; some, with one or two before it.
      if (end <= nextOffset) continue
      nextOffset = end
      leaderEpoch = batch.partitionLeaderEpoch
      const leftOut = filter?.hides(batch) || batch.isControl || batch.count === 0
      if (!leftOut) portions.push(new Portion(partition, batch, end, memory))
      else if (portions.length > 0) portions.at(-1)!.nextOffset = end
      else portions.push(new Portion(partition, undefined, end))
    }
  } catch (error) {
    portions.push(new Portion(partition, undefined, nextOffset, memory, error))
  }
  return { portions: joined(portions), nextOffset, leaderEpoch }
}

/** Several gaps in a row are one. */
function joined(portions: Portion[]): Portion[] {
  const first = portions[0]
  const second = portions[1]
  return first && second && !first.batch && !first.problem && !second.problem
    ? portions.slice(1)
    : portions
}

/**
 * Follows transactions through a partition (KIP-98): from its first offset on, what an aborted
 * one's producer wrote in transactions is hidden, up to its abort marker. The list is sorted here,
 * since not every broker sorts it.
 */
export class AbortedFilter {
  readonly #coming: AbortedTransaction[]
  readonly #open = new Set<bigint>()
  #next = 0

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#coming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether a batch is hidden; to be asked of all batches in order. */
  hides(batch: RecordBatch): boolean {
    for (
      let at = this.#coming[this.#next];
      at && at.firstOffset <= batch.lastOffset;
      at = this.#coming[++this.#next]
    ) {
      this.#open.add(at.producerId)
    }
    if (!batch.isTransactional || !this.#open.has(batch.producerId)) return false
    if (batch.isControl && endsInAbort(batch)) this.#open.delete(batch.producerId)
    return true
  }
}

function endsInAbort(batch: RecordBatch): boolean {
  const cursor: RecordCursor = batch.cursor()
  return cursor.next() && readControlRecord(cursor).is === 'abort'
}
