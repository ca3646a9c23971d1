import { Reader, WireError } from '../wire/reader.ts'
import type { ReadHeader, TimestampType } from './layout.ts'
import { RecordsError } from './records-error.ts'
import { Views } from './views.ts'

/** What a cursor must know of the batch whose records it walks. */
export interface CursorBatch {
  readonly baseOffset: number
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly timestampType: TimestampType
  readonly count: number
}

/**
 * Walks the records of a batch in place, without an object for each: after `next()` the fields
 * tell the record that it stands on. Key and value are positions in `buffer`; a start of -1 is
 * null. Every length is checked, and a RecordsError tells where it is wrong.
 *
 * @example
 * const cursor = batch.cursor()
 * while (cursor.next()) console.log(cursor.offset, cursor.value()?.toString())
 */
export class RecordCursor {
  readonly buffer: Buffer
  /** Of that buffer. */
  readonly views: Views
  offset = -1
  timestamp = -1
  /** How much later than the first of its batch it was made, in milliseconds. */
  timestampDelta = 0
  keyStart = -1
  keyEnd = -1
  valueStart = -1
  valueEnd = -1
  headerCount = 0
  headersStart = 0
  /** Where the record ends, and with it its headers. */
  end = 0

  readonly #baseOffset: number
  readonly #lastOffsetDelta: number
  readonly #baseTimestamp: number
  readonly #logAppendTime: number | null
  #left: number
  #at = 0

  constructor(batch: CursorBatch, records: Buffer) {
    this.buffer = records
    this.views = new Views(records)
    this.#baseOffset = batch.baseOffset
    this.#lastOffsetDelta = batch.lastOffsetDelta
    this.#baseTimestamp = batch.baseTimestamp
    this.#logAppendTime = batch.timestampType === 'LogAppendTime' ? batch.maxTimestamp : null
    this.#left = batch.count
  }

  /** Records not walked yet. */
  get remaining(): number {
    return this.#left
  }

  /** Moves to the next record; false after the last. */
  next(): boolean {
    if (this.#left === 0) {
      if (this.#at !== this.buffer.length) throw this.#trailing()
      return false
    }
    if (!this.#nextBrief()) this.#nextAny()
    this.#at = this.end
    this.#left--
    return true
  }

  /**
   * Moves to a record of which each number takes one or two bytes, as nearly all do. False, and
   * nothing moved, where one is longer or is not what it should be, which `#nextAny` knows to tell.
   * Key and value are written out: a function for both would have two numbers to give back.
   */
  #nextBrief(): boolean {
    const { buffer } = this
    let at = this.#at
    const size = briefAt(buffer, at)
    at += widthAt(buffer, at)
    const end = at + size
    if (size === LONG || size < 6 || end > buffer.length) return false
    at++ // attributes, of which no bit has a meaning yet
    const timestampDelta = briefAt(buffer, at)
    at += widthAt(buffer, at)
    const offsetDelta = briefAt(buffer, at)
    at += widthAt(buffer, at)
    if (timestampDelta === LONG || offsetDelta === LONG) return false
    if (offsetDelta < 0 || offsetDelta > this.#lastOffsetDelta) return false
    const keySize = briefAt(buffer, at)
    at += widthAt(buffer, at)
    const keyStart = keySize < 0 ? -1 : at
    if (keySize < -1 || keySize > end - at) return false
    if (keySize > 0) at += keySize
    const keyEnd = at
    const valueSize = briefAt(buffer, at)
    at += widthAt(buffer, at)
    const valueStart = valueSize < 0 ? -1 : at
    if (valueSize < -1 || valueSize > end - at) return false
    if (valueSize > 0) at += valueSize
    const valueEnd = at
    const headerCount = briefAt(buffer, at)
    at += widthAt(buffer, at)
    if (!mayHold(headerCount, end - at)) return false
    this.timestampDelta = timestampDelta
    this.timestamp = this.#logAppendTime ?? this.#baseTimestamp + timestampDelta
    this.offset = this.#baseOffset + offsetDelta
    this.keyStart = keyStart
    this.keyEnd = keyEnd
    this.valueStart = valueStart
    this.valueEnd = valueEnd
    this.headerCount = headerCount
    this.headersStart = at
    this.end = end
    return true
  }

  #nextAny(): void {
    const start = this.#at
    const size = this.#varint()
    this.end = this.#at + size
    if (size < 6 || this.end > this.buffer.length) throw this.#wrongSize(start, size)
    this.#at++
    this.timestampDelta = this.#varlong()
    this.timestamp = this.#logAppendTime ?? this.#baseTimestamp + this.timestampDelta
    const offsetDelta = this.#varint()
    if (offsetDelta < 0 || offsetDelta > this.#lastOffsetDelta) {
      throw this.#corrupt(start, `offset delta ${offsetDelta} of ${this.#lastOffsetDelta}`)
    }
    this.offset = this.#baseOffset + offsetDelta
    this.keyStart = this.#field('key')
    this.keyEnd = this.#at
    this.valueStart = this.#field('value')
    this.valueEnd = this.#at
    this.headerCount = this.#varint()
    this.headersStart = this.#at
    const room = this.end - this.#at
    if (!mayHold(this.headerCount, room)) {
      throw this.#corrupt(start, `${this.headerCount} headers in ${room} bytes`)
    }
  }

  /** A view of the key. */
  key(): Buffer | null {
    return this.keyStart < 0 ? null : this.views.part(this.keyStart, this.keyEnd)
  }

  /** A view of the value. */
  value(): Buffer | null {
    return this.valueStart < 0 ? null : this.views.part(this.valueStart, this.valueEnd)
  }

  headers(): ReadHeader[] {
    return readHeaders(this.buffer, this.headersStart, this.end, this.headerCount)
  }

  /** The record as an object that stays when the cursor moves on. */
  record(): BatchRecord {
    return new BatchRecord(this)
  }

  /** The records that are left, each as an object. */
  *[Symbol.iterator](): Generator<BatchRecord, void, undefined> {
    while (this.next()) yield new BatchRecord(this)
  }

  #field(name: string): number {
    const size = this.#varint()
    if (size === -1) return -1
    const start = this.#at
    if (size < 0 || size > this.end - start) {
      throw this.#corrupt(start, `${name} of ${size} bytes, ${this.end - start} left`)
    }
    this.#at = start + size
    return start
  }

