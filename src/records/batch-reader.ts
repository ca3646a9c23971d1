import { codecById } from './compression/index.ts'
import { crc32c } from './crc32c.ts'
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  CODEC_MASK,
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
  NO_PRODUCER_ID,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  type TimestampType,
  TRANSACTIONAL,
} from './layout.ts'
import { RecordCursor } from './record-cursor.ts'
import { RecordsError } from './records-error.ts'

/**
 * What a batch may grow to by decompression, unless the reader says otherwise: 128 MiB, more than
 * a hundred times the largest batch that a broker takes by default.
 */
export const MAX_DECOMPRESSED_BYTES = 128 * 1024 * 1024

/**
 * One record batch (magic 2, KIP-98): a view of its bytes whose fields are read when looked at.
 * Nothing is decompressed, and no record decoded, before it is asked for.
 */
export class RecordBatch {
  /** The whole batch, header included: a view of the buffer that it was found in. */
  readonly bytes: Buffer
  /** Where it stood in that buffer. */
  readonly position: number

  /** Takes bytes that `readBatches` or `parseBatch` measured; use those. */
  constructor(bytes: Buffer, position: number) {
    this.bytes = bytes
    this.position = position
  }

  get baseOffset(): number {
    return this.#int64(BASE_OFFSET_AT, 'base offset')
  }

  /** As the wire counts it: the bytes that follow this field. */
  get batchLength(): number {
    return this.bytes.length - LOG_OVERHEAD_BYTES
  }

  get partitionLeaderEpoch(): number {
    return this.bytes.readInt32BE(LEADER_EPOCH_AT)
  }

  get magic(): number {
    return this.bytes[MAGIC_AT]!
  }

  get crc(): number {
    return this.bytes.readUInt32BE(CRC_AT)
  }

  get attributes(): number {
    return this.bytes.readInt16BE(ATTRIBUTES_AT)
  }

  /** The id of the codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; 5 to 7 are nobody's yet. */
  get codec(): number {
    return this.attributes & CODEC_MASK
  }

  get timestampType(): TimestampType {
    return this.attributes & LOG_APPEND_TIME ? 'LogAppendTime' : 'CreateTime'
  }

  get isTransactional(): boolean {
    return (this.attributes & TRANSACTIONAL) !== 0
  }

  /** Whether it holds a transaction's end, or the like, and no record of anybody's. */
  get isControl(): boolean {
    return (this.attributes & CONTROL) !== 0
  }

  /** Whether `baseTimestamp` is when the broker may drop the tombstones in it (KIP-534). */
  get hasDeleteHorizon(): boolean {
    return (this.attributes & DELETE_HORIZON) !== 0
  }

  get lastOffsetDelta(): number {
    return this.bytes.readInt32BE(LAST_OFFSET_DELTA_AT)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  /** Where the next fetch goes on, though compaction may have taken the last records away. */
  get nextOffset(): number {
    return this.lastOffset + 1
  }

  get baseTimestamp(): number {
    return this.#int64(BASE_TIMESTAMP_AT, 'base timestamp')
  }

  get maxTimestamp(): number {
    return this.#int64(MAX_TIMESTAMP_AT, 'max timestamp')
  }

  /** -1n if no idempotent producer wrote it. */
  get producerId(): bigint {
    return this.bytes.readBigInt64BE(PRODUCER_ID_AT)
  }

  get hasProducerId(): boolean {
    return this.producerId > NO_PRODUCER_ID
  }

  get producerEpoch(): number {
    return this.bytes.readInt16BE(PRODUCER_EPOCH_AT)
  }

  get baseSequence(): number {
    return this.bytes.readInt32BE(BASE_SEQUENCE_AT)
  }

  get lastSequence(): number {
    const base = this.baseSequence
    // A sequence goes from 2^31-1 on to 0.
    return base < 0 ? base : (base + this.lastOffsetDelta) % 2 ** 31
  }

  /** The number of records; 0 in a batch that compaction emptied. */
  get count(): number {
    return this.bytes.readInt32BE(COUNT_AT)
  }

  /** The records as they came: compressed together where `codec` isn't 0. */
  get body(): Buffer {
    return this.bytes.subarray(BATCH_HEADER_BYTES)
  }

  /** What its header tells, without the bytes of its records. */
  headerAlone(): RecordBatch {
    return new RecordBatch(Buffer.from(this.bytes.subarray(0, BATCH_HEADER_BYTES)), this.position)
  }

  crcIsRight(): boolean {
    return crc32c(this.bytes.subarray(ATTRIBUTES_AT)) === this.crc
  }

  /** Throws a RecordsError if the bytes are not those that were written. */
  verifyCrc(): void {
    if (this.crcIsRight()) return
    const found = crc32c(this.bytes.subarray(ATTRIBUTES_AT))
    throw this.#corrupt(`has CRC ${hex(found)} where its header says ${hex(this.crc)}`)
  }

  /**
   * The records without compression. Throws a RecordsError for a codec that nobody knows, for
   * bytes that aren't the codec's, and for what would take more than `maxBytes`.
   */
  recordsSync(maxBytes: number = MAX_DECOMPRESSED_BYTES): Buffer {
    return this.codec === 0 ? this.body : codecById(this.codec).decompressSync(this.body, maxBytes)
  }

  /** As `recordsSync`, on the thread pool where that pays. */
  async records(maxBytes: number = MAX_DECOMPRESSED_BYTES): Promise<Buffer> {
    return this.codec === 0 ? this.body : codecById(this.codec).decompress(this.body, maxBytes)
  }

  /** Walks the records: those given, decompressed before, or else decompressed now. */
  cursor(records: Buffer = this.recordsSync()): RecordCursor {
    return new RecordCursor(this, records)
  }

  /** Throws a RecordsError unless the counts in the header can be true. */
  checkHeader(): void {
    const { count, lastOffsetDelta } = this
    if (count < 0 || lastOffsetDelta < 0 || count > lastOffsetDelta + 1) {
      throw this.#corrupt(`claims ${count} records in ${lastOffsetDelta + 1} offsets`)
    }
  }

  #int64(at: number, name: string): number {
    const value = this.bytes.readInt32BE(at) * 4294967296 + this.bytes.readUInt32BE(at + 4)
    if (Number.isSafeInteger(value)) return value
    throw this.#corrupt(`has ${name} ${this.bytes.readBigInt64BE(at)}, beyond 2^53-1`)
  }

