import type { Address } from '../net/transport.ts'
import type { Metadata as MetadataApi, ResponseOf } from '../protocol/index.ts'
import { ZERO_UUID } from '../wire/uuid.ts'

export interface BrokerInfo extends Address {
  readonly nodeId: number
  readonly rack: string | null
}

export interface PartitionInfo {
  readonly topic: string
  readonly partition: number
  /** The id of the leader, or -1 while there is none. */
  readonly leader: number
  /** Counts the leaders of this partition (KIP-320), or -1 where the broker does not say. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export interface TopicInfo {
  readonly name: string
  /** The topic's uuid; 22 letters A where the broker does not know ids (before 2.8). */
  readonly id: string
  readonly isInternal: boolean
  readonly partitions: readonly PartitionInfo[]
}

type Answer = ResponseOf<typeof MetadataApi>
type TopicAnswer = Answer['topics'][number]

/** A leader as a Produce or Fetch answer hints at it (KIP-951). */
export interface LeaderHint {
  readonly topic: string
  readonly partition: number
  readonly leader: number
  readonly leaderEpoch: number
}

const UNKNOWN_TOPIC_OR_PARTITION = 3

/**
 * What is known of the cluster: brokers, topics, leaders. Only this file changes it. News of a
 * partition that is older than what is known, by its leader epoch, is not believed.
 */
export class ClusterView {
  clusterId: string | null = null
  controllerId = -1
  readonly brokers = new Map<number, BrokerInfo>()
  readonly topics = new Map<string, TopicInfo>()
  /** Why a topic that was asked for is not in `topics`: Kafka's error code. */
  readonly problems = new Map<string, number>()
  readonly #namesById = new Map<string, string>()

  topicName(id: string): string | undefined {
    return this.#namesById.get(id)
  }

  partition(topic: string, partition: number): PartitionInfo | undefined {
    return this.topics.get(topic)?.partitions[partition]
  }

  /** Takes in an answer to a Metadata request, of so many topics as are dealt with at once. */
  update(answer: Answer): void {
    if (answer.brokers.length > 0) {
      this.brokers.clear()
      for (const { nodeId, host, port, rack } of answer.brokers) {
        this.brokers.set(nodeId, { nodeId, host, port, rack })
      }
    }
    this.clusterId = answer.clusterId
    this.controllerId = answer.controllerId
    for (const topic of answer.topics) this.#updateTopic(topic)
  }

  /** Takes in who leads a partition now, with the address if it is new. True if it was news. */
  hint({ topic, partition, leader, leaderEpoch }: LeaderHint, broker?: BrokerInfo): boolean {
    const info = this.topics.get(topic)
    const known = info?.partitions[partition]
    if (!info || !known || leader < 0 || leaderEpoch <= known.leaderEpoch) return false
    if (broker) this.brokers.set(broker.nodeId, broker)
    if (!this.brokers.has(leader)) return false
    const partitions = info.partitions.with(partition, { ...known, leader, leaderEpoch })
    this.topics.set(topic, { ...info, partitions })
    return true
  }

  forget(topic: string): void {
    const info = this.topics.get(topic)
    if (info) this.#namesById.delete(info.id)
    this.topics.delete(topic)
    this.problems.delete(topic)
  }

  #updateTopic(topic: TopicAnswer): void {
    const { name } = topic
    if (name === null) return
    const known = this.topics.get(name)
    if (topic.errorCode !== 0) {
      this.problems.set(name, topic.errorCode)
      if (topic.errorCode === UNKNOWN_TOPIC_OR_PARTITION && known) this.forget(name)
      return
    }
    this.problems.delete(name)
    const same = known && (known.id === topic.topicId || topic.topicId === ZERO_UUID)
    const partitions: PartitionInfo[] = []
    for (const each of topic.partitions) {
      const before = same ? known.partitions[each.partitionIndex] : undefined
      const news = partitionInfo(name, each)
      partitions[each.partitionIndex] =
        before && news.leaderEpoch !== -1 && news.leaderEpoch < before.leaderEpoch ? before : news
    }
    if (known && !same) this.#namesById.delete(known.id)
    if (topic.topicId !== ZERO_UUID) this.#namesById.set(topic.topicId, name)
    const { topicId: id, isInternal } = topic
    this.topics.set(name, { name, id, isInternal, partitions })
  }
}

function partitionInfo(topic: string, answer: TopicAnswer['partitions'][number]): PartitionInfo {
  return {
    topic,
    partition: answer.partitionIndex,
    leader: answer.leaderId,
    leaderEpoch: answer.leaderEpoch,
    replicas: answer.replicaNodes,
    inSyncReplicas: answer.isrNodes,
    offlineReplicas: answer.offlineReplicas,
  }
}
