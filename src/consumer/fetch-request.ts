import type { ClusterView } from '../cluster/metadata.ts'
import type { Fetch, RequestInput, ResponseOf } from '../protocol/index.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { FetchSession, SessionStep, Wish } from './fetch-session.ts'
import { slotName } from './group/assignors/assignor.ts'
import type { ConsumerConfig } from './options.ts'
import type { ConsumedPartition } from './partition.ts'

export type FetchAnswer = ResponseOf<typeof Fetch>
export type PartitionAnswer = FetchAnswer['responses'][number]['partitions'][number]

/** A partition in a request, and the generation that it was asked for. */
export interface Asked {
  readonly partition: ConsumedPartition
  readonly generation: number
}

export interface FetchRequest {
  readonly request: RequestInput<typeof Fetch>
  readonly maxVersion: number
  readonly step: SessionStep
}

/** From this version on topics are named by their ids alone (KIP-516). */
const BY_TOPIC_ID = 13
const LATEST = 18
/** The first version that knows sessions (1.1). */
const WITH_SESSIONS = 7
/** The first version in which the leader compares the reader's last epoch with its own log. */
const WITH_EPOCHS = 12
const UNKNOWN_EPOCH = -1

export const isolationLevels = { read_uncommitted: 0, read_committed: 1 } as const

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly maxBytes: number
  /** The version of Fetch that the broker would speak. */
  readonly version: number
}

/** The next fetch of these partitions from one broker, in the session that we have with it. */
export function fetchRequest(
  asked: readonly Asked[],
  config: ConsumerConfig,
  view: ClusterView,
  session: FetchSession,
  { maxWaitMs, maxBytes, version }: FetchLimits,
): FetchRequest {
  const wanted = new Map<string, Wish>()
  let haveIds = true
  for (const { partition } of asked) {
    const wish = wishOf(partition, view, version)
    if (wish.topicId === ZERO_UUID) haveIds = false
    wanted.set(partition.slot, wish)
  }
  const byId = haveIds && version >= BY_TOPIC_ID
  const step = session.next(wanted, byId)
  const request = {
    maxWaitMs,
    minBytes: config.fetchMinBytes,
    maxBytes,
    isolationLevel: isolationLevels[config.isolationLevel],
    sessionId: step.sessionId,
    sessionEpoch: step.sessionEpoch,
    topics: grouped(step.told, wish => ({
      partition: wish.partition,
      currentLeaderEpoch: wish.currentLeaderEpoch,
      fetchOffset: wish.fetchOffset,
      lastFetchedEpoch: wish.lastFetchedEpoch,
      partitionMaxBytes: config.maxPartitionFetchBytes,
    })),
    forgottenTopicsData:
      version < WITH_SESSIONS ? [] : grouped(step.forgotten, wish => wish.partition),
    rackId: config.clientRack ?? '',
  }
  return { request, maxVersion: byId ? LATEST : BY_TOPIC_ID - 1, step }
}

function wishOf(consumed: ConsumedPartition, view: ClusterView, version: number): Wish {
  const { topic, partition, fetchOffset, fetchedEpoch } = consumed
  return {
    topic,
    topicId: view.topics.get(topic)?.id ?? ZERO_UUID,
    partition,
    currentLeaderEpoch: view.partition(topic, partition)?.leaderEpoch ?? UNKNOWN_EPOCH,
    fetchOffset,
    lastFetchedEpoch: version >= WITH_EPOCHS ? fetchedEpoch : UNKNOWN_EPOCH,
  }
}

/** By topic, as a request holds it: by id, too, since one name may stand for two topics. */
function grouped<T>(wishes: readonly Wish[], make: (wish: Wish) => T) {
  const topics = new Map<string, { topic: string; topicId: string; partitions: T[] }>()
  for (const wish of wishes) {
    const { topic, topicId } = wish
    const name = `${topicId}/${topic}`
    const known = topics.get(name)
    if (known) known.partitions.push(make(wish))
    else topics.set(name, { topic, topicId, partitions: [make(wish)] })
  }
  return [...topics.values()]
}

/** The answers by partition, under the names by which they were asked for. */
export function answersBySlot(
  answer: FetchAnswer,
  view: ClusterView,
): Map<string, PartitionAnswer> {
  const found = new Map<string, PartitionAnswer>()
  for (const { topic, topicId, partitions } of answer.responses) {
    const name = topic || view.topicName(topicId)
    if (name === undefined) continue
    for (const each of partitions)
      found.set(slotName({ topic: name, partition: each.partitionIndex }), each)
  }
  return found
}
