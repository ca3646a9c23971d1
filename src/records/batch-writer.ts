import {
  type Bytes,
  fieldBytes,
  headersBytes,
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

/** A timestamp delta that small fits the fast varint, zigzag and all. */
const SMALL_DELTA = 0x3fffffff
/** Lengths of key, value and headers at their longest. */
const LENGTHS_BYTES = 3 * 5

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
   */
  append(
    timestamp: number,
    key: Bytes,
    value: Bytes,
    headers?: readonly RecordHeader[] | undefined,
  ): boolean {
    if (this.#count === 0) this.#baseTimestamp = timestamp
    const extra = headersBytes(headers)
    let end = -1
    if (!this.#measure && this.#at + mostBytes(key, value) + extra <= this.#buffer.length) {
      end = this.#put(timestamp, key, lengthOf(key), value, lengthOf(value), headers, extra)
    }
    if (end < 0) end = this.#putMeasured(timestamp, key, value, headers, extra)
    if (end < 0) {
      if (this.#count === 0) this.#baseTimestamp = -1
      return false
    }
    this.#at = end
    this.#count++
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
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

  /** With true sizes, for text that isn't ASCII and for the last records before the end. */
  #putMeasured(
    timestamp: number,
    key: Bytes,
    value: Bytes,
    headers: readonly RecordHeader[] | undefined,
    extra: number,
  ): number {
    const keySize = sizeOf(key)
    const valueSize = sizeOf(value)
    this.#measure = keySize !== lengthOf(key) || valueSize !== lengthOf(value)
    const size = this.#recordSize(timestamp, keySize, valueSize, extra)
    if (this.#at + varintBytes(size << 1) + size > this.#buffer.length) return -1
    return this.#put(timestamp, key, keySize, value, valueSize, headers, extra)
  }

  #recordSize(timestamp: number, keySize: number, valueSize: number, extra: number): number {
    const delta = timestamp - this.#baseTimestamp
    const deltaBytes =
      delta >= 0 && delta <= SMALL_DELTA ? varintBytes(delta << 1) : varlongBytes(delta)
    const offsetBytes = varintBytes(this.#count << 1)
    return 1 + deltaBytes + offsetBytes + fieldBytes(keySize) + fieldBytes(valueSize) + extra
  }

  /** Returns where the record ends, or -1 if text took more bytes than was said. */
  #put(
    timestamp: number,
    key: Bytes,
    keySize: number,
    value: Bytes,
    valueSize: number,
    headers: readonly RecordHeader[] | undefined,
    extra: number,
  ): number {
    const buffer = this.#buffer
    const size = this.#recordSize(timestamp, keySize, valueSize, extra)
    let at = putVarint(buffer, this.#at, size << 1)
    buffer[at++] = 0 // attributes, of which no bit has a meaning yet
    const delta = timestamp - this.#baseTimestamp
    at =
      delta >= 0 && delta <= SMALL_DELTA
        ? putVarint(buffer, at, delta << 1)
        : putVarlong(buffer, at, delta)
    at = putVarint(buffer, at, this.#count << 1)
    at = putField(buffer, at, key, keySize)
    if (at < 0) return -1
    at = putField(buffer, at, value, valueSize)
    return at < 0 ? -1 : putHeaders(buffer, at, headers)
  }
}

/** The bytes if text is ASCII. */
function lengthOf(content: Bytes): number {
  return content === null ? -1 : content.length
}

/** What a record could take at most, headers apart: three bytes for each character of text. */
function mostBytes(key: Bytes, value: Bytes): number {
  return RECORD_OVERHEAD_BYTES + LENGTHS_BYTES + mostOf(key) + mostOf(value)
}

function mostOf(content: Bytes): number {
  if (content === null) return 0
  return typeof content === 'string' ? 3 * content.length : content.length
}
