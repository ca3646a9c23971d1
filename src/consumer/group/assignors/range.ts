import type { TopicPartition } from '../../partition.ts'
import { type Assignor, compareTexts, sortedMembers } from './assignor.ts'

/**
 * Each topic's partitions in neighbouring runs, the first members getting one more where it does
 * not divide. Topics with equally many partitions are shared alike, so that their keys meet.
 */
export const range: Assignor = {
  name: 'range',
  protocol: 'eager',
  assign({ members, partitionCounts }) {
    const sorted = sortedMembers(members)
    const result = new Map<string, TopicPartition[]>(members.map(each => [each.memberId, []]))
    const topics = [...partitionCounts].sort(([a], [b]) => compareTexts(a, b))
    for (const [topic, count] of topics) {
      const takers = sorted.filter(member => member.topics.includes(topic))
      const least = Math.floor(count / takers.length)
      const withOneMore = count % takers.length
      let next = 0
      for (const [at, { memberId }] of takers.entries()) {
        const end = next + least + (at < withOneMore ? 1 : 0)
        for (; next < end; next++) result.get(memberId)!.push({ topic, partition: next })
      }
    }
    return result
  },
}
