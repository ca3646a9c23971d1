import { describe, expect, test } from 'vitest'
import { isStalled, type PartitionFacts, type Wait, waitOf } from '../../../src/consumer/stall.ts'

const patience = { offset: 60, broker: 60, program: 300 }

const fetching: PartitionFacts = {
  state: 'fetching',
  excused: false,
  wanted: true,
  atHand: false,
  generation: 1,
  position: 10,
  processed: 10,
  fetchOffset: 10,
  end: 20,
  heardAt: 0,
}

/** Looks at a partition every 10 ms, and gives when it was first found stuck. */
function firstStall(factsAt: (now: number) => PartitionFacts, until = 1000): number | undefined {
  let wait: Wait | undefined
  for (let now = 0; now <= until; now += 10) {
    wait = waitOf(factsAt(now), wait, now)
    if (isStalled(wait, patience, now)) return now
  }
  return undefined
}

describe('a partition is stuck', () => {
  test.each([
    ['records are there and none come, though the broker answers', { heardAt: 'now' }, 70],
    ['nothing is to be read, and no broker answers', { end: 10 }, 70],
    ['no broker has ever answered', { end: -1 }, 70],
    ['it waits for an offset', { state: 'starting' }, 70],
    ['the program has its records in work', { atHand: true }, 310],
  ] as const)('when %s', (_what, { ...facts }, at) => {
    const heardNow = 'heardAt' in facts
    expect(firstStall(now => ({ ...fetching, ...facts, heardAt: heardNow ? now : 0 }))).toBe(at)
  })
})

describe('a partition is not stuck', () => {
  test.each([
    ['all is read and the broker answers', (now: number) => ({ end: 10, heardAt: now })],
    ['records come', (now: number) => ({ fetchOffset: 10 + Math.floor(now / 50) })],
    ['the program gets on', (now: number) => ({ atHand: true, processed: Math.floor(now / 50) })],
    ['it is excused', () => ({ excused: true })],
    ['no loop wants its records', () => ({ atHand: true, wanted: false })],
    ['it has failed, which was told', () => ({ state: 'failed' })],
    ['somebody seeks', (now: number) => ({ generation: Math.floor(now / 50) })],
  ])('when %s', (_what, change) => {
    expect(firstStall(now => ({ ...fetching, ...change(now) }))).toBeUndefined()
  })
})

test('time begins anew when it is excused no more, and when there is something to read', () => {
  expect(firstStall(now => ({ ...fetching, excused: now < 500 }))).toBe(570)
  const idle = (now: number) => ({ ...fetching, heardAt: now, end: now < 500 ? 10 : 20 })
  expect(firstStall(idle)).toBe(570)
})
