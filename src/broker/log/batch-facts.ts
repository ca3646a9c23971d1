import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BATCH_HEADER_BYTES,
  CONTROL,
  COUNT_AT,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  LOG_OVERHEAD_BYTES,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  TRANSACTIONAL,
} from '../../records/layout.ts'

/** What the log must know of a batch: read once from its header, the records stay untouched. */
export interface BatchFacts {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly maxTimestamp: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly count: number
  readonly isTransactional: boolean
  readonly isControl: boolean
}

/** The facts of the whole batch that starts at `at`. */
export function batchFacts(buffer: Buffer, at = 0): BatchFacts {
  const attributes = buffer.readInt16BE(at + ATTRIBUTES_AT)
  const baseOffset = readInt64(buffer, at + BASE_OFFSET_AT)
  return {
    baseOffset,
    lastOffset: baseOffset + buffer.readInt32BE(at + LAST_OFFSET_DELTA_AT),
    leaderEpoch: buffer.readInt32BE(at + LEADER_EPOCH_AT),
    maxTimestamp: readInt64(buffer, at + MAX_TIMESTAMP_AT),
    producerId: buffer.readBigInt64BE(at + PRODUCER_ID_AT),
    producerEpoch: buffer.readInt16BE(at + PRODUCER_EPOCH_AT),
    baseSequence: buffer.readInt32BE(at + BASE_SEQUENCE_AT),
    count: buffer.readInt32BE(at + COUNT_AT),
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
  }
}

/** An int64 as a number; one beyond 2^53-1 comes out rounded, so check what a peer sent. */
export function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 4294967296 + buffer.readUInt32BE(at + 4)
}

export function baseOffsetAt(buffer: Buffer, at: number): number {
  return readInt64(buffer, at + BASE_OFFSET_AT)
}

export function lastOffsetAt(buffer: Buffer, at: number): number {
  return baseOffsetAt(buffer, at) + buffer.readInt32BE(at + LAST_OFFSET_DELTA_AT)
}

export function maxTimestampAt(buffer: Buffer, at: number): number {
  return readInt64(buffer, at + MAX_TIMESTAMP_AT)
}

export function leaderEpochAt(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at + LEADER_EPOCH_AT)
}

/**
 * How many bytes the batch at `at` claims to take, header included; 0 when fewer than a header's
 * bytes are left, -1 when what stands there is no batch.
 */
export function claimedSize(buffer: Buffer, at: number): number {
  if (buffer.length - at < BATCH_HEADER_BYTES) return 0
  if (buffer[at + MAGIC_AT] !== 2) return -1
  const size = buffer.readInt32BE(at + LENGTH_AT) + LOG_OVERHEAD_BYTES
  return size < BATCH_HEADER_BYTES ? -1 : size
}