  #corrupt(what: string): RecordsError {
    const offset = this.bytes.readBigInt64BE(BASE_OFFSET_AT)
    const where = `the batch at byte ${this.position} (base offset ${offset})`
    return new RecordsError('CORRUPT_MESSAGE', `${where} ${what}`, this.position)
  }
}

/**
 * The whole batches in the records of a Fetch response, in order. A broker cuts off what exceeds
 * the fetch's limit, so part of a batch at the end is dropped; but if not even the first is whole,
 * that is an error, since asking again would not bring more. Throws a RecordsError with the
 * position for lengths and counts that can't be, and for message sets of magic 0 and 1.
 */
export function* readBatches(buffer: Buffer): Generator<RecordBatch, void, undefined> {
  let at = 0
  while (buffer.length - at > MAGIC_AT) {
    const size = batchSize(buffer, at)
    if (size > buffer.length - at) break
    yield parseBatch(buffer, at)
    at += size
  }
  if (at === 0 && buffer.length > 0) {
    const wanted = buffer.length > MAGIC_AT ? batchSize(buffer, 0) : BATCH_HEADER_BYTES
    throw new RecordsError(
      'CORRUPT_MESSAGE',
      `a first batch of ${wanted} bytes was cut off after ${buffer.length}`,
      0,
    )
  }
}

/** The batch that starts at `at`, all of whose bytes must be there. */
export function parseBatch(buffer: Buffer, at = 0): RecordBatch {
  if (buffer.length - at < BATCH_HEADER_BYTES) throw cutOff(buffer, at, BATCH_HEADER_BYTES)
  const size = batchSize(buffer, at)
  if (size > buffer.length - at) throw cutOff(buffer, at, size)
  const batch = new RecordBatch(buffer.subarray(at, at + size), at)
  batch.checkHeader()
  return batch
}

function cutOff(buffer: Buffer, at: number, wanted: number): RecordsError {
  const message = `a batch of ${wanted} bytes was cut off after ${buffer.length - at}`
  return new RecordsError('CORRUPT_MESSAGE', message, at)
}

/** The size of the batch at `at`, by what its header claims; its magic is looked at as well. */
function batchSize(buffer: Buffer, at: number): number {
  const magic = buffer[at + MAGIC_AT]!
  if (magic !== 2) throw wrongMagic(magic, at)
  const size = buffer.readInt32BE(at + LENGTH_AT) + LOG_OVERHEAD_BYTES
  if (size >= BATCH_HEADER_BYTES) return size
  throw new RecordsError(
    'CORRUPT_MESSAGE',
    `the batch at byte ${at} claims a length of ${size} bytes, less than its header`,
    at,
  )
}

function wrongMagic(magic: number, at: number): RecordsError {
  if (magic > 2) {
    return new RecordsError('CORRUPT_MESSAGE', `no batch at byte ${at}: magic ${magic}`, at)
  }
  return new RecordsError(
    'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    `a message set of magic ${magic} at byte ${at}: from before Kafka 0.11, and not read here. ` +
      "Let a broker older than 4.0 rewrite the topic's segments, or write it anew",
    at,
  )
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