  #varint(): number {
    const { buffer } = this
    let at = this.#at
    let raw = 0
    for (let shift = 0; shift < 35 && at < buffer.length; shift += 7) {
      const byte = buffer[at++]!
      if (shift === 28 && byte > 0x0f) break
      raw |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.#at = at
        return (raw >>> 1) ^ -(raw & 1)
      }
    }
    throw this.#corrupt(this.#at, 'a varint has no end')
  }

  /** Up to 28 bits as a varint, which is a day and a half of milliseconds; else the slow way. */
  #varlong(): number {
    const { buffer } = this
    let at = this.#at
    let raw = 0
    for (let shift = 0; shift < 28 && at < buffer.length; shift += 7) {
      const byte = buffer[at++]!
      raw |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.#at = at
        return (raw >>> 1) ^ -(raw & 1)
      }
    }
    return this.#wideVarlong()
  }

  #wideVarlong(): number {
    try {
      const reader = new Reader(this.buffer, this.#at)
      const value = reader.varlong()
      this.#at = reader.offset
      return value
    } catch (error) {
      if (error instanceof WireError) throw this.#corrupt(this.#at, error.message)
      throw error
    }
  }

  #wrongSize(start: number, size: number): RecordsError {
    return this.#corrupt(start, `size ${size}, ${this.buffer.length - this.#at} bytes left`)
  }

  #trailing(): RecordsError {
    const extra = this.buffer.length - this.#at
    return this.#corrupt(this.#at, `${extra} bytes after the last record`)
  }

  #corrupt(position: number, what: string): RecordsError {
    const where = `byte ${position} of the records at base offset ${this.#baseOffset}`
    return new RecordsError('CORRUPT_MESSAGE', `corrupt record batch: ${what} (${where})`, position)
  }
}

/** What `briefAt` gives for a number that is longer than it reads; no number of two bytes is it. */
const LONG = 1 << 20

/** The varint at `at`, if it takes one or two bytes. V8 compiles it into its caller. */
function briefAt(buffer: Buffer, at: number): number {
  const first = buffer[at]!
  if (first < 0x80) return (first >>> 1) ^ -(first & 1)
  const second = buffer[at + 1]!
  return second < 0x80 ? ((second << 6) | ((first & 0x7f) >>> 1)) ^ -(first & 1) : LONG
}

/** How many bytes that took. */
function widthAt(buffer: Buffer, at: number): number {
  return buffer[at]! < 0x80 ? 1 : 2
}

/** A header takes two bytes at least, and without any the record is over. */
function mayHold(headers: number, room: number): boolean {
  return headers === 0 ? room === 0 : headers > 0 && 2 * headers <= room
}

/**
 * One record. Key, value and headers are made when looked at, as views of the batch's bytes, and
 * keep these alive; copy what must outlive the batch.
 */
export class BatchRecord {
  readonly offset: number
  /** In milliseconds since 1970; -1 for none. */
  readonly timestamp: number
  readonly #views: Views
  readonly #keyStart: number
  readonly #keyEnd: number
  readonly #valueStart: number
  readonly #valueEnd: number
  readonly #headersStart: number
  readonly #end: number
  readonly #headerCount: number

  constructor(cursor: RecordCursor) {
    this.offset = cursor.offset
    this.timestamp = cursor.timestamp
    this.#views = cursor.views
    this.#keyStart = cursor.keyStart
    this.#keyEnd = cursor.keyEnd
    this.#valueStart = cursor.valueStart
    this.#valueEnd = cursor.valueEnd
    this.#headersStart = cursor.headersStart
    this.#end = cursor.end
    this.#headerCount = cursor.headerCount
  }

  get key(): Buffer | null {
    return this.#keyStart < 0 ? null : this.#views.part(this.#keyStart, this.#keyEnd)
  }

  get value(): Buffer | null {
    return this.#valueStart < 0 ? null : this.#views.part(this.#valueStart, this.#valueEnd)
  }

  /** In the order in which they were written; keys may repeat. */
  get headers(): ReadHeader[] {
    return readHeaders(this.#views.bytes, this.#headersStart, this.#end, this.#headerCount)
  }
}

/** Decodes the headers between `start` and `end`, of which there must be `count` and no more. */
export function readHeaders(
  buffer: Buffer,
  start: number,
  end: number,
  count: number,
): ReadHeader[] {
  if (count === 0) return []
  const reader = new Reader(buffer, start, end)
  try {
    const headers: ReadHeader[] = []
    for (let i = 0; i < count; i++) {
      const key = reader.string(reader.varint())
      const size = reader.varint()
      headers.push({ key, value: size === -1 ? null : reader.bytes(size) })
    }
    if (reader.remaining > 0) throw new WireError(`${reader.remaining} bytes too many`, end)
    return headers
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const message = `corrupt record headers at byte ${error.offset}: ${error.message}`
    throw new RecordsError('CORRUPT_MESSAGE', message, error.offset, error)
  }
}
