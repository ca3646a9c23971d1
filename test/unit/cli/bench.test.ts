import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import { cpuMicros, megabytesPerSecond, perSecond } from '../../../src/cli/bench/figures.ts'
import { fitting } from '../../../src/cli/bench/live-line.ts'
import { payloads } from '../../../src/cli/bench/payload.ts'

test('a live line has the parts that fit, the first ones first, and never the last cell', () => {
  const parts = ['12,000/s', '40%', '1.2 MB/s', 'p50 3 ms']
  expect(fitting(parts, 80)).toBe('12,000/s  40%  1.2 MB/s  p50 3 ms')
  expect(fitting(parts, 20)).toBe('12,000/s  40%')
  expect(fitting(parts, 13)).toBe('12,000/s')
  expect(fitting(parts, 14)).toBe('12,000/s  40%')
  expect(fitting(parts, 5)).toBe('')
})

test('values have the size that was asked for, differ, and are the same in the next run', () => {
  for (const size of [0, 1, 100, 5_000]) {
    const values = payloads(size, seededRandom(1))
    expect(values.every(({ length }) => length === size)).toBe(true)
    const again = payloads(size, seededRandom(1))
    expect(Buffer.concat(again).equals(Buffer.concat(values))).toBe(true)
  }
  const many = payloads(100, seededRandom(1))
  expect(new Set(many.map(String)).size).toBeGreaterThan(4_000)
  const batch = Buffer.concat(many.slice(0, 1_000))
  const ratio = gzipSync(batch).length / batch.length
  expect(ratio).toBeGreaterThan(0.25)
  expect(ratio).toBeLessThan(0.75)
})

test('large values are not held many times', () => {
  const values = payloads(8_000_000, seededRandom(1))
  expect(values.length).toBe(2)
})

test('rates of nothing are nothing, not infinite', () => {
  const none = { records: 0, bytes: 0, ms: 0, cpuMs: 0 }
  expect([perSecond(none), megabytesPerSecond(none), cpuMicros(none)]).toEqual([0, 0, 0])
  const some = { records: 1_000, bytes: 2_000_000, ms: 500, cpuMs: 3 }
  expect([perSecond(some), megabytesPerSecond(some), cpuMicros(some)]).toEqual([2_000, 4, 3])
})
