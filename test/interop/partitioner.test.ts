import { expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { javaPartition } from '../../src/producer/partitioner.ts'
import { againstJava } from '../protocol/java.ts'

const KEYS = 10_000

/** Keys of every kind that people use: ids, words of many scripts, uuids, bytes, nothing. */
function someKeys(seed: number): (string | Buffer)[] {
  const random = seededRandom(seed)
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789-_:/äßñ€漢字😀'
  const alphabet = [...letters]
  return Array.from({ length: KEYS }, (_, i) => {
    if (i < 40) return 'k'.repeat(i)
    const length = randomBelow(random, i % 50 === 0 ? 600 : 24)
    const codes = Array.from({ length }, () => randomBelow(random, 256))
    if (i % 3 === 0) return Buffer.from(codes)
    return codes.map(code => alphabet[code % alphabet.length]).join('')
  })
}

againstJava('the default partitioner', oracle => {
  test(`${KEYS} keys lie where the Java client puts them`, async () => {
    const keys = someKeys(7)
    const theirs = await Promise.all(
      keys.map((key, i) => oracle().partition(Buffer.from(key as string), 1 + (i % 100))),
    )
    const ours = keys.map((key, i) => javaPartition(key, 1 + (i % 100)))
    expect(ours).toEqual(theirs)
  })
})
