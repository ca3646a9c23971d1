import type { TopicPartition } from './partition.ts'

export interface TopicPartitions {
  readonly topic: string
  readonly partitions: number[]
}

/** The same partitions as requests and subscriptions name them: gathered by topic. */
export function byTopic(slots: readonly TopicPartition[]): TopicPartitions[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of slots) {
    const known = topics.get(topic)
    if (known) known.push(partition)
    else topics.set(topic, [partition])
  }
  return Array.from(topics, ([topic, partitions]) => ({ topic, partitions }))
}

/** The opposite. */
export function flatten(
  topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map(partition => ({ topic, partition })),
  )
}
