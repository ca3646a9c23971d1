import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int32, int64, string, throttle } from '../schema/field.ts'

/** Asks where a leader epoch ended, to find out where logs diverged (KIP-101, KIP-320). */
export const OffsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  flexible: 4,
  route: 'leader',
  request: {
    replicaId: int32.since(3).else(-2).ignorable(),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.else(-1),
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: throttle,
    topics: array({
      topic: string,
      partitions: array({
        errorCode,
        partition: int32,
        leaderEpoch: int32.else(-1),
        endOffset: int64.else(-1),
      }),
    }),
  },
})

export interface OffsetForLeaderEpochRequest extends RequestOf<typeof OffsetForLeaderEpoch> {}
export interface OffsetForLeaderEpochResponse extends ResponseOf<typeof OffsetForLeaderEpoch> {}
