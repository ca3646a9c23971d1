import { expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { ShiftableClock } from '../../../src/base/shiftable-clock.ts'

/** Moves the clock, with a base whose turns go by of themselves. */
async function advance(clock: ShiftableClock, base: FakeClock, ms: number): Promise<void> {
  let isDone = false
  const moving = clock.advance(ms).then(() => {
    isDone = true
  })
  while (!isDone) await base.advance(0)
  await moving
}

test('goes with its base, and ahead of it when it is moved', async () => {
  const base = new FakeClock(1000)
  const clock = new ShiftableClock(base)
  await base.advance(5)
  expect([clock.now(), clock.epoch()]).toEqual([5, 1005])
  await advance(clock, base, 100)
  expect([clock.now(), clock.epoch()]).toEqual([105, 1105])
  await base.advance(5)
  expect([clock.now(), clock.epoch()]).toEqual([110, 1110])
})

test('runs what falls due on the way in its order, at its time, and the rest later', async () => {
  const base = new FakeClock()
  const clock = new ShiftableClock(base)
  const ran: string[] = []
  const note = (name: string) => () => void ran.push(`${name} ${clock.now()}`)
  clock.after(50, note('b'))
  clock.after(10, () => {
    note('a')()
    clock.after(20, note('set meanwhile'))
  })
  clock.after(50, note('c'))
  clock.after(40, note('called off')).cancel()
  clock.after(200, note('late'))
  await advance(clock, base, 150)
  expect(ran).toEqual(['a 10', 'set meanwhile 30', 'b 50', 'c 50'])
  await base.advance(49)
  expect(ran).toHaveLength(4)
  await base.advance(1)
  expect(ran.at(-1)).toBe('late 200')
  expect(base.pending).toBe(0)
})
