/**
 * ConsumerGroupHeartbeat, versions 0 and 1 (KIP-848).
 *
 * - Epoch 0 joins, -1 leaves, -2 leaves for a while as a static member. The coordinator assigns
 *   (assignors uniform, the default, and range); a partition goes to its new owner when the old one
 *   says that it has given it up, or has been put out for taking longer than its rebalance timeout.
 * - FENCED_MEMBER_EPOCH for an epoch that is not the member's, UNRELEASED_INSTANCE_ID for a static
 *   member whose other self is still there.
 * - A group of the classic protocol that has members is not converted: GROUP_ID_NOT_FOUND, as Kafka
 *   answers where its migration policy forbids it.
 * - 1: a pattern in RE2/J's syntax (INVALID_REGULAR_EXPRESSION), and ids made by the client.
 */
import {
  ConsumerGroupHeartbeat,
  type ConsumerGroupHeartbeatRequest,
} from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import {
  type Beat,
  type Beaten,
  heartbeat,
  leave,
  type Refusal,
  requestError,
} from '../groups/consumer/heartbeat.ts'
import { topicPartitions } from '../groups/consumer/partition-set.ts'
import { topicPattern } from '../groups/consumer/topic-pattern.ts'
import { clientHostOf } from '../groups/serving.ts'
import { type Context, on } from '../handler.ts'
import { randomUuid } from '../model/topics.ts'
import { code } from './answers.ts'

type Answer = ResponseInput<typeof ConsumerGroupHeartbeat>

export const consumerGroupHeartbeat = on(
  ConsumerGroupHeartbeat,
  [0, 1],
  async (request, context) => {
    const refusal = requestError(request)
    if (refusal) return refused(refusal)
    const { subscribedTopicRegex: regex } = request
    const pattern = regex === null || regex === '' ? null : await topicPattern(regex)
    if (pattern === undefined) {
      const message = `SubscribedTopicRegex \`${regex}\` is not a valid regular expression.`
      return refused({ error: 'INVALID_REGULAR_EXPRESSION', message })
    }
    const outcome = beat(request, context, {
      request,
      pattern,
      clientId: context.clientId ?? '',
      clientHost: clientHostOf(context),
      newId: randomUuid(context.cluster.settings.random),
    })
    if ('error' in outcome) return refused(outcome)
    const { groupId } = request
    const lost = await context.cluster.groups.saved(groupId)
    if (lost) return refused({ error: lost, message: `Group ${groupId} can't be kept.` })
    return told(outcome, request.groupId, context)
  },
)

function beat(
  request: ConsumerGroupHeartbeatRequest,
  { cluster, node, version }: Context,
  details: Beat,
): Beaten | Refusal {
  const { groupId, memberEpoch, memberId } = request
  const { groups } = cluster
  const error = groups.coordinatorError(groupId, node.id)
  if (error) return { error, message: `broker ${node.id} does not coordinate group ${groupId}` }
  if (version >= 1 && memberId === '') {
    return { error: 'INVALID_REQUEST', message: "MemberId can't be empty." }
  }
  const found = groups.find(groupId)
  if (memberEpoch === 0) {
    const group = groups.consumer(groupId)
    if (group) return heartbeat(group, details)
  } else if (found?.type === 'consumer') {
    return memberEpoch < 0 ? leave(found, request) : heartbeat(found, details)
  }
  const message = found
    ? `Group ${groupId} is not a consumer group.`
    : `Consumer group ${groupId} not found.`
  return { error: 'GROUP_ID_NOT_FOUND', message }
}

function told(
  { memberId, memberEpoch, assigned }: Beaten,
  groupId: string,
  { cluster }: Context,
): Answer {
  return {
    errorCode: 0,
    memberId,
    memberEpoch,
    heartbeatIntervalMs: cluster.groups.host.settingsOf(groupId).consumerHeartbeatMs,
    assignment: assigned ? { topicPartitions: topicPartitions(assigned) } : null,
  }
}

function refused({ error, message }: Refusal): Answer {
  return { errorCode: code(error), errorMessage: message, memberEpoch: 0, heartbeatIntervalMs: 0 }
}
