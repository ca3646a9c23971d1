import type { Clock } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import { TimeoutError } from '../errors.ts'
import { codecById } from '../records/compression/index.ts'
import { type RecordBatch, readBatches } from '../records/index.ts'
import { TransactionsSeen } from './log/compaction/transactions-seen.ts'
import type { PartitionLog } from './log/partition-log.ts'
import type { Partition } from './model/partition.ts'
import type { Topic } from './model/topic.ts'

/** A record as it stands in a log of the embedded cluster. */
export interface StoredRecord {
  readonly partition: number
  readonly offset: number
  /** In milliseconds since 1970; -1 for none. */
  readonly timestamp: number
  readonly key: Buffer | null
  /** Null is a tombstone. */
  readonly value: Buffer | null
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[]
}

/** The largest piece of a log that is looked at in one go. */
const PIECE_BYTES = 1024 * 1024

/** All that a reader of committed records gets of a topic: by partition, then by offset. */
export async function recordsOf({ partitions }: Topic): Promise<StoredRecord[]> {
  const all: StoredRecord[] = []
  for (const { index, log } of partitions) {
    for await (const batch of committedBatches(log)) {
      await codecById(batch.codec).ready()
      for (const record of batch.cursor(await batch.records())) {
        const { offset, timestamp, key, value, headers } = record
        if (offset < log.startOffset) continue
        all.push({ partition: index, offset, timestamp, key, value, headers })
      }
    }
  }
  return all
}

async function* committedBatches(log: PartitionLog): AsyncGenerator<RecordBatch> {
  const end = log.lastStableOffset
  const transactions = new TransactionsSeen(log.transactions.abortedIn(log.startOffset, end))
  for (let offset = log.startOffset; offset < end; ) {
    const slice = await log.read(offset, { maxBytes: PIECE_BYTES, atLeastOne: true, end })
    if (slice.size === 0) return
    for (const batch of readBatches(Buffer.concat(slice.chunks))) {
      if (!transactions.isNeedless(batch) && !batch.isControl) yield batch
    }
    offset = slice.nextOffset
  }
}

/**
 * Waits until a topic has so many records. Rejects with a TimeoutError when `timeoutMs` is over.
 */
export async function waitForRecords(
  topic: Topic,
  count: number,
  timeoutMs: number,
  clock: Clock,
): Promise<StoredRecord[]> {
  const deadline = clock.now() + timeoutMs
  for (;;) {
    // To be watched before it is read: what is appended in between must not be missed.
    const change = nextChange(topic.partitions, deadline - clock.now(), clock)
    try {
      const records = await recordsOf(topic)
      if (records.length >= count) return records
      if (clock.now() >= deadline) {
        const found = `${records.length} of ${count} records`
        const message = `${topic.name} held ${found} after ${timeoutMs} ms`
        throw new TimeoutError({ code: 'RECORDS_MISSING', message })
      }
      await change.promise
    } finally {
      change.end()
    }
  }
}

function nextChange(partitions: readonly Partition[], waitMs: number, clock: Clock) {
  const { promise, resolve } = deferred<void>()
  const timer = clock.after(Math.max(0, waitMs), end)
  const unwatch = partitions.map(partition => partition.watch(end))
  function end() {
    timer.cancel()
    for (const stop of unwatch) stop()
    resolve()
  }
  return { promise, end }
}
