import { parseBatch, type RecordBatch, type RecordCursor } from '../../../records/index.ts'
import { batchFacts } from '../batch-facts.ts'
import type { PartitionLog } from '../partition-log.ts'
import type { Segment } from '../segment.ts'
import { filterBatch } from './filter-batch.ts'
import { keyText, type LatestOffsets, latestOffsets } from './latest-offsets.ts'
import { TransactionsSeen } from './transactions-seen.ts'

/** Bytes that wait to be written before a compacted segment hands them to the system. */
const FLUSH_BYTES = 1024 * 1024

export interface CompactionTerms {
  /** Segments that begin before it are compacted. */
  readonly upTo: number
  readonly nowMs: number
  readonly deleteRetentionMs: number
  /** Small segments are joined up to that size. */
  readonly segmentBytes: number
}

/**
 * Compacts a log by key, as Kafka's cleaner does: of the records with one key the latest stays, at
 * its offset, in segments that take the place of the old ones. Tombstones stay until their horizon
 * has passed; records of aborted transactions go; markers go after all that they decided. The last
 * batch of a producer stays, if need be without records, since it tells its sequence.
 */
export async function compact(log: PartitionLog, terms: CompactionTerms): Promise<void> {
  const segments = log.segments.filter(({ baseOffset }) => baseOffset < terms.upTo)
  const aborted = log.transactions.abortedIn(0, terms.upTo)
  const latest = await latestOffsets(batchesOf(segments), log.cleanedTo, aborted)
  const pass = new Pass(log, latest, terms)
  const transactions = new TransactionsSeen(aborted)
  for (const group of grouped(segments, terms.segmentBytes)) {
    const cleaned = log.newCleaned(group[0]!.baseOffset)
    try {
      await pass.run(group, cleaned, transactions)
      const isReplaced = await log.replace(group, cleaned)
      if (!isReplaced) return
    } catch (error) {
      await cleaned.bytes.remove()
      throw error
    }
  }
  log.cleanedTo = latest.end
}

async function* batchesOf(segments: readonly Segment[]): AsyncGenerator<Buffer> {
  for (const segment of segments) yield* segment.batches()
}

/** Neighbours that together are no larger than one segment may be. */
function grouped(segments: readonly Segment[], segmentBytes: number): Segment[][] {
  const groups: Segment[][] = []
  let bytes = 0
  for (const segment of segments) {
    const last = groups.at(-1)
    if (last && bytes + segment.size <= segmentBytes) {
      last.push(segment)
      bytes += segment.size
    } else {
      groups.push([segment])
      bytes = segment.size
    }
  }
  return groups
}

class Pass {
  readonly #log: PartitionLog
  readonly #latest: LatestOffsets
  readonly #terms: CompactionTerms

  constructor(log: PartitionLog, latest: LatestOffsets, terms: CompactionTerms) {
    this.#log = log
    this.#latest = latest
    this.#terms = terms
  }

  /** Writes what stays of a group into a new segment. */
  async run(
    group: readonly Segment[],
    cleaned: Segment,
    transactions: TransactionsSeen,
  ): Promise<void> {
    let flushed = 0
    for await (const bytes of batchesOf(group)) {
      const kept = await this.#filtered(parseBatch(bytes), transactions)
      if (!kept) continue
      cleaned.append(kept, batchFacts(kept))
      if (cleaned.size - flushed < FLUSH_BYTES) continue
      flushed = cleaned.size
      await cleaned.bytes.flush(false)
    }
    await cleaned.bytes.flush(true)
  }

  #filtered(batch: RecordBatch, transactions: TransactionsSeen): Promise<Buffer | undefined> {
    const { nowMs, deleteRetentionMs } = this.#terms
    const isNeedless = transactions.isNeedless(batch)
    const isExpired = batch.hasDeleteHorizon && batch.baseTimestamp <= nowMs
    const isDropped = isNeedless && (!batch.isControl || isExpired)
    return filterBatch(batch, {
      keeps: cursor => !isDropped && (batch.isControl || this.#keeps(cursor, isExpired)),
      staysEmpty: isLastOfProducer(batch, this.#log),
      horizonMs: nowMs + deleteRetentionMs,
      isNeedlessMarker: isNeedless && batch.isControl,
    })
  }

  #keeps(cursor: RecordCursor, isExpired: boolean): boolean {
    if (cursor.offset >= this.#latest.end) return true
    const key = cursor.key()
    if (!key) return false
    const latest = this.#latest.byKey.get(keyText(key))
    if (latest !== undefined && cursor.offset < latest) return false
    return cursor.valueStart >= 0 || !isExpired
  }
}

/** Whether the batch tells the last sequence of its producer or, without one, its epoch. */
function isLastOfProducer(batch: RecordBatch, { producers }: PartitionLog): boolean {
  const state = batch.hasProducerId ? producers.get(batch.producerId) : undefined
  if (!state) return false
  const last = state.batches.at(-1)
  if (last) return last.lastOffset === batch.lastOffset
  return batch.isControl && batch.producerEpoch === state.epoch
}
