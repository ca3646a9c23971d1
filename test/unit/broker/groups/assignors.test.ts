import { describe, expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../../../src/base/random.ts'
import {
  type Assignee,
  assignors,
  range,
  type TargetAssignment,
  uniform,
} from '../../../../src/broker/groups/consumer/assignors.ts'

type Topics = Parameters<typeof uniform>[1]

const topic = (id: string, size: number): Topics[number] => ({
  id,
  partitions: Array.from({ length: size }),
})
const member = (id: string, topicIds: string[], more: Partial<Assignee> = {}): Assignee => ({
  id,
  instanceId: null,
  topicIds: new Set(topicIds),
  before: new Set(),
  ...more,
})
const shown = (target: TargetAssignment) =>
  Object.fromEntries([...target].map(([id, places]) => [id, [...places].sort().join(' ')]))
const sizes = (target: TargetAssignment) => [...target.values()].map(({ size }) => size)
const withBefore = (members: readonly Assignee[], target: TargetAssignment) =>
  members.map(each => ({ ...each, before: target.get(each.id) ?? new Set<string>() }))

describe('range', () => {
  test('gives neighbours to each, the same of each topic', () => {
    const target = range(
      [member('c', ['x']), member('b', ['x', 'y']), member('a', ['x', 'y'])],
      [topic('x', 5), topic('y', 2)],
    )
    expect(shown(target)).toEqual({ a: 'x/0 x/1 y/0', b: 'x/2 x/3 y/1', c: 'x/4' })
  })

  test('keeps the place of a static member under any id', () => {
    const topics = [topic('x', 2)]
    const others = member('b', ['x'], { instanceId: 'i2' })
    const before = range([member('a', ['x'], { instanceId: 'i1' }), others], topics)
    const after = range([others, member('z', ['x'], { instanceId: 'i1' })], topics)
    expect(shown(after)).toEqual({ b: shown(before).b, z: shown(before).a })
  })

  test('knows topics that nobody wants, and members that want nothing', () => {
    expect(shown(range([member('a', [])], [topic('x', 2)]))).toEqual({ a: '' })
  })
})

describe('uniform', () => {
  test('moves no more than it must when somebody comes or goes', () => {
    const topics = [topic('x', 6), topic('y', 6)]
    const [a, b, c] = ['a', 'b', 'c'].map(id => member(id, ['x', 'y']))
    const two = uniform([a!, b!], topics)
    expect(sizes(two)).toEqual([6, 6])
    const three = uniform(withBefore([a!, b!, c!], two), topics)
    expect(sizes(three)).toEqual([4, 4, 4])
    for (const id of ['a', 'b'])
      expect([...three.get(id)!].every(p => two.get(id)!.has(p))).toBe(true)
    const again = uniform(withBefore([a!, c!], three), topics)
    expect(sizes(again)).toEqual([6, 6])
    for (const id of ['a', 'c']) {
      expect([...three.get(id)!].every(p => again.get(id)!.has(p))).toBe(true)
    }
  })

  test('gives who wants little no more than that', () => {
    const target = uniform(
      [member('a', ['x']), member('b', ['x', 'y']), member('c', [])],
      [topic('x', 2), topic('y', 4)],
    )
    expect(shown(target)).toEqual({ a: 'x/0 x/1', b: 'y/0 y/1 y/2 y/3', c: '' })
  })

  test('forgets partitions that are gone, and topics no more wanted', () => {
    const before = new Set(['x/0', 'x/7', 'gone/0', 'y/0'])
    const target = uniform([member('a', ['x'], { before })], [topic('x', 1), topic('y', 1)])
    expect(shown(target)).toEqual({ a: 'x/0' })
  })
})

describe.each([...assignors])('%s, at random', (name, assign) => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))('seed %d', seed => {
    const random = seededRandom(seed)
    const topics = Array.from({ length: 1 + randomBelow(random, 5) }, (_, i) =>
      topic(`t${i}`, randomBelow(random, 9)),
    )
    const isSame = random() < 0.5
    const members = Array.from({ length: 1 + randomBelow(random, 7) }, (_, i) => {
      const wanted = topics.filter(() => isSame || random() < 0.6).map(({ id }) => id)
      return member(`m${i}`, wanted)
    })
    let target: TargetAssignment = new Map()
    for (let round = 0; round < 4; round++) {
      const present = members.filter(() => random() < 0.8)
      target = assign(withBefore(present, target), topics)
      const given = [...target.values()].flatMap(places => [...places])
      const wanted = topics.filter(({ id }) => present.some(({ topicIds }) => topicIds.has(id)))
      const all = wanted.flatMap(({ id, partitions }) => partitions.map((_, i) => `${id}/${i}`))
      // Each partition that somebody wants goes to one member, who wants it.
      expect(given.sort()).toEqual(all.sort())
      for (const { id, topicIds } of present) {
        expect([...target.get(id)!].every(place => topicIds.has(place.split('/')[0]!))).toBe(true)
      }
      if (isSame && name === 'uniform' && present.length > 0) {
        expect(Math.max(...sizes(target)) - Math.min(...sizes(target))).toBeLessThanOrEqual(1)
      }
    }
  })
})
