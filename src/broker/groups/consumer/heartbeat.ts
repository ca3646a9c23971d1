import type { ErrorName } from '../../../protocol/errors.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/messages/index.ts'
import { assignors } from './assignors.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { AWAY_EPOCH, type ConsumerFacts, type ConsumerMember, LEAVING_EPOCH } from './member.ts'
import { isSame, isWithin, type PartitionSet, partitionSet } from './partition-set.ts'
import type { TopicPattern } from './topic-pattern.ts'

/** Why a heartbeat is refused. */
export interface Refusal {
  readonly error: ErrorName
  readonly message: string
}

/** What a member is told. */
export interface Beaten {
  readonly memberId: string
  readonly memberEpoch: number
  /** What it may have now; undefined where that has not changed. */
  readonly assigned: PartitionSet | undefined
}

/** A member's heartbeat, as the coordinator sees it. */
export interface Beat {
  readonly request: ConsumerGroupHeartbeatRequest
  /** The pattern of the request, compiled; null for none. */
  readonly pattern: TopicPattern | null
  readonly clientId: string
  readonly clientHost: string
  /** The id of a newcomer that brings none. */
  readonly newId: string
}

/** What is wrong with a request, whatever the group; undefined if nothing is. */
export function requestError(request: ConsumerGroupHeartbeatRequest): Refusal | undefined {
  const { memberEpoch, memberId, instanceId, rackId, serverAssignor } = request
  const invalid = (message: string): Refusal => ({ error: 'INVALID_REQUEST', message })
  if (request.groupId === '') return invalid("GroupId can't be empty.")
  if (instanceId === '') return invalid("InstanceId can't be empty.")
  if (rackId === '') return invalid("RackId can't be empty.")
  if (memberEpoch < AWAY_EPOCH) return invalid(`MemberEpoch is ${memberEpoch}, but must be >= -2.`)
  if (memberEpoch !== 0 && memberId === '') return invalid("MemberId can't be empty.")
  if (memberEpoch === AWAY_EPOCH && instanceId === null) return invalid("InstanceId can't be null.")
  if (serverAssignor !== null && !assignors.has(serverAssignor)) {
    const message =
      `ServerAssignor ${serverAssignor} is not supported. ` +
      `Supported assignors: ${[...assignors.keys()].join(', ')}.`
    return { error: 'UNSUPPORTED_ASSIGNOR', message }
  }
  return memberEpoch === 0 ? joinRequestError(request) : undefined
}

function joinRequestError(request: ConsumerGroupHeartbeatRequest): Refusal | undefined {
  const invalid = (message: string): Refusal => ({ error: 'INVALID_REQUEST', message })
  const { rebalanceTimeoutMs, topicPartitions, subscribedTopicNames: names } = request
  if (rebalanceTimeoutMs === -1) {
    return invalid('RebalanceTimeoutMs must be provided in first request.')
  }
  if (topicPartitions === null || topicPartitions.length > 0) {
    return invalid('TopicPartitions must be empty when (re-)joining.')
  }
  const hasNames = names !== null && names.length > 0
  if (hasNames || (request.subscribedTopicRegex ?? '') !== '') return undefined
  return invalid(
    'Either SubscribedTopicNames or SubscribedTopicRegex must be non-empty on joining.',
  )
}

/** A heartbeat of a member that stays. */
export function heartbeat(group: ConsumerGroup, beat: Beat): Beaten | Refusal {
  const { request } = beat
  if (group.isFullFor(request.memberId)) {
    const message = 'The consumer group has reached its maximum capacity of members.'
    return { error: 'GROUP_MAX_SIZE_REACHED', message }
  }
  const owned = request.topicPartitions ? partitionSet(request.topicPartitions) : undefined
  const found = memberOf(group, beat, owned)
  if ('error' in found) return found
  const { member, before } = found
  group.beat(member, owned)
  const { rebalanceTimeoutMs, subscribedTopicNames: names, memberEpoch } = request
  const isFull = rebalanceTimeoutMs !== -1 && names !== null && owned !== undefined
  const isTold = memberEpoch === 0 || isFull || !isSame(before, member.assigned)
  return {
    memberId: member.id,
    memberEpoch: member.epoch,
    assigned: isTold ? member.assigned : undefined,
  }
}

