import { expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { BufferMemory } from '../../../src/producer/buffer-memory.ts'

const KiB = 1024

test('the high-water mark is a quarter, and up to a half where many partitions are in use', () => {
  const memory = new BufferMemory(1024 * KiB, new FakeClock())
  const markWith = (bytes: number) => {
    memory.serve(bytes)
    let taken = 0
    for (; !memory.isPastHighWater; taken += KiB) memory.reserve(KiB)
    memory.release(taken)
    return taken / KiB
  }
  expect(markWith(0)).toBe(256)
  expect(markWith(100 * KiB)).toBe(256)
  expect(markWith(300 * KiB)).toBe(300)
  expect(markWith(9_999 * KiB)).toBe(512)
})

test('whoever waits for it to drain goes on at half the mark, and at once below the mark', async () => {
  const memory = new BufferMemory(1024 * KiB, new FakeClock())
  await memory.drained()
  memory.reserve(256 * KiB)
  let isDrained = false
  const drained = memory.drained().then(() => {
    isDrained = true
  })
  memory.release(127 * KiB)
  await Promise.resolve()
  expect(isDrained).toBe(false)
  memory.release(KiB)
  await drained
})
