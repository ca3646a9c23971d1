import type { ClusterView } from '../cluster/metadata.ts'
import type { Fetch, RequestInput, ResponseOf } from '../protocol/index.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { ConsumerConfig } from './options.ts'
import type { ConsumedPartition } from './partition.ts'

export type FetchAnswer = ResponseOf<typeof Fetch>
export type PartitionAnswer = FetchAnswer['responses'][number]['partitions'][number]

/** A partition in a request, and the generation and offset that it was asked for. */
export interface Asked {
  readonly partition: ConsumedPartition
  readonly generation: number
  readonly offset: number
}

export interface FetchRequest {
  readonly request: RequestInput<typeof Fetch>
  readonly maxVersion: number
}

/** From this version on topics are named by their ids alone (KIP-516). */
const BY_TOPIC_ID = 13
const LATEST = 18

export const isolationLevels = { read_uncommitted: 0, read_committed: 1 } as const

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly maxBytes: number
  /** Whether the broker's version of Fetch looks for truncation (2.7 and later). */
  readonly tellsEpochs: boolean
}

/** The first version in which the leader compares the reader's last epoch with its own log. */
export const WITH_EPOCHS = 12

export function fetchRequest(
  asked: readonly Asked[],
  config: ConsumerConfig,
  view: ClusterView,
  limits: FetchLimits,
): FetchRequest {
  const topics = new Map<string, Asked[]>()
  for (const each of asked) {
    const known = topics.get(each.partition.topic)
    if (known) known.push(each)
    else topics.set(each.partition.topic, [each])
  }
  let allHaveIds = true
  const named = []
  for (const [topic, list] of topics) {
    const topicId = view.topics.get(topic)?.id ?? ZERO_UUID
    if (topicId === ZERO_UUID) allHaveIds = false
    named.push({
      topic,
      topicId,
      partitions: list.map(each => ({
        ...asking(each, config, view),
        ...(limits.tellsEpochs && { lastFetchedEpoch: each.partition.fetchedEpoch }),
      })),
    })
  }
  const request = {
    maxWaitMs: limits.maxWaitMs,
    minBytes: config.fetchMinBytes,
    maxBytes: limits.maxBytes,
    isolationLevel: isolationLevels[config.isolationLevel],
    sessionId: 0,
    topics: named,
    forgottenTopicsData: [],
    rackId: config.clientRack ?? '',
  }
  return { request, maxVersion: allHaveIds ? LATEST : BY_TOPIC_ID - 1 }
}

function asking({ partition, offset }: Asked, config: ConsumerConfig, view: ClusterView) {
  const known = view.partition(partition.topic, partition.partition)
  return {
    partition: partition.partition,
    currentLeaderEpoch: known?.leaderEpoch ?? -1,
    fetchOffset: offset,
    partitionMaxBytes: config.maxPartitionFetchBytes,
  }
}

/** The answers by partition; brokers answer in the order in which they were asked, mostly. */
export function* answersOf(
  asked: readonly Asked[],
  answer: FetchAnswer,
  view: ClusterView,
): Generator<[Asked, PartitionAnswer], void, undefined> {
  const byName = new Map<string, Asked>()
  for (const each of asked) byName.set(`${each.partition.partition}/${each.partition.topic}`, each)
  for (const { topic, topicId, partitions } of answer.responses) {
    const name = topic || view.topicName(topicId)
    for (const partition of partitions) {
      const found = byName.get(`${partition.partitionIndex}/${name}`)
      if (found) yield [found, partition]
    }
  }
}
