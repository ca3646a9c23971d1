import { BrokerError } from '../errors.ts'
import { errorByCode } from '../protocol/errors.ts'
import { OffsetCommit, OffsetDelete, OffsetFetch, type RequestInput } from '../protocol/index.ts'
import { byTopic } from './at-leaders.ts'
import type { Errand } from './errand.ts'
import type { GroupOffset } from './groups.ts'
import {
  failed,
  type ItemAnswer,
  type ItemResult,
  itemResult,
  mustBeOffset,
  settled,
  type TopicPartition,
} from './result.ts'

/** From version 10 on topics go by their ids, of which a group that has lost a topic knows none. */
const BY_NAME = { maxVersion: 9 }
const SEVERAL_GROUPS = 8
const REQUIRE_STABLE = 7

/** The offsets of a group: of all its partitions, where none are named. */
export async function listOffsetsOf(
  errand: Errand,
  group: string,
  partitions?: readonly TopicPartition[],
): Promise<Required<GroupOffset>[]> {
  const request = await fetchRequest(errand, group, partitions)
  const answer = await errand.coordinator(
    'group',
    group,
    OffsetFetch,
    request,
    each => each.groups[0] ?? firstProblem(each.topics),
    BY_NAME,
  )
  const topics = answer.groups[0]?.topics ?? answer.topics
  return topics
    .flatMap(({ name: topic, partitions: found }) =>
      found.map(({ partitionIndex: partition, errorCode, ...each }) => {
        const at = { api: OffsetFetch.name, topic, partition, group }
        if (errorCode !== 0) throw new BrokerError(errorCode, at)
        const { committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata } = each
        return { topic, partition, offset, leaderEpoch, metadata: metadata ?? '' }
      }),
    )
    .filter(({ offset }) => offset >= 0)
    .sort(byPlace)
}

export function byPlace(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}

/** A broker of before 3.0 takes one group at a time, of before 2.5 no wish for stable offsets. */
async function fetchRequest(
  errand: Errand,
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
): Promise<RequestInput<typeof OffsetFetch>> {
  const topics =
    partitions === undefined
      ? null
      : [...byTopic(partitions)].map(([name, slots]) => ({
          name,
          partitionIndexes: slots.map(({ partition }) => partition),
        }))
  const connection = await errand.cluster.brokers.any()
  const version = connection.versionOf(OffsetFetch, BY_NAME.maxVersion) ?? BY_NAME.maxVersion
  const requireStable = version >= REQUIRE_STABLE
  return version < SEVERAL_GROUPS
    ? { groupId, topics, requireStable }
    : { groups: [{ groupId, topics }], requireStable }
}

/** Makes a group go on from other offsets: one result each, in order. */
export async function alterOffsets(
  errand: Errand,
  groupId: string,
  offsets: readonly GroupOffset[],
): Promise<ItemResult<void, TopicPartition>[]> {
  for (const { topic, partition, offset } of offsets) mustBeOffset(offset, topic, partition)
  const topics = [...byTopic(offsets)].map(([name, slots]) => ({
    name,
    partitions: slots.map(({ partition, offset, leaderEpoch = -1, metadata = '' }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: leaderEpoch,
      committedMetadata: metadata,
    })),
  }))
  const request = { groupId, memberId: '', topics }
  const asked = await settled(
    {},
    errand.coordinator(
      'group',
      groupId,
      OffsetCommit,
      request,
      answer => movedIn(answer.topics),
      BY_NAME,
    ),
  )
  return perPartition(offsets, OffsetCommit.name, groupId, asked)
}

/** Forgets offsets of a group: one result each, in order. */
export async function deleteOffsets(
  errand: Errand,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<ItemResult<void, TopicPartition>[]> {
  const topics = [...byTopic(partitions)].map(([name, slots]) => ({
    name,
    partitions: slots.map(({ partition: partitionIndex }) => ({ partitionIndex })),
  }))
  const request = { groupId, topics }
  const asked = await settled(
    {},
    errand.coordinator('group', groupId, OffsetDelete, request, answer => movedIn(answer.topics)),
  )
  return perPartition(partitions, OffsetDelete.name, groupId, asked)
}

interface TopicAnswer {
  readonly name: string
  readonly partitions: readonly (ItemAnswer & { readonly partitionIndex: number })[]
}

/** An answer that comes to nothing fails every partition alike. */
function perPartition(
  slots: readonly TopicPartition[],
  api: string,
  group: string,
  asked: ItemResult<{ readonly topics: readonly TopicAnswer[] }, object>,
): ItemResult<void, TopicPartition>[] {
  return slots.map(({ topic, partition }) => {
    const item = { topic, partition }
    if (asked.is === 'failed') return failed(item, asked.error)
    const answer = asked.value.topics
      .find(({ name }) => name === topic)
      ?.partitions.find(({ partitionIndex }) => partitionIndex === partition)
    return itemResult(item, answer, { api, topic, partition, group }, undefined)
  })
}

/**
 * The error that stands with every partition where the coordinator is another or not ready: then
 * all of it must be asked again. Other errors are the partition's own.
 */
function movedIn(topics: readonly TopicAnswer[]): ItemAnswer | undefined {
  return topics
    .flatMap(({ partitions }) => partitions)
    .find(({ errorCode }) => isOfCoordinator(errorCode))
}

const ofCoordinator = [
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
]

function isOfCoordinator(errorCode: number): boolean {
  return ofCoordinator.includes(errorByCode(errorCode).name)
}

function firstProblem(topics: readonly TopicAnswer[]): ItemAnswer | undefined {
  return topics.flatMap(({ partitions }) => partitions).find(({ errorCode }) => errorCode !== 0)
}
