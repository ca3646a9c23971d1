import { KafkaError } from '../errors.ts'
import {
  ConsumerGroupDescribe,
  ConsumerProtocolAssignment,
  DescribeGroups,
  decodeVersioned,
  type ResponseOf,
} from '../protocol/index.ts'
import type { Errand } from './errand.ts'
import type { GroupState } from './groups.ts'
import { itemError } from './result.ts'

/** Partitions of one topic. */
export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** What members of both protocols have. */
export interface GroupMemberDescription {
  readonly memberId: string
  /** Its `group.instance.id`, if it is a static member (KIP-345). */
  readonly instanceId: string | null
  readonly clientId: string
  /** Where it comes from, as the broker sees it. */
  readonly host: string
  /** What it is assigned now; empty for members that are no consumers. */
  readonly assignment: readonly TopicPartitions[]
}

/** A group whose members share out the partitions among themselves. */
export interface ClassicGroup {
  readonly type: 'classic'
  readonly name: string
  readonly state: GroupState
  /** The id of its coordinator. */
  readonly coordinator: number
  /** `consumer` for consumers; '' for a group that only keeps offsets. */
  readonly protocolType: string
  /** The assignor in use, such as `range`; '' where there are no members. */
  readonly assignor: string
  readonly members: readonly GroupMemberDescription[]
}

/** A member of a KIP-848 group. */
export interface ConsumerMemberDescription extends GroupMemberDescription {
  readonly memberEpoch: number
  readonly rackId: string | null
  readonly subscribedTopics: readonly string[]
  /** The pattern that it subscribes to, in RE2's syntax. */
  readonly subscribedPattern: string | null
  /** What it shall have once all members have let go of what moves. */
  readonly targetAssignment: readonly TopicPartitions[]
  /** Whether it still speaks the classic protocol; undefined where the broker does not say. */
  readonly isClassic: boolean | undefined
}

/** A group whose coordinator shares out the partitions (KIP-848). */
export interface ConsumerGroup {
  readonly type: 'consumer'
  readonly name: string
  readonly state: GroupState
  readonly coordinator: number
  readonly assignor: string
  readonly groupEpoch: number
  /** Below `groupEpoch` while the new assignment is not made. */
  readonly assignmentEpoch: number
  readonly members: readonly ConsumerMemberDescription[]
}

/** A group, by the protocol that its members speak: `type` tells which. */
export type GroupDescription = ClassicGroup | ConsumerGroup

const GROUP_ID_NOT_FOUND = 69

/**
 * Describes a group: as one of KIP-848 first, and as a classic one where its coordinator has none
 * such or does not know of them. Nothing else tells the two apart on every version of Kafka.
 */
export async function describeGroup(errand: Errand, name: string): Promise<GroupDescription> {
  try {
    return await describeConsumer(errand, name)
  } catch (error) {
    const isOther =
      error instanceof KafkaError &&
      (error.code === 'GROUP_ID_NOT_FOUND' || error.code === 'UNSUPPORTED_VERSION')
    if (!isOther) throw error
    return describeClassic(errand, name)
  }
}

async function describeConsumer(errand: Errand, name: string): Promise<ConsumerGroup> {
  const { groups } = await errand.coordinator(
    'group',
    name,
    ConsumerGroupDescribe,
    { groupIds: [name], includeAuthorizedOperations: false },
    answer => answer.groups[0],
  )
  const group = groups[0]
  if (!group) throw itemError(undefined, { api: ConsumerGroupDescribe.name, group: name })
  return {
    type: 'consumer',
    name,
    state: group.groupState as GroupState,
    coordinator: await errand.cluster.coordinators.find('group', name),
    assignor: group.assignorName,
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    members: group.members.map(consumerMember),
  }
}

type ConsumerMember = ResponseOf<typeof ConsumerGroupDescribe>['groups'][number]['members'][number]

function consumerMember(member: ConsumerMember): ConsumerMemberDescription {
  const { memberId, instanceId, rackId, memberEpoch, clientId, memberType } = member
  const topics = ({ topicPartitions }: ConsumerMember['assignment']) =>
    topicPartitions.map(({ topicName: topic, partitions }) => ({ topic, partitions }))
  return {
    memberId,
    instanceId,
    rackId,
    clientId,
    host: hostOf(member.clientHost),
    memberEpoch,
    subscribedTopics: member.subscribedTopicNames,
    subscribedPattern: member.subscribedTopicRegex || null,
    assignment: topics(member.assignment),
    targetAssignment: topics(member.targetAssignment),
    isClassic: memberType < 0 ? undefined : memberType === 0,
  }
}

async function describeClassic(errand: Errand, name: string): Promise<ClassicGroup> {
  const { groups } = await errand.coordinator(
    'group',
    name,
    DescribeGroups,
    { groups: [name] },
    answer => answer.groups[0],
  )
  const group = groups[0]
  const at = { api: DescribeGroups.name, group: name }
  if (!group) throw itemError(undefined, at)
  // Before version 6 a group that is not there is a dead one.
  if (group.groupState === 'Dead') throw itemError({ errorCode: GROUP_ID_NOT_FOUND }, at)
  return {
    type: 'classic',
    name,
    state: group.groupState as GroupState,
    coordinator: await errand.cluster.coordinators.find('group', name),
    protocolType: group.protocolType,
    assignor: group.protocolData,
    members: group.members.map(member => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: hostOf(member.clientHost),
      assignment: group.protocolType === 'consumer' ? assignmentOf(member.memberAssignment) : [],
    })),
  }
}

/** What the group's leader wrote, if it is what consumers write: it may be any bytes. */
function assignmentOf(bytes: Buffer): TopicPartitions[] {
  if (bytes.length === 0) return []
  try {
    return decodeVersioned(ConsumerProtocolAssignment, bytes).assignedPartitions
  } catch {
    return []
  }
}

/** Brokers write Java's `/127.0.0.1`. */
function hostOf(text: string): string {
  return text.replace(/^\//, '')
}
