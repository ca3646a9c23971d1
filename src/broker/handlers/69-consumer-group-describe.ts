/**
 * ConsumerGroupDescribe, versions 0 and 1 (KIP-848).
 *
 * - Groups of the new protocol with what their members have, and are to have. A group that does not
 *   exist, or is of the classic protocol, is GROUP_ID_NOT_FOUND.
 * - 1: the protocol of each member, which is always the new one here.
 */
import { ConsumerGroupDescribe } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import type { ConsumerGroup } from '../groups/consumer/consumer-group.ts'
import type { ConsumerMember } from '../groups/consumer/member.ts'
import { type PartitionSet, topicPartitions } from '../groups/consumer/partition-set.ts'
import { servingError } from '../groups/serving.ts'
import { type Context, on } from '../handler.ts'
import type { Topics } from '../model/topics.ts'
import { code, GROUP_OPERATIONS, NOT_ASKED } from './answers.ts'

type Answer = ResponseInput<typeof ConsumerGroupDescribe>['groups'][number]

const USES_NEW_PROTOCOL = 1

export const consumerGroupDescribe = on(ConsumerGroupDescribe, [0, 1], async (request, context) => {
  const authorizedOperations = request.includeAuthorizedOperations ? GROUP_OPERATIONS : NOT_ASKED
  return {
    groups: request.groupIds.map(id => ({ ...answer(id, context), authorizedOperations })),
  }
})

function answer(groupId: string, context: Context): Answer {
  const error = servingError(groupId, context)
  const group = error ? undefined : context.cluster.groups.find(groupId)
  if (group?.type === 'consumer') return describe(group, context.cluster.topics)
  const errorMessage = group
    ? `Group ${groupId} is not a consumer group.`
    : `Group ${groupId} not found.`
  return {
    groupId,
    errorCode: code(error ?? 'GROUP_ID_NOT_FOUND'),
    errorMessage: error ? null : errorMessage,
    groupState: '',
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: '',
    members: [],
  }
}

function describe(group: ConsumerGroup, topics: Topics): Answer {
  return {
    errorCode: 0,
    groupId: group.groupId,
    groupState: group.stateName,
    groupEpoch: group.epoch,
    assignmentEpoch: group.targetEpoch,
    assignorName: group.assignor,
    members: group.members().map(member => ({
      ...factsOf(member),
      assignment: assignmentOf(member.assigned, topics),
      targetAssignment: assignmentOf(group.targetOf(member.id), topics),
    })),
  }
}

function factsOf({ id, epoch, facts }: ConsumerMember) {
  return {
    memberId: id,
    instanceId: facts.instanceId,
    rackId: facts.rackId,
    memberEpoch: epoch,
    clientId: facts.clientId,
    clientHost: facts.clientHost,
    subscribedTopicNames: facts.topicNames,
    subscribedTopicRegex: facts.pattern?.text ?? '',
    memberType: USES_NEW_PROTOCOL,
  }
}

/** Topics that are gone have no name any more, and are left out. */
function assignmentOf(places: PartitionSet, topics: Topics) {
  const found = topicPartitions(places).flatMap(({ topicId, partitions }) => {
    const topic = topics.withId(topicId)
    return topic ? [{ topicId, topicName: topic.name, partitions }] : []
  })
  return { topicPartitions: found }
}
