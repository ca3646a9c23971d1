/**
 * DescribeTopicPartitions, version 0 (KIP-966).
 *
 * - Topics in order of their names, with as many partitions in all as were asked for, 2,000 at
 *   most; the cursor tells where the next page begins. No topics stand for all of them.
 * - There are no eligible leaders beside those in sync. A topic that does not exist is
 *   UNKNOWN_TOPIC_OR_PARTITION, a cursor below partition 0 INVALID_REQUEST for each topic.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { DescribeTopicPartitions } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../wire/uuid.ts'
import { type Context, on } from '../handler.ts'
import { code } from './answers.ts'
import { describePartition } from './describe-partition.ts'

type Answer = ResponseInput<typeof DescribeTopicPartitions>
type TopicAnswer = Answer['topics'][number]

/** As `max.request.partition.size.limit`. */
const MOST_PARTITIONS = 2000

export const describeTopicPartitions = on(
  DescribeTopicPartitions,
  [0, 0],
  async (request, context) => {
    const { cursor, responsePartitionLimit } = request
    const asked = request.topics.map(({ name }) => name)
    const all = asked.length === 0 ? context.cluster.topics.names() : asked
    const from = cursor?.topicName ?? ''
    const names = [...new Set(all)].filter(name => name >= from).sort()
    if (cursor && cursor.partitionIndex < 0) {
      return { topics: names.map(name => failed(name, 'INVALID_REQUEST')) }
    }
    let left = Math.max(1, Math.min(responsePartitionLimit, MOST_PARTITIONS))
    const topics: TopicAnswer[] = []
    for (const name of names) {
      const first = name === cursor?.topicName ? cursor.partitionIndex : 0
      if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: first } }
      const topic = page(name, first, left, context)
      topics.push(topic)
      left -= topic.partitions.length
      const next = first + topic.partitions.length
      const count = context.cluster.topics.named(name)?.partitions.length ?? 0
      if (next < count) return { topics, nextCursor: { topicName: name, partitionIndex: next } }
    }
    return { topics }
  },
)

function page(name: string, first: number, most: number, { cluster }: Context): TopicAnswer {
  const topic = cluster.topics.named(name)
  if (!topic) return failed(name, 'UNKNOWN_TOPIC_OR_PARTITION')
  const partitions = topic.partitions.slice(first, first + most)
  return {
    errorCode: 0,
    name,
    topicId: topic.id,
    isInternal: topic.isInternal,
    partitions: partitions.map(partition => ({
      ...describePartition(partition, cluster),
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    })),
  }
}

function failed(name: string, error: ErrorName): TopicAnswer {
  const unknown = { topicId: ZERO_UUID, isInternal: false }
  return { errorCode: code(error), name, ...unknown, partitions: [] }
}
