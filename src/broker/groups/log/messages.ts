import { versioned } from '../../../protocol/schema/api.ts'
import { array, bytes, int32, int64, string } from '../../../protocol/schema/field.ts'

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

export const ConsumerGroupMetadataKey = versioned('ConsumerGroupMetadataKey', [3, 3], {
  groupId: string,
})

export const ConsumerGroupMetadataValue = versioned(
  'ConsumerGroupMetadataValue',
  [0, 0],
  { epoch: int32 },
  0,
)

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
