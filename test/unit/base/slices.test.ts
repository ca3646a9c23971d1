import { expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { inSlices, slices, sortedInSlices } from '../../../src/base/slices.ts'

/** How often a generator stops, and what it gives. */
function run<T>(steps: Generator<void, T>): { stops: number; value: T } {
  for (let stops = 0; ; stops++) {
    const step = steps.next()
    if (step.done) return { stops, value: step.value }
  }
}

test('work is done on each item once, in order, with stops between slices', () => {
  const items = Array.from({ length: 5_000 }, (_, i) => i)
  const seen: number[] = []
  const { stops } = run(slices(items, some => void seen.push(...some)))
  expect(seen).toEqual(items)
  expect(stops).toBe(4)
  expect(run(slices([], () => expect.unreachable())).stops).toBe(0)
})

test.each([0, 1, 2_000, 2_001, 9_999])('%i items are sorted as toSorted sorts them', length => {
  const random = seededRandom(length)
  const items = Array.from({ length }, (_, i) => ({ key: Math.floor(random() * 500), i }))
  const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
  const { value } = run(sortedInSlices(items, compare))
  expect(value).toEqual(items.toSorted(compare))
})

test('others have their turn at each stop', async () => {
  let turns = 0
  const count = () => {
    turns++
    if (turns < 3) setImmediate(count)
  }
  setImmediate(count)
  const items = Array.from({ length: 10_000 }, (_, i) => i)
  await inSlices(
    systemClock,
    slices(items, () => {}),
  )
  expect(turns).toBe(3)
})
