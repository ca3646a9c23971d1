import {
  type Bytes,
  fieldBytes,
  headersBytes,
  NULL,
  putContent,
  putField,
  putHeaders,
  putVarint,
  putVarlong,
  RECORD_OVERHEAD_BYTES,
  sizeOf,
  varintBytes,
  varlongBytes,
} from './encoding.ts'
import { BATCH_HEADER_BYTES, type RecordHeader } from './layout.ts'

/** Twelve days. */
const SMALL_DELTA = 0x3fffffff
/** A record without headers beyond its key and value: their lengths, and that of no headers. */
const PLAIN_OVERHEAD_BYTES = RECORD_OVERHEAD_BYTES + 5 + 5 + 1

/**
 * A partition's open batch. Each record is encoded once, straight into the buffer that will be
 * sent, behind the 61 bytes that `sealBatch` fills in; nothing is kept or allocated per record.
 *
 * A record's length stands before it in as few bytes as it needs, so it must be known first. Text
 * is taken for ASCII, whose length is known for nothing; where writing it proves otherwise, the
 * record is measured and written again, and the next one is measured at once.
 */
export class BatchWriter {
  #buffer: Buffer
  #at = BATCH_HEADER_BYTES
  #count = 0
  #baseTimestamp = -1
  #maxTimestamp = -1
  #measure = false

  /** `buffer` bounds the batch, header included; the writer owns it until the batch is done. */
  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  get buffer(): Buffer {
    return this.#buffer
  }

  /** Goes on in a larger buffer; the one before is the caller's again. */
  moveTo(larger: Buffer): void {
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }

  get count(): number {
    return this.#count
  }

  /** Bytes so far, the header included. */
  get size(): number {
    return this.#at
  }

  /** The first record's timestamp, from which the others are counted; -1 while there is none. */
  get baseTimestamp(): number {
    return this.#baseTimestamp
  }

  /** The highest timestamp; -1 while there is none. */
  get maxTimestamp(): number {
    return this.#maxTimestamp
  }

  /**
   * Adds a record; false, with nothing changed, when the buffer has no room for it. `timestamp` is
   * in milliseconds, whole and not negative.
   *
   * What follows is the common way: no headers, room for anything, text taken for ASCII. It is one
   * function of small steps, all of which the compiler can inline: calls cost as much as the work.
   */
  append(
    timestamp: number,
    key: Bytes,
    value: Bytes,
    headers?: readonly RecordHeader[] | undefined,
  ): boolean {
    const buffer = this.#buffer
    const index = this.#count << 1
    const delta = index === 0 ? 0 : timestamp - this.#baseTimestamp
    const keySize = key === null ? -1 : key.length
    const valueSize = value === null ? -1 : value.length
    const most = mostOf(key, keySize) + mostOf(value, valueSize)
    const end = this.#at + most + PLAIN_OVERHEAD_BYTES
    if (end > buffer.length || headers !== undefined || this.#measure || !isSmall(delta)) {
      return this.#appendMeasured(timestamp, key, value, headers)
    }
    const deltas = varintBytes(delta << 1) + varintBytes(index)
    const size = 2 + deltas + fieldBytes(keySize) + fieldBytes(valueSize)
    let at = putVarint(buffer, this.#at, size << 1)
    buffer[at] = 0 // attributes, of which no bit has a meaning yet
    at = putVarint(buffer, at + 1, delta << 1)
    at = putVarint(buffer, at, index)
    if (key === null) buffer[at++] = NULL
    else at = putContent(buffer, putVarint(buffer, at, keySize << 1), key, keySize)
    if (at < 0) return this.#appendMeasured(timestamp, key, value, headers)
    if (value === null) buffer[at++] = NULL
    else at = putContent(buffer, putVarint(buffer, at, valueSize << 1), value, valueSize)
    if (at < 0) return this.#appendMeasured(timestamp, key, value, headers)
    buffer[at] = 0 // no headers
    this.#finish(timestamp, at + 1)
    return true
  }

  /** The encoded records, without the header: what a codec compresses. A view, not a copy. */
  body(): Buffer {
    return this.#buffer.subarray(BATCH_HEADER_BYTES, this.#at)
  }

  /** Header and records in one piece, as an uncompressed batch is sent. A view, not a copy. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  /** The way that takes everything, after measuring it. */
  #appendMeasured(
    timestamp: number,
    key: Bytes,
    value: Bytes,
    headers: readonly RecordHeader[] | undefined,
  ): boolean {
    const buffer = this.#buffer
    const index = this.#count << 1
    const delta = index === 0 ? 0 : timestamp - this.#baseTimestamp
    const keySize = sizeOf(key)
    const valueSize = sizeOf(value)
    this.#measure = isWide(key, keySize) || isWide(value, valueSize)
    const fields = fieldBytes(keySize) + fieldBytes(valueSize) + headersBytes(headers)
    const size = 1 + varlongBytes(delta) + varintBytes(index) + fields
    if (this.#at + varintBytes(size << 1) + size > buffer.length) return false
    let at = putVarint(buffer, this.#at, size << 1)
    buffer[at] = 0
    at = putVarlong(buffer, at + 1, delta)
    at = putVarint(buffer, at, index)
    at = putField(buffer, at, key, keySize)
    at = putField(buffer, at, value, valueSize)
    this.#finish(timestamp, putHeaders(buffer, at, headers))
    return true
  }

  #finish(timestamp: number, end: number): void {
    if (this.#count === 0) this.#baseTimestamp = timestamp
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
    this.#at = end
    this.#count++
  }
}

/** Whether a timestamp delta fits the fast varint, zigzag and all. */
function isSmall(delta: number): boolean {
  return delta >= 0 && delta <= SMALL_DELTA
}

/** Whether it is text beyond ASCII; then the next is likely to be, too. */
function isWide(content: Bytes, size: number): boolean {
  return content !== null && size !== content.length
}

/** What a key or value could take at most: three bytes for each character of text. */
function mostOf(content: Bytes, length: number): number {
  return typeof content === 'string' ? 3 * length : length
}
