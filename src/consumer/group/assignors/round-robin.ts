import type { TopicPartition } from '../../partition.ts'
import { type Assignor, allPartitions, sortedMembers } from './assignor.ts'

/** All partitions of all topics dealt out one by one, passing over who does not read the topic. */
export const roundRobin: Assignor = {
  name: 'roundrobin',
  protocol: 'eager',
  assign({ members, partitionCounts }) {
    const sorted = sortedMembers(members)
    const result = new Map<string, TopicPartition[]>(members.map(each => [each.memberId, []]))
    let turn = 0
    for (const slot of allPartitions(partitionCounts)) {
      if (!sorted.some(({ topics }) => topics.includes(slot.topic))) continue
      while (!sorted[turn % sorted.length]!.topics.includes(slot.topic)) turn++
      result.get(sorted[turn % sorted.length]!.memberId)!.push(slot)
      turn++
    }
    return result
  },
}
