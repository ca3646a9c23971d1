/**
 * OffsetFetch, versions 1 to 10.
 *
 * - What a group has committed; -1 where it has nothing, for groups that don't exist too.
 * - 2: null topics mean all of them. 7: `requireStable` answers UNSTABLE_OFFSET_COMMIT where an
 *   open transaction may yet change an offset (KIP-447). 8: several groups at once. 9: members of
 *   consumer groups, checked by their epoch (KIP-848). 10: topic ids.
 */
import { OffsetFetch } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../wire/uuid.ts'
import type { AnyGroup, OffsetUser } from '../groups/group.ts'
import { type Context, on } from '../handler.ts'
import { code } from './answers.ts'

type GroupAnswer = NonNullable<ResponseInput<typeof OffsetFetch>['groups']>[number]

interface Wanted {
  readonly groupId: string
  readonly user: OffsetUser
  /** Null for all. */
  readonly topics: readonly WantedTopic[] | null
  readonly requireStable: boolean
}

interface WantedTopic {
  readonly name: string
  readonly topicId: string
  readonly partitionIndexes: readonly number[]
}

export const offsetFetch = on(
  OffsetFetch,
  [1, 10],
  async (request, context) => {
    const { requireStable } = request
    if (context.version >= 8) {
      const groups = request.groups.map(({ groupId, memberId, memberEpoch, topics }) => {
        const user = { memberId, instanceId: null, epoch: memberEpoch }
        return answer({ groupId, user, topics, requireStable }, context)
      })
      return { topics: [], groups }
    }
    const { groupId } = request
    const topics = request.topics?.map(topic => ({ ...topic, topicId: ZERO_UUID })) ?? null
    const user = { memberId: null, instanceId: null, epoch: -1 }
    const group = answer({ groupId, user, topics, requireStable }, context)
    const named = group.topics.map(({ name = '', partitions }) => ({ name, partitions }))
    // Version 1 has no place for an error but at the partitions.
    if (context.version === 1 && group.errorCode !== 0) {
      return { topics: failedTopics(topics ?? [], group.errorCode), groups: [] }
    }
    return { topics: named, errorCode: group.errorCode, groups: [] }
  },
  { fails: 'placed' },
)

function answer(wanted: Wanted, context: Context): GroupAnswer {
  const { groupId } = wanted
  const { groups } = context.cluster
  const group: AnyGroup | undefined = groups.find(groupId)
  const error = groups.coordinatorError(groupId, context.node.id) ?? group?.fetchError(wanted.user)
  if (error) return { groupId, errorCode: code(error), topics: [] }
  const topics = (wanted.topics ?? allTopics(groupId, context)).map(topic =>
    topicAnswer(topic, wanted, context),
  )
  return { groupId, errorCode: 0, topics }
}

function allTopics(groupId: string, { cluster }: Context): WantedTopic[] {
  const table = cluster.groups.offsets.of(groupId)
  const names = table?.topics() ?? []
  return names.flatMap(name => {
    const topicId = cluster.topics.named(name)?.id
    if (topicId === undefined || !table) return []
    return [{ name, topicId, partitionIndexes: table.partitions(name) }]
  })
}

function topicAnswer(
  { name, topicId, partitionIndexes }: WantedTopic,
  { groupId, requireStable }: Wanted,
  { cluster, version, failureOf }: Context,
): GroupAnswer['topics'][number] {
  const { offsets } = cluster.groups
  const topicName = topicId === ZERO_UUID ? name : cluster.topics.withId(topicId)?.name
  const partitions = partitionIndexes.map(partitionIndex => {
    const nothing = { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '' }
    if (topicName === undefined) return { ...nothing, errorCode: code('UNKNOWN_TOPIC_ID') }
    const failure = failureOf(topicName, partitionIndex)
    if (failure) return { ...nothing, errorCode: code(failure) }
    if (requireStable && offsets.isPending(groupId, topicName, partitionIndex)) {
      return { ...nothing, errorCode: code('UNSTABLE_OFFSET_COMMIT') }
    }
    const found = offsets.of(groupId)?.get(topicName, partitionIndex)
    if (!found) return { ...nothing, errorCode: 0 }
    const { offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata } = found
    return { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: 0 }
  })
  return version >= 10 ? { topicId, partitions } : { name: topicName ?? name, partitions }
}

function failedTopics(topics: readonly WantedTopic[], errorCode: number) {
  return topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map(partitionIndex => ({
      partitionIndex,
      committedOffset: -1,
      metadata: '',
      errorCode,
    })),
  }))
}
