import { readWord } from './codec.ts'

/**
 * The thorough way to make LZ4's blocks, whose format lz4-block.wat tells: slow, and seldom asked
 * for, so JavaScript will do.
 */
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
 * returns where that ends. For each position so many earlier places are tried for the longest
 * match, as LZ4's high compression does.
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
  while (at + LAST_MATCH <= end) {
    const length = finder.find(at)
    if (length === 0) {
      at++
      continue
    }
    out = putSequence(input, literals, at, output, out, at - finder.found, length)
    finder.index(at + 1, Math.min(at + length, end - LAST_MATCH))
    at += length
    literals = at
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
