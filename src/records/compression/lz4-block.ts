import { badData, type Output, readWord, repeat } from './codec.ts'

/**
 * LZ4's block format in JavaScript. A block is sequences: a token (four bits for the number of
 * literals, four for a match's length less 4), the literals, and two bytes of distance back to the
 * match. A value of 15 goes on in further bytes. The last sequence has literals alone.
 */

/** Decompresses what lies between `from` and `end`; matches may reach into earlier blocks. */
export function decompressBlock(input: Buffer, start: number, end: number, output: Output): void {
  let from = start
  while (from < end) {
    const token = input[from++]!
    let literals = token >> 4
    if (literals === 15) {
      const more = longer(input, from, end)
      literals += more
      from += lengthBytes(more)
    }
    if (literals > end - from) throw badData('lz4', 'literals beyond the block', from)
    if (literals > 0) {
      const buffer = output.reserve(literals)
      if (literals < 24) {
        for (let i = 0; i < literals; i++) buffer[output.at + i] = input[from + i]!
      } else input.copy(buffer, output.at, from, from + literals)
      output.at += literals
      from += literals
    }
    if (from === end) return
    if (end - from < 2) throw badData('lz4', 'half a distance', from)
    const distance = input[from]! | (input[from + 1]! << 8)
    from += 2
    let length = (token & 15) + 4
    if (length === 19) {
      const more = longer(input, from, end)
      length += more
      from += lengthBytes(more)
    }
    if (distance === 0 || distance > output.at) {
      throw badData('lz4', `a match ${distance} bytes back after ${output.at}`, from)
    }
    repeat(output.reserve(length), output.at, distance, length)
    output.at += length
  }
}

/** What the bytes after a 15 add to it: each 255 goes on. */
function longer(input: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (input[at] !== 255) return (at - start) * 255 + input[at]!
  }
  throw badData('lz4', 'a length without an end', start)
}

/** How many bytes such an addition takes. */
function lengthBytes(more: number): number {
  return Math.floor(more / 255) + 1
}

const HASH_BITS = 14
/** Blocks are no larger than this, so that two bytes hold any distance within one. */
export const BLOCK_BYTES = 65_536
/** By the format's rules the last bytes of a block are literals, and no match starts near them. */
const LAST_LITERALS = 5
const LAST_MATCH = 12

interface Tables {
  /** The last position, counted from the block's start, at which a hash was seen. */
  readonly heads: Int32Array
  /** For each position the one before it with the same hash: a chain to search. */
  readonly chain: Int32Array
}

let tables: Tables | undefined

/** What a block of `size` bytes takes at most. */
export function mostCompressed(size: number): number {
  return size + Math.ceil(size / 255) + 16
}

/**
 * Compresses the bytes between `start` and `end`, at most 64 KiB of them, to a block at `to`, and
 * returns where that ends. With `attempts` above 1, that many earlier places are tried for the
 * longest match, as LZ4's high compression does.
 */
export function compressBlock(
  input: Buffer,
  start: number,
  end: number,
  output: Buffer,
  to: number,
  attempts: number,
): number {
  tables ??= { heads: new Int32Array(1 << HASH_BITS), chain: new Int32Array(BLOCK_BYTES) }
  tables.heads.fill(-1)
  const finder = new MatchFinder(input, start, end - LAST_LITERALS, tables, attempts)
  let out = to
  let literals = start
  let at = start
  let misses = 64
  while (at + LAST_MATCH <= end) {
    const length = finder.find(at)
    if (length === 0) {
      // The longer nothing matches, the larger the steps; a thorough search looks everywhere.
      at += attempts > 1 ? 1 : misses++ >> 6
      continue
    }
    out = putSequence(input, literals, at, output, out, at - finder.found, length)
    if (attempts > 1) finder.index(at + 1, Math.min(at + length, end - LAST_MATCH))
    at += length
    literals = at
    misses = 64
  }
  return putLiterals(input, literals, end, output, out, 0)
}

class MatchFinder {
  /** Where the match begins that the last call of `find` told the length of. */
  found = 0
  readonly #input: Buffer
  readonly #start: number
  readonly #limit: number
  readonly #heads: Int32Array
  readonly #chain: Int32Array
  readonly #attempts: number

  constructor(input: Buffer, start: number, limit: number, tables: Tables, attempts: number) {
    this.#input = input
    this.#start = start
    this.#limit = limit
    this.#heads = tables.heads
    this.#chain = tables.chain
    this.#attempts = attempts
  }

  /** The length of the match for the bytes at `at`, 0 for none. */
  find(at: number): number {
    const input = this.#input
    const word = readWord(input, at)
    let before = this.#remember(at, word)
    let best = 0
    for (let tries = this.#attempts; before >= 0 && tries > 0; tries--) {
      const from = this.#start + before
      if (readWord(input, from) === word) {
        let length = 4
        while (at + length < this.#limit && input[at + length] === input[from + length]) length++
        if (length > best) {
          best = length
          this.found = from
        }
      }
      before = this.#chain[before]!
    }
    return best
  }

  /** Makes the positions from `from` to `to` known without looking for matches there. */
  index(from: number, to: number): void {
    for (let at = from; at < to; at++) this.#remember(at, readWord(this.#input, at))
  }

  /** Returns the position that had the same hash before. */
  #remember(at: number, word: number): number {
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
    const before = this.#heads[slot]!
    this.#heads[slot] = at - this.#start
    this.#chain[at - this.#start] = before
    return before
  }
}

function putSequence(
  input: Buffer,
  literals: number,
  at: number,
  output: Buffer,
  to: number,
  distance: number,
  length: number,
): number {
  const rest = length - 4
  let out = putLiterals(input, literals, at, output, to, Math.min(rest, 15))
  output[out++] = distance
  output[out++] = distance >> 8
  return rest < 15 ? out : putMore(output, out, rest - 15)
}

/** A token and its literals; `low` is the token's half for the match. */
function putLiterals(
  input: Buffer,
  start: number,
  end: number,
  output: Buffer,
  to: number,
  low: number,
): number {
  const count = end - start
  let out = to
  output[out++] = (Math.min(count, 15) << 4) | low
  if (count >= 15) out = putMore(output, out, count - 15)
  if (count < 24) for (let i = 0; i < count; i++) output[out + i] = input[start + i]!
  else input.copy(output, out, start, end)
  return out + count
}

function putMore(output: Buffer, to: number, more: number): number {
  let out = to
  let rest = more
  for (; rest >= 255; rest -= 255) output[out++] = 255
  output[out++] = rest
  return out
}
