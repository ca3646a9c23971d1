import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int8, int32, int64, string, throttle } from '../schema/field.ts'

/**
 * Finds the offset at a time, or the earliest (-2) or latest (-1) offset, of partitions. Other
 * negative timestamps ask for the highest timestamp (-3, KIP-734) and for tiered storage.
 */
export const ListOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 11],
  flexible: 6,
  route: 'leader',
  request: {
    /** -1 for clients. */
    replicaId: int32,
    /** 1 (read_committed) makes the last stable offset the latest. */
    isolationLevel: int8.since(2),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: int32.since(4).else(-1).ignorable(),
        /** In ms; -1: latest, -2: earliest, -3: highest timestamp. */
        timestamp: int64,
      }),
    }),
    timeoutMs: int32.since(10).ignorable(),
  },
  response: {
    throttleTimeMs: throttle.since(2).ignorable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        timestamp: int64.else(-1),
        /** -1: no record is as late as the timestamp. */
        offset: int64.else(-1),
        leaderEpoch: int32.since(4).else(-1),
      }),
    }),
  },
})

export interface ListOffsetsRequest extends RequestOf<typeof ListOffsets> {}
export interface ListOffsetsResponse extends ResponseOf<typeof ListOffsets> {}