/** A member leaves: for good (-1), or, a static one, until it comes back (-2). */
export function leave(
  group: ConsumerGroup,
  { memberId, instanceId, memberEpoch }: ConsumerGroupHeartbeatRequest,
): Beaten | Refusal {
  const member = instanceId === null ? group.member(memberId) : group.staticMember(instanceId)
  if (!member) return unknown(group, memberId, instanceId)
  if (member.id !== memberId) return fencedInstance(memberId, instanceId, member)
  if (memberEpoch === LEAVING_EPOCH) group.remove(member)
  else if (!member.isAway) group.sendAside(member)
  return { memberId, memberEpoch, assigned: undefined }
}

type Found = { readonly member: ConsumerMember; readonly before: PartitionSet }

function memberOf(
  group: ConsumerGroup,
  beat: Beat,
  owned: PartitionSet | undefined,
): Found | Refusal {
  const { request, newId } = beat
  const { memberEpoch, instanceId } = request
  const id = request.memberId === '' ? newId : request.memberId
  const known = instanceId === null ? group.member(id) : group.staticMember(instanceId)
  const isJoining = memberEpoch === 0
  if (!known) {
    if (!isJoining) return unknown(group, id, instanceId)
    const member = group.add(id, factsOf(beat, undefined))
    return { member, before: member.assigned }
  }
  if (known.id !== id || known.isAway) {
    if (!isJoining) return fencedInstance(id, instanceId, known)
    if (!known.isAway) return unreleased(id, instanceId, known)
    const member = group.replace(known, id, factsOf(beat, known.facts))
    return { member, before: member.assigned }
  }
  const refusal = isJoining ? undefined : epochError(known, memberEpoch, owned)
  if (refusal) return refusal
  group.update(known, factsOf(beat, known.facts))
  return { member: known, before: known.assigned }
}

/** A member one epoch behind may have missed an answer; any other has been left behind. */
function epochError(
  member: ConsumerMember,
  epoch: number,
  owned: PartitionSet | undefined,
): Refusal | undefined {
  if (epoch === member.epoch) return undefined
  const isLate = epoch === member.previousEpoch && owned && isWithin(owned, member.assigned)
  if (epoch < member.epoch && isLate) return undefined
  const message =
    `The consumer group member has a ${epoch > member.epoch ? 'greater' : 'smaller'} member ` +
    `epoch (${epoch}) than the one known by the group coordinator (${member.epoch}). ` +
    'The member must abandon all its partitions and rejoin.'
  return { error: 'FENCED_MEMBER_EPOCH', message }
}

/** What the request says, and where it says nothing, what was known. */
function factsOf(beat: Beat, known: ConsumerFacts | undefined): ConsumerFacts {
  const { request, clientId, clientHost } = beat
  const { rebalanceTimeoutMs, subscribedTopicRegex: regex } = request
  return {
    instanceId: request.instanceId ?? known?.instanceId ?? null,
    rackId: request.rackId ?? known?.rackId ?? null,
    clientId,
    clientHost,
    rebalanceTimeoutMs:
      rebalanceTimeoutMs === -1 ? (known?.rebalanceTimeoutMs ?? -1) : rebalanceTimeoutMs,
    topicNames: request.subscribedTopicNames ?? known?.topicNames ?? [],
    // An empty pattern takes back the one before.
    pattern: regex === null ? (known?.pattern ?? null) : beat.pattern,
    assignor: request.serverAssignor ?? known?.assignor ?? null,
  }
}

function unknown({ groupId }: ConsumerGroup, id: string, instanceId: string | null): Refusal {
  const message =
    instanceId === null
      ? `Member ${id} is not a member of group ${groupId}.`
      : `Instance id ${instanceId} is unknown.`
  return { error: 'UNKNOWN_MEMBER_ID', message }
}

function fencedInstance(id: string, instanceId: string | null, by: ConsumerMember): Refusal {
  const message = `Static member ${id} with instance id ${instanceId} was fenced by ${by.id}.`
  return { error: 'FENCED_INSTANCE_ID', message }
}

function unreleased(id: string, instanceId: string | null, by: ConsumerMember): Refusal {
  const message =
    `Static member ${id} with instance id ${instanceId} cannot join the group because ` +
    `the instance id is owned by ${by.id} member.`
  return { error: 'UNRELEASED_INSTANCE_ID', message }
}
