import { type Random, randomBelow } from '../../base/random.ts'

/** Different values; the records behind them repeat them. */
const VALUES = 4_096
/** No more is held, however large one value is. */
const MOST_BYTES = 16 * 1024 * 1024

/** Long enough that a batch holds little of it twice. */
const TEXT_BYTES = 1024 * 1024

const words =
  'order user item amount price status shipped paid open book lamp chair table coffee garden winter summer left right north south yes no null true false'.split(
    ' ',
  )

/** Values of `size` bytes each that compress about as JSON from life does. */
export function payloads(size: number, random: Random): Buffer[] {
  const count = Math.max(2, Math.min(VALUES, Math.floor(MOST_BYTES / Math.max(1, size))))
  const text = fields(TEXT_BYTES, random)
  return Array.from({ length: count }, () => {
    const from = randomBelow(random, TEXT_BYTES)
    return cutFrom(text, from, size)
  })
}

/** So many bytes of a text, which begins anew where it ends. */
function cutFrom(text: Buffer, from: number, size: number): Buffer {
  const value = Buffer.allocUnsafe(size)
  for (let at = 0, start = from; at < size; start = 0) {
    at += text.copy(value, at, start, Math.min(text.length, start + size - at))
  }
  return value
}

function fields(size: number, random: Random): Buffer {
  const parts: string[] = []
  for (let length = 0; length < size; length += parts.at(-1)!.length) {
    const word = words[randomBelow(random, words.length)]!
    parts.push(`"${word}":"${randomBelow(random, 1_000_000_000).toString(36)}",`)
  }
  return Buffer.from(parts.join('')).subarray(0, size)
}
