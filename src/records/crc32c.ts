import { optionalNative } from './native.ts'

interface NativeCrc32 {
  crc32c(input: Uint8Array, seed?: number): number
}

const native = optionalNative<NativeCrc32>(
  '@node-rs/crc32',
  ({ crc32c }) => crc32c(Buffer.from('123456789')) === 0xe3069283,
)

/**
 * The CRC-32C (Castagnoli) of `bytes`, which guards every record batch. With `seed`, the CRC of
 * what came before, it goes on from there: `crc32c(b, crc32c(a))` is that of `a` followed by `b`.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const fast = native()
  return fast === null ? crc32cInJavaScript(bytes, seed) : fast.crc32c(bytes, seed)
}

/** Castagnoli's polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78

let tables: Int32Array | undefined

/** Eight tables in one: entry `256 * k + b` is byte `b` carried over `k` zero bytes. */
function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    made[byte] = crc
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256]!
    made[i] = made[before & 0xff]! ^ (before >>> 8)
  }
  return made
}

/** Slicing by eight: a look-up for each of eight bytes, which don't wait for one another. */
export function crc32cInJavaScript(bytes: Uint8Array, seed = 0): number {
  tables ??= makeTables()
  const t = tables
  const end = bytes.length
  let crc = ~seed
  let at = 0
  for (const whole = end - 7; at < whole; at += 8) {
    const a = crc ^ word(bytes, at)
    crc =
      t[1792 + (a & 0xff)]! ^
      t[1536 + ((a >>> 8) & 0xff)]! ^
      t[1280 + ((a >>> 16) & 0xff)]! ^
      t[1024 + (a >>> 24)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = t[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
