import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../src/base/random.ts'
import type { PartitionInfo } from '../../../src/cluster/metadata.ts'
import {
  nextSticky,
  type Partitioner,
  partitionerNames,
  pick,
  type TopicPartitions,
} from '../../../src/producer/partitioner.ts'

function topicOf(count: number, withoutLeader: readonly number[] = []): TopicPartitions {
  const partitions = Array.from({ length: count }, (_, partition) => ({
    topic: 't',
    partition,
    leader: withoutLeader.includes(partition) ? -1 : 1,
    leaderEpoch: 0,
    replicas: [1],
    inSyncReplicas: [1],
    offlineReplicas: [],
  }))
  const available = partitions.filter((each: PartitionInfo) => each.leader >= 0)
  return { partitions, available, sticky: -1, turn: 0 }
}

const random = seededRandom(3)
const place = (by: Partitioner, key: string | Uint8Array | null, topic: TopicPartitions) =>
  pick(by, 't', key, 'v', topic, random)

describe('a partitioner', () => {
  test.each(partitionerNames)('%s gives a partition of the topic for every key', by => {
    const topic = topicOf(12)
    for (const key of ['', 'a', 'user-7', 'ключ', '漢字', 'x'.repeat(3_000), null]) {
      const partition = place(by, key, topic)
      expect(Number.isInteger(partition) && partition >= 0 && partition < 12).toBe(true)
    }
  })

  test.each(['murmur2', 'consistent', 'fnv1a'] as const)(
    '%s: text and its bytes are one key',
    by => {
      const topic = topicOf(31)
      for (const key of ['a', 'user-7', 'ключ', 'ß'.repeat(40), 'y'.repeat(2_000)]) {
        expect(place(by, key, topic)).toBe(place(by, Buffer.from(key), topic))
      }
    },
  )

  test('keyless records stick to one partition', () => {
    const topic = topicOf(12)
    const first = place('murmur2', null, topic)
    expect(Array.from({ length: 20 }, () => place('murmur2', null, topic))).toEqual(
      Array(20).fill(first),
    )
  })

  test('roundrobin and random leave out what has no leader', () => {
    const topic = topicOf(4, [1, 2])
    expect([1, 2, 3, 4].map(() => place('roundrobin', 'k', topic))).toEqual([0, 3, 0, 3])
    for (let i = 0; i < 50; i++) expect([0, 3]).toContain(place('random', 'k', topic))
  })

  test('keys stay where they are while a leader is missing', () => {
    for (const key of ['a', 'b', 'c']) {
      expect(place('murmur2', key, topicOf(8, [0, 1, 2, 3, 4, 5, 6]))).toBe(
        place('murmur2', key, topicOf(8)),
      )
    }
  })

  test('the next sticky partition is the likelier the less waits for it (KIP-794)', () => {
    const topic = topicOf(3, [])
    const queued = [0, 3, 8]
    const hits = [0, 0, 0]
    for (let i = 0; i < 9_000; i++) hits[nextSticky(topic, at => queued[at]!, random)]!++
    // Chances are 9, 6 and 1 of 16.
    expect(hits.map(count => Math.round((count / 9_000) * 16))).toEqual([9, 6, 1])
  })

  test('a function is given the record, all partitions and those available', () => {
    const topic = topicOf(5, [4])
    const given: unknown[] = []
    const by: Partitioner = (record, partitions, available) => {
      given.push(record, partitions.length, available.length)
      return String(record.key).startsWith('priority:') ? partitions.length - 1 : 0
    }
    expect(place(by, 'priority:7', topic)).toBe(4)
    expect(place(by, '7', topic)).toBe(0)
    expect(given.slice(0, 3)).toEqual([{ topic: 't', key: 'priority:7', value: 'v' }, 5, 4])
  })
})
