import { versioned } from '../../../protocol/schema/api.ts'
import {
  array,
  bigint64,
  bytes,
  int8,
  int32,
  int64,
  string,
  uuid,
} from '../../../protocol/schema/field.ts'

/**
 * The records of the offsets' log, as Kafka writes them, so that Kafka's own tools can read ours.
 * Each key begins with a number that tells what kind of record it is.
 */
export const OffsetCommitKey = versioned('OffsetCommitKey', [0, 1], {
  group: string,
  topic: string,
  partition: int32,
})

export const OffsetCommitValue = versioned('OffsetCommitValue', [0, 3], {
  offset: int64,
  leaderEpoch: int32.since(3).else(-1).ignorable(),
  metadata: string,
  commitTimestamp: int64,
  expireTimestamp: int64.since(1).until(1).else(-1).ignorable(),
})

export const GroupMetadataKey = versioned('GroupMetadataKey', [2, 2], { group: string })

export const GroupMetadataValue = versioned('GroupMetadataValue', [0, 3], {
  protocolType: string,
  generation: int32,
  protocol: string.nullable(),
  leader: string.nullable(),
  currentStateTimestamp: int64.since(2).else(-1).ignorable(),
  members: array({
    memberId: string,
    groupInstanceId: string.nullable().since(3).else(null).ignorable(),
    clientId: string,
    clientHost: string,
    rebalanceTimeout: int32.since(1).ignorable(),
    sessionTimeout: int32,
    subscription: bytes,
    assignment: bytes,
  }),
})

// Groups of the new protocol (KIP-848): the number before a key is its kind, there is one version.

const ofGroup = { groupId: string }
const ofMember = { groupId: string, memberId: string }
const partitionsByTopic = array({ topicId: uuid, partitions: array(int32) })

export const ConsumerGroupMetadataKey = versioned('ConsumerGroupMetadataKey', [3, 3], ofGroup)

export const ConsumerGroupMetadataValue = versioned(
  'ConsumerGroupMetadataValue',
  [0, 0],
  { epoch: int32, metadataHash: bigint64.tagged(0, 0).else(0n) },
  0,
)

export const ConsumerGroupMemberMetadataKey = versioned(
  'ConsumerGroupMemberMetadataKey',
  [5, 5],
  ofMember,
)

export const ConsumerGroupMemberMetadataValue = versioned(
  'ConsumerGroupMemberMetadataValue',
  [0, 0],
  {
    instanceId: string.nullable(),
    rackId: string.nullable(),
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
    subscribedTopicRegex: string.nullable(),
    rebalanceTimeoutMs: int32.else(-1),
    serverAssignor: string.nullable(),
  },
  0,
)

export const ConsumerGroupTargetAssignmentMetadataKey = versioned(
  'ConsumerGroupTargetAssignmentMetadataKey',
  [6, 6],
  ofGroup,
)

export const ConsumerGroupTargetAssignmentMetadataValue = versioned(
  'ConsumerGroupTargetAssignmentMetadataValue',
  [0, 0],
  { assignmentEpoch: int32 },
  0,
)

export const ConsumerGroupTargetAssignmentMemberKey = versioned(
  'ConsumerGroupTargetAssignmentMemberKey',
  [7, 7],
  ofMember,
)

export const ConsumerGroupTargetAssignmentMemberValue = versioned(
  'ConsumerGroupTargetAssignmentMemberValue',
  [0, 0],
  { topicPartitions: partitionsByTopic },
  0,
)

export const ConsumerGroupCurrentMemberAssignmentKey = versioned(
  'ConsumerGroupCurrentMemberAssignmentKey',
  [8, 8],
  ofMember,
)

export const ConsumerGroupCurrentMemberAssignmentValue = versioned(
  'ConsumerGroupCurrentMemberAssignmentValue',
  [0, 0],
  {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    assignedPartitions: partitionsByTopic,
    partitionsPendingRevocation: partitionsByTopic,
  },
  0,
)
