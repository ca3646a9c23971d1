import { type Random, randomBelow } from '../../../src/base/random.ts'

const WORDS = [
  'order',
  'customer-',
  '{"id":',
  '\u00e9',
  '   ',
  'aaaaaaaaaaaaaaaaaaaaaaaa',
  '\0\0\0\0',
]

/** Bytes as records have them: words that come again, runs, and noise. */
export function content(random: Random, most: number): Buffer {
  const parts: Buffer[] = []
  for (let left = randomBelow(random, most + 1); left > 0; left -= parts.at(-1)!.length) {
    const kind = randomBelow(random, 3)
    const size = 1 + randomBelow(random, 40)
    if (kind === 0) parts.push(Buffer.from(WORDS[randomBelow(random, WORDS.length)]!))
    else if (kind === 1) parts.push(Buffer.alloc(size * size, randomBelow(random, 256)))
    else parts.push(Buffer.from(Array.from({ length: size }, () => randomBelow(random, 256))))
  }
  return Buffer.concat(parts)
}
