import type { Cluster } from '../cluster/cluster.ts'
import {
  CreatePartitions,
  CreateTopics,
  DeleteTopics,
  Metadata,
  type ResponseOf,
} from '../protocol/index.ts'
import { askController } from './ask-controller.ts'
import { type ItemResult, itemResult, unanswered } from './result.ts'

/** A topic to be made; what is left out is the cluster's default. */
export interface NewTopic {
  readonly name: string
  readonly partitions?: number | undefined
  readonly replicationFactor?: number | undefined
  /** Topic settings under Kafka's names, such as `cleanup.policy`. */
  readonly config?: Readonly<Record<string, string>> | undefined
}

/** A topic as the cluster tells of it. */
export interface TopicDescription {
  readonly name: string
  /** Its uuid, in Kafka's spelling; 22 letters A from a broker that knows no ids (before 2.8). */
  readonly id: string
  /** Whether it belongs to Kafka itself, such as `__consumer_offsets`. */
  readonly internal: boolean
  readonly partitions: readonly PartitionDescription[]
}

export interface PartitionDescription {
  readonly partition: number
  /** The id of the leading broker; -1 while there is none. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly offlineReplicas: readonly number[]
}

/** Makes topics: one result each, in order. `validateOnly` only says what would happen. */
export async function createTopics(
  cluster: Cluster,
  topics: readonly NewTopic[],
  { validateOnly = false } = {},
): Promise<ItemResult<void>[]> {
  const request = {
    topics: topics.map(({ name, partitions = -1, replicationFactor = -1, config = {} }) => ({
      name,
      numPartitions: partitions,
      replicationFactor,
      assignments: [],
      configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
    })),
    timeoutMs: cluster.config.requestTimeoutMs,
    validateOnly,
  }
  const answer = await askController(cluster, CreateTopics, request, each =>
    each.topics.map(topic => topic.errorCode),
  )
  return inOrder('CreateTopics', topics, answer.topics)
}

/** Deletes topics and all that is in them: one result each, in order. */
export async function deleteTopics(
  cluster: Cluster,
  names: readonly string[],
): Promise<ItemResult<void>[]> {
  const request = { topicNames: names, timeoutMs: cluster.config.requestTimeoutMs }
  // From version 6 on topics may be named by their ids, which nobody does here.
  const answer = await askController(
    cluster,
    DeleteTopics,
    request,
    each => each.responses.map(topic => topic.errorCode),
    5,
  )
  const topics = names.map(name => ({ name }))
  return inOrder('DeleteTopics', topics, answer.responses)
}

/** Gives topics more partitions, up to the count that is named: one result each, in order. */
export async function createPartitions(
  cluster: Cluster,
  topics: readonly { readonly name: string; readonly count: number }[],
  { validateOnly = false } = {},
): Promise<ItemResult<void>[]> {
  const request = {
    topics: topics.map(({ name, count }) => ({ name, count, assignments: null })),
    timeoutMs: cluster.config.requestTimeoutMs,
    validateOnly,
  }
  const answer = await askController(cluster, CreatePartitions, request, each =>
    each.results.map(topic => topic.errorCode),
  )
  return inOrder('CreatePartitions', topics, answer.results)
}

/** All topics that this user may see, sorted by name, without Kafka's own unless asked for. */
export async function listTopics(
  cluster: Cluster,
  { internal = false } = {},
): Promise<TopicDescription[]> {
  const answer = await cluster.call(Metadata, { topics: null, allowAutoTopicCreation: false })
  return answer.topics
    .filter(topic => topic.errorCode === 0 && (internal || !topic.isInternal))
    .map(topic => description(topic.name ?? '', topic))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Topics by name with their partitions; none is created by asking. One result each, in order. */
export async function describeTopics(
  cluster: Cluster,
  names: readonly string[],
): Promise<ItemResult<TopicDescription>[]> {
  const topics = names.map(name => ({ name }))
  const answer = await cluster.call(Metadata, { topics, allowAutoTopicCreation: false })
  const byName = new Map(answer.topics.map(topic => [topic.name, topic]))
  return names.map(name => {
    const topic = byName.get(name)
    if (!topic) return unanswered(name, { api: 'Metadata', topic: name })
    return itemResult(name, topic, { topic: name }, () => description(name, topic))
  })
}

type TopicAnswer = ResponseOf<typeof Metadata>['topics'][number]

function description(name: string, topic: TopicAnswer): TopicDescription {
  const partitions = topic.partitions.map(each => ({
    partition: each.partitionIndex,
    leader: each.leaderId,
    replicas: each.replicaNodes,
    inSyncReplicas: each.isrNodes,
    offlineReplicas: each.offlineReplicas,
  }))
  partitions.sort((a, b) => a.partition - b.partition)
  return { name, id: topic.topicId, internal: topic.isInternal, partitions }
}

interface Named {
  readonly name: string | null
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** Kafka answers in an order of its own; the results stand in the order of the question. */
function inOrder(
  api: string,
  asked: readonly { readonly name: string }[],
  answers: readonly Named[],
): ItemResult<void>[] {
  const byName = new Map(answers.map(each => [each.name, each]))
  return asked.map(({ name }) => {
    const answer = byName.get(name)
    if (!answer) return unanswered(name, { api, topic: name })
    return itemResult(name, answer, { api, topic: name }, () => undefined)
  })
}
