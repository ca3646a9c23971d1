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

/** Takes buffers, and tells how many of them had been in use before. */
function taker(memory: BufferMemory) {
  const known = new Set<Buffer>()
  return (count: number, size: number) => {
    const taken = Array.from({ length: count }, () => memory.take(size)!)
    const again = taken.filter(buffer => known.has(buffer)).length
    for (const buffer of taken) known.add(buffer)
    const giveBack = () => {
      for (const buffer of taken) memory.give(buffer)
    }
    return { again, giveBack }
  }
}

test('free buffers serve again, as long as these and those in use stay within the limit', () => {
  const memory = new BufferMemory(64 * KiB, new FakeClock())
  const take = taker(memory)
  const large = take(4, 16 * KiB)
  expect(memory.take(KiB)).toBeUndefined()
  large.giveBack()
  const small = take(32, KiB)
  expect(small.again).toBe(0)
  small.giveBack()
  // 32 KiB of small ones took the place of two large ones, and all are still there.
  const both = [take(32, KiB), take(2, 16 * KiB)]
  expect(both.map(({ again }) => again)).toEqual([32, 2])
  for (const { giveBack } of both) giveBack()
  memory.reserve(64 * KiB)
  memory.release(64 * KiB)
  expect(take(4, 16 * KiB).again).toBe(0)
})

test('after a burst 32 MiB are kept, the latest sizes first', () => {
  const MiB = 1024 * KiB
  const memory = new BufferMemory(128 * MiB, new FakeClock())
  const take = taker(memory)
  take(64, MiB).giveBack()
  expect(take(64, MiB).again).toBe(32)
  const other = new BufferMemory(128 * MiB, new FakeClock())
  const takeOther = taker(other)
  takeOther(32, MiB).giveBack()
  takeOther(12, 2 * MiB).giveBack()
  expect(takeOther(12, 2 * MiB).again).toBe(12)
  expect(takeOther(32, MiB).again).toBe(8)
})
