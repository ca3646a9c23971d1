import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int32, int64, string, throttle, uuid } from '../schema/field.ts'

/** Stores the offsets that a group has consumed up to. */
export const OffsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [2, 10],
  flexible: 8,
  route: 'groupCoordinator',
  request: {
    groupId: string,
    /** -1 for a commit from outside the group. */
    generationIdOrMemberEpoch: int32.else(-1),
    memberId: string,
    groupInstanceId: string.nullable().since(7).else(null),
    retentionTimeMs: int64.until(4).else(-1).ignorable(),
    topics: array({
      name: string.until(9).ignorable(),
      topicId: uuid.since(10).ignorable(),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(6).else(-1).ignorable(),
        committedMetadata: string.nullable(),
      }),
    }),
  },
  response: {
    throttleTimeMs: throttle.since(3).ignorable(),
    topics: array({
      name: string.until(9).ignorable(),
      topicId: uuid.since(10).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode,
      }),
    }),
  },
})

export interface OffsetCommitRequest extends RequestOf<typeof OffsetCommit> {}
export interface OffsetCommitResponse extends ResponseOf<typeof OffsetCommit> {}
