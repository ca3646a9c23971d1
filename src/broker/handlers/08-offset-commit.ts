/**
 * OffsetCommit, versions 2 to 10.
 *
 * - From members, of the right generation or epoch; and from outside (generation -1) as long as the
 *   group has no members, which makes a group that has nothing but offsets.
 * - Answered when the offsets are as safe as an acknowledged produce. The retention time of older
 *   versions is ignored, as Kafka 4 does; metadata is bounded by `offset.metadata.max.bytes`.
 * - 7: static members. 9: members of consumer groups (KIP-848). 10: topic ids.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { OffsetCommit, type OffsetCommitRequest } from '../../protocol/messages/index.ts'
import type { AnyGroup, OffsetUser } from '../groups/group.ts'
import type { PartitionOffset } from '../groups/offsets/offset-table.ts'
import { type Context, on } from '../handler.ts'
import { NOT_KEPT } from '../model/internal-topic.ts'
import { code } from './answers.ts'

type Topic = OffsetCommitRequest['topics'][number]

export const offsetCommit = on(
  OffsetCommit,
  [2, 10],
  async (request, context) => {
    const { groupId } = request
    const groupError = commitError(request, context)
    const offsets: PartitionOffset[] = []
    const topics = request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(partition => {
        const judged = judge({ name, topicId }, partition, context)
        const error = typeof judged === 'string' ? judged : groupError
        if (!error && typeof judged !== 'string') offsets.push(judged)
        return { partitionIndex: partition.partitionIndex, errorCode: error ? code(error) : 0 }
      }),
    }))
    try {
      await context.cluster.groups.commit(groupId, offsets)
      return { topics }
    } catch {
      return { topics: topics.map(topic => ({ ...topic, partitions: topic.partitions.map(lost) })) }
    }
  },
  { fails: 'inside' },
)

function lost(partition: { partitionIndex: number; errorCode: number }) {
  return { ...partition, errorCode: partition.errorCode || code(NOT_KEPT) }
}

/** Whether the group takes commits from whoever sent them; a commit keeps a member alive. */
function commitError(request: OffsetCommitRequest, context: Context): ErrorName | undefined {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: epoch } = request
  const { groups } = context.cluster
  const error = groups.coordinatorError(groupId, context.node.id)
  if (error) return error
  const found = groups.find(groupId)
  if (!found && epoch >= 0)
    return context.version >= 9 ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'
  const group: AnyGroup = found ?? groups.classic(groupId)!
  const user: OffsetUser = { memberId, instanceId: groupInstanceId, epoch }
  const refusal = group.commitError(user, context.version)
  if (!refusal) group.commits(user)
  return refusal
}

function judge(
  { name, topicId }: Pick<Topic, 'name' | 'topicId'>,
  partition: Topic['partitions'][number],
  { cluster, version, failureOf }: Context,
): PartitionOffset | ErrorName {
  const { partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata } = partition
  const topic = cluster.topics.find(name, topicId)
  if (!topic) return version >= 10 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
  const failure = failureOf(topic.name, partitionIndex)
  if (failure) return failure
  if (!topic.partitions[partitionIndex]) return 'UNKNOWN_TOPIC_OR_PARTITION'
  const metadata = committedMetadata ?? ''
  const { maxMetadataBytes } = cluster.groups.host.settings
  if (Buffer.byteLength(metadata) > maxMetadataBytes) return 'OFFSET_METADATA_TOO_LARGE'
  return {
    topic: topic.name,
    partition: partitionIndex,
    offset: committedOffset,
    leaderEpoch: committedLeaderEpoch,
    metadata,
    commitMs: cluster.clock.epoch(),
  }
}
