import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import {
  array,
  bigint64,
  errorCode,
  int16,
  int32,
  int64,
  string,
  throttle,
} from '../schema/field.ts'

/** Stores the offsets of a group as part of a transaction. */
export const TxnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 5],
  flexible: 3,
  route: 'groupCoordinator',
  request: {
    transactionalId: string,
    groupId: string,
    producerId: bigint64,
    producerEpoch: int16,
    /** With `memberId`: fences a member that has been replaced (KIP-447). */
    generationId: int32.since(3).else(-1),
    memberId: string.since(3),
    groupInstanceId: string.nullable().since(3).else(null),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(2).else(-1).ignorable(),
        committedMetadata: string.nullable(),
      }),
    }),
  },
  response: {
    throttleTimeMs: throttle,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
      }),
    }),
  },
})

export interface TxnOffsetCommitRequest extends RequestOf<typeof TxnOffsetCommit> {}
export interface TxnOffsetCommitResponse extends ResponseOf<typeof TxnOffsetCommit> {}
