import { badData, readWord, repeat } from './codec.ts'

/**
 * Snappy's block format in JavaScript, for where the native package doesn't load. A block is its
 * decompressed size as a varint, then elements: the lowest two bits of a tag say whether bytes
 * follow literally (0) or are repeated from 1 to 4 bytes of distance back (1, 2, 3).
 */

/** Three bytes of input make at most 64 of output, so a block that claims more than this lies. */
const MOST_PER_BYTE = 22

/** The decompressed size that a block claims, if its bytes could make that many. */
export function snappySize(input: Buffer): number {
  let size = 0
  for (let at = 0; at < Math.min(input.length, 5); at++) {
    const byte = input[at]!
    size += (byte & 0x7f) * 2 ** (7 * at)
    if (byte >= 0x80) continue
    if (size > input.length * MOST_PER_BYTE) {
      throw badData('snappy', `${input.length} bytes claim to hold ${size}`)
    }
    return size
  }
  throw badData('snappy', 'no size at the start')
}

/** Decompresses a block whose size `snappySize` told. */
export function decompressSnappy(input: Buffer, size: number): Buffer {
  const output = Buffer.allocUnsafe(size)
  let from = 0
  while (input[from++]! >= 0x80);
  let to = 0
  while (from < input.length) {
    const tag = input[from]!
    if ((tag & 3) === 0) {
      const lengthBytes = tag < 240 ? 0 : (tag >> 2) - 59
      const length = (lengthBytes === 0 ? tag >> 2 : lengthAt(input, from + 1, lengthBytes)) + 1
      from += 1 + lengthBytes
      if (length > input.length - from || length > size - to) throw beyond(from)
      output.set(input.subarray(from, from + length), to)
      from += length
      to += length
    } else {
      const short = (tag & 3) === 1
      const length = short ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
      const distanceBytes = short ? 1 : (tag & 3) === 2 ? 2 : 4
      const distance = lengthAt(input, from + 1, distanceBytes) + (short ? (tag >> 5) << 8 : 0)
      from += 1 + distanceBytes
      if (distance === 0 || distance > to || length > size - to) throw beyond(from)
      repeat(output, to, distance, length)
      to += length
    }
  }
  if (to !== size) throw badData('snappy', `${to} bytes where ${size} were claimed`, from)
  return output
}

function lengthAt(input: Buffer, at: number, bytes: number): number {
  if (at + bytes > input.length) throw beyond(at)
  return input.readUIntLE(at, bytes)
}

function beyond(at: number): Error {
  return badData('snappy', 'an element reaches beyond the data', at)
}

const HASH_BITS = 14
/** Matches are looked for within fragments of this size, so that two bytes hold a distance. */
const FRAGMENT_BYTES = 65_536

let positions: Int32Array | undefined

/** Compresses to one block. */
export function compressSnappy(input: Buffer): Buffer {
  positions ??= new Int32Array(1 << HASH_BITS)
  const output = Buffer.allocUnsafe(32 + input.length + Math.ceil(input.length / 6))
  let to = 0
  let rest = input.length
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) output[to++] = (rest & 0x7f) | 0x80
  output[to++] = rest
  for (let from = 0; from < input.length; from += FRAGMENT_BYTES) {
    const end = Math.min(from + FRAGMENT_BYTES, input.length)
    to = compressFragment(input, from, end, output, to, positions)
  }
  return output.subarray(0, to)
}

function compressFragment(
  input: Buffer,
  start: number,
  end: number,
  output: Buffer,
  outputStart: number,
  table: Int32Array,
): number {
  table.fill(-1)
  let to = outputStart
  let literals = start
  let at = start
  let misses = 32
  while (at + 4 <= end) {
    const word = readWord(input, at)
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS)
    const before = table[slot]!
    table[slot] = at
    if (before < 0 || readWord(input, before) !== word) {
      // The longer nothing matches, the larger the steps: noise is passed over quickly.
      at += misses++ >> 5
      continue
    }
    let length = 4
    while (at + length < end && input[at + length] === input[before + length]) length++
    to = putLiterals(input, literals, at, output, to)
    to = putCopies(output, to, at - before, length)
    at += length
    literals = at
    misses = 32
  }
  return putLiterals(input, literals, end, output, to)
}

function putLiterals(input: Buffer, start: number, end: number, output: Buffer, to: number) {
  const length = end - start
  if (length === 0) return to
  let at = to
  if (length <= 60) {
    output[at++] = (length - 1) << 2
  } else {
    const bytes = length <= 256 ? 1 : 2
    output[at++] = (59 + bytes) << 2
    output.writeUIntLE(length - 1, at, bytes)
    at += bytes
  }
  output.set(input.subarray(start, end), at)
  return at + length
}

/** A copy holds up to 64 bytes; none is left under 4, which the short form could not say. */
function putCopies(output: Buffer, to: number, distance: number, size: number): number {
  let at = to
  let left = size
  while (left > 0) {
    const length = left <= 64 ? left : left < 68 ? 60 : 64
    if (length < 12 && distance < 2048) {
      output[at++] = 1 | ((length - 4) << 2) | ((distance >> 8) << 5)
      output[at++] = distance
    } else {
      output[at++] = 2 | ((length - 1) << 2)
      output[at++] = distance
      output[at++] = distance >> 8
    }
    left -= length
  }
  return at
}
