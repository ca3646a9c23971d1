import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int32, int64, string, throttle, uuid } from '../schema/field.ts'

/** Reads the offsets that groups have committed; from version 8 on, of several groups at once. */
export const OffsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 10],
  flexible: 6,
  route: 'groupCoordinator',
  request: {
    /** One group, up to version 7. */
    groupId: string.until(7),
    /** Up to version 7; null: all of them. */
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    })
      .nullable(2)
      .until(7),
    groups: array({
      groupId: string,
      memberId: string.nullable().since(9).else(null).ignorable(),
      memberEpoch: int32.since(9).else(-1).ignorable(),
      /** Null: all that the group has committed. */
      topics: array({
        name: string.until(9).ignorable(),
        topicId: uuid.since(10).ignorable(),
        partitionIndexes: array(int32),
      }).nullable(),
    }).since(8),
    /** UNSTABLE_OFFSET_COMMIT instead of offsets that an open transaction may change (KIP-447). */
    requireStable: bool.since(7),
  },
  response: {
    throttleTimeMs: throttle.since(3).ignorable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(5).else(-1).ignorable(),
        metadata: string.nullable(),
        errorCode,
      }),
    }).until(7),
    errorCode: errorCode.since(2).until(7).ignorable(),
    groups: array({
      groupId: string,
      topics: array({
        name: string.until(9).ignorable(),
        topicId: uuid.since(10).ignorable(),
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: int32.else(-1),
          metadata: string.nullable(),
          errorCode,
        }),
      }),
      errorCode,
    }).since(8),
  },
})

export interface OffsetFetchRequest extends RequestOf<typeof OffsetFetch> {}
export interface OffsetFetchResponse extends ResponseOf<typeof OffsetFetch> {}
