import { crc32c } from './crc32c.ts'
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  CONTROL,
  COUNT_AT,
  CRC_AT,
  DELETE_HORIZON,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  LOG_APPEND_TIME,
  LOG_OVERHEAD_BYTES,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  NO_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  putInt64,
  type TimestampType,
  TRANSACTIONAL,
} from './layout.ts'

/** What a batch's header says, apart from what follows from its bytes. */
export interface BatchFields {
  readonly count: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  /** The codec's id; 0, for none, when left out. */
  readonly codec?: number
  readonly timestampType?: TimestampType
  readonly transactional?: boolean
  readonly control?: boolean
  /** Whether `baseTimestamp` is when tombstones may go (KIP-534), as in compacted batches. */
  readonly deleteHorizon?: boolean
  /** -1n, with epoch and sequence at -1, when left out: a batch without idempotence. */
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  /** 0 when left out: the broker gives the offsets. */
  readonly baseOffset?: number
  /** -1 when left out: the broker fills it in. */
  readonly partitionLeaderEpoch?: number
  /** One less than `count` when left out, as in every batch that was not compacted. */
  readonly lastOffsetDelta?: number
}

/**
 * Fills in a batch's header, CRC and all. `header` is either the whole batch (then `body` is left
 * out) or just the 61 bytes of it, with the compressed records as `body`. The same batch may be
 * sealed again, with another producer id, epoch or sequence: everything is written anew.
 */
export function sealBatch(header: Buffer, fields: BatchFields, body?: Buffer): void {
  const length = header.length + (body === undefined ? 0 : body.length) - LOG_OVERHEAD_BYTES
  putInt64(header, BASE_OFFSET_AT, fields.baseOffset ?? 0)
  header.writeInt32BE(length, LENGTH_AT)
  header.writeInt32BE(fields.partitionLeaderEpoch ?? NO_LEADER_EPOCH, LEADER_EPOCH_AT)
  header[MAGIC_AT] = 2
  header.writeInt16BE(attributesOf(fields), ATTRIBUTES_AT)
  header.writeInt32BE(fields.lastOffsetDelta ?? fields.count - 1, LAST_OFFSET_DELTA_AT)
  putInt64(header, BASE_TIMESTAMP_AT, fields.baseTimestamp)
  putInt64(header, MAX_TIMESTAMP_AT, fields.maxTimestamp)
  header.writeBigInt64BE(fields.producerId ?? NO_PRODUCER_ID, PRODUCER_ID_AT)
  header.writeInt16BE(fields.producerEpoch ?? NO_PRODUCER_EPOCH, PRODUCER_EPOCH_AT)
  header.writeInt32BE(fields.baseSequence ?? NO_SEQUENCE, BASE_SEQUENCE_AT)
  header.writeInt32BE(fields.count, COUNT_AT)
  writeCrc(header, body)
}

function attributesOf(fields: BatchFields): number {
  return (
    (fields.codec ?? 0) |
    (fields.timestampType === 'LogAppendTime' ? LOG_APPEND_TIME : 0) |
    (fields.transactional === true ? TRANSACTIONAL : 0) |
    (fields.control === true ? CONTROL : 0) |
    (fields.deleteHorizon === true ? DELETE_HORIZON : 0)
  )
}

/** Computes a batch's CRC again, after something under it was changed in place. */
export function writeCrc(header: Buffer, body?: Buffer): void {
  const first = crc32c(header.subarray(ATTRIBUTES_AT))
  header.writeUInt32BE(body === undefined ? first : crc32c(body, first), CRC_AT)
}

/** Gives a batch its place in the log. Neither field is under the CRC, so that stays good. */
export function placeBatch(batch: Buffer, baseOffset: number, partitionLeaderEpoch: number): void {
  putInt64(batch, BASE_OFFSET_AT, baseOffset)
  batch.writeInt32BE(partitionLeaderEpoch, LEADER_EPOCH_AT)
}

/**
 * Makes every record of a batch tell the time of its append, for a topic with
 * `message.timestamp.type=LogAppendTime`: the header alone says so, the records stay as they are.
 */
export function stampLogAppendTime(batch: Buffer, timestamp: number): void {
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | LOG_APPEND_TIME, ATTRIBUTES_AT)
  putInt64(batch, MAX_TIMESTAMP_AT, timestamp)
  writeCrc(batch)
}
