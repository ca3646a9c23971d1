/**
 * Where the fields of a record batch of magic 2 stand (KIP-98): 61 bytes of header, then the
 * records, compressed together or plain.
 */
export const BASE_OFFSET_AT = 0
export const LENGTH_AT = 8
export const LEADER_EPOCH_AT = 12
export const MAGIC_AT = 16
export const CRC_AT = 17
/** The CRC covers everything from here to the end of the batch. */
export const ATTRIBUTES_AT = 21
export const LAST_OFFSET_DELTA_AT = 23
export const BASE_TIMESTAMP_AT = 27
export const MAX_TIMESTAMP_AT = 35
export const PRODUCER_ID_AT = 43
export const PRODUCER_EPOCH_AT = 51
export const BASE_SEQUENCE_AT = 53
export const COUNT_AT = 57
/** Bytes of a batch before its records. */
export const BATCH_HEADER_BYTES = 61
/** Base offset and length, which the batch's length does not count. */
export const LOG_OVERHEAD_BYTES = 12

export const CODEC_MASK = 0x07
export const LOG_APPEND_TIME = 0x08
export const TRANSACTIONAL = 0x10
export const CONTROL = 0x20
export const DELETE_HORIZON = 0x40

/** The producer id, epoch and sequence of a batch that no idempotent producer wrote. */
export const NO_PRODUCER_ID = -1n
export const NO_PRODUCER_EPOCH = -1
export const NO_SEQUENCE = -1
export const NO_LEADER_EPOCH = -1

/** A record's header as it is written. Keys may repeat, their order is kept; no key is null. */
export interface RecordHeader {
  readonly key: string
  readonly value: string | Uint8Array | null
}

/** A record's header as it was read. */
export interface ReadHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** Whose clock a batch's timestamps tell: the producer's, or the broker's at the append. */
export type TimestampType = 'CreateTime' | 'LogAppendTime'

/** Writes a whole number of at most 2^53-1 as an int64. */
export function putInt64(buffer: Buffer, at: number, value: number): void {
  buffer.writeInt32BE(Math.floor(value / 4294967296), at)
  buffer.writeUInt32BE(value >>> 0, at + 4)
}
