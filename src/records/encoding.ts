import type { RecordHeader } from './layout.ts'

/** What a key or value can be: text is written as UTF-8, null is not the same as empty. */
export type Bytes = string | Uint8Array | null

/** A record's length, attributes, timestamp delta and offset delta at their longest. */
export const RECORD_OVERHEAD_BYTES = 5 + 1 + 10 + 5

/** The length -1, zigzag: how null is written. */
export const NULL = 1

/** Looked up once: V8 finds no fast way from a Buffer to a method of typed arrays. */
const { set } = Uint8Array.prototype

/** Below these lengths a loop over the bytes beats the call to `set`, or that to `utf8Write`. */
const SHORT_BYTES = 16
const SHORT_TEXT = 24

/**
 * An upper bound of what a record takes in a batch, exact but for the deltas, which stand at their
 * longest. A buffer with this and the batch header has room for the record.
 */
export function recordBytes(
  key: Bytes,
  value: Bytes,
  headers: readonly RecordHeader[] | undefined,
): number {
  return (
    RECORD_OVERHEAD_BYTES +
    fieldBytes(sizeOf(key)) +
    fieldBytes(sizeOf(value)) +
    headersBytes(headers)
  )
}

/** The bytes that `content` takes; -1 for null, which is also how null is written. */
export function sizeOf(content: Bytes): number {
  if (content === null) return -1
  return typeof content === 'string' ? textBytes(content) : content.length
}

/** The bytes of a field and its length, where -1 means null. */
export function fieldBytes(size: number): number {
  return size < 0 ? 1 : varintBytes(size << 1) + size
}

export function headersBytes(headers: readonly RecordHeader[] | undefined): number {
  if (headers === undefined) return 1
  let size = varintBytes(headers.length << 1)
  for (const header of headers) {
    size += fieldBytes(textBytes(header.key)) + fieldBytes(sizeOf(header.value))
  }
  return size
}

function textBytes(text: string): number {
  if (text.length < SHORT_TEXT) {
    let at = 0
    while (at < text.length && text.charCodeAt(at) < 0x80) at++
    if (at === text.length) return at
  }
  return Buffer.byteLength(text)
}

/** The bytes of an unsigned varint of at most 32 bits. */
export function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : longVarintBytes(value)
}

function longVarintBytes(value: number): number {
  if (value < 0x200000) return 3
  return value < 0x10000000 ? 4 : 5
}

/** The bytes of a zigzag varint for any whole number of at most 2^53-1 either way. */
export function varlongBytes(value: number): number {
  let rest = Math.floor(magnitude(value) / 64)
  let bytes = 1
  for (; rest > 0; bytes++) rest = Math.floor(rest / 128)
  return bytes
}

/** What zigzag doubles before it adds the sign; doubled, it could be beyond 2^53. */
function magnitude(value: number): number {
  return value < 0 ? -value - 1 : value
}

/** Writes an unsigned varint of at most 31 bits; returns where it ends, as all these do. */
export function putVarint(buffer: Buffer, at: number, value: number): number {
  if (value < 0x80) {
    buffer[at] = value
    return at + 1
  }
  if (value >= 0x4000) return putLongVarint(buffer, at, value)
  buffer[at] = value | 0x80
  buffer[at + 1] = value >>> 7
  return at + 2
}

function putLongVarint(buffer: Buffer, at: number, value: number): number {
  let rest = value
  let end = at
  for (; rest >= 0x80; rest >>>= 7) buffer[end++] = (rest & 0x7f) | 0x80
  buffer[end++] = rest
  return end
}

export function putVarlong(buffer: Buffer, at: number, value: number): number {
  const positive = magnitude(value)
  let rest = Math.floor(positive / 64)
  let low = (positive % 64) * 2 + (value < 0 ? 1 : 0)
  let end = at
  for (; rest > 0; rest = Math.floor(rest / 128)) {
    buffer[end++] = low | 0x80
    low = rest % 128
  }
  buffer[end++] = low
  return end
}

/** Writes a null field, or one of `size` bytes as `putContent` does, after its length. */
export function putField(buffer: Buffer, at: number, content: Bytes, size: number): number {
  if (content !== null) return putContent(buffer, putVarint(buffer, at, size << 1), content, size)
  buffer[at] = NULL
  return at + 1
}

/**
 * Writes bytes, or text as UTF-8. Returns -1 where text turns out to take more than `size` bytes;
 * if it might, there must be room for three bytes a character, lest the text be cut.
 */
export function putContent(
  buffer: Buffer,
  at: number,
  content: string | Uint8Array,
  size: number,
): number {
  if (typeof content === 'string') return putText(buffer, at, content, size)
  if (size >= SHORT_BYTES) set.call(buffer, content, at)
  else for (let i = 0; i < size; i++) buffer[at + i] = content[i]!
  return at + size
}

function putText(buffer: Buffer, at: number, text: string, size: number): number {
  const length = text.length
  if (length < SHORT_TEXT) {
    let i = 0
    for (; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) break
      buffer[at + i] = code
    }
    if (i === length) return at + length
  }
  return buffer.utf8Write(text, at) === size ? at + size : -1
}

export function putHeaders(
  buffer: Buffer,
  at: number,
  headers: readonly RecordHeader[] | undefined,
): number {
  if (headers === undefined) {
    buffer[at] = 0
    return at + 1
  }
  let end = putVarint(buffer, at, headers.length << 1)
  for (const header of headers) {
    end = putField(buffer, end, header.key, textBytes(header.key))
    end = putField(buffer, end, header.value, sizeOf(header.value))
  }
  return end
}
