import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import {
  array,
  errorCode,
  int16,
  int32,
  int64,
  records,
  string,
  struct,
  throttle,
  uuid,
} from '../schema/field.ts'

/** Appends record batches to partitions. With `acks` 0 the broker answers nothing at all. */
export const Produce = api({
  key: 0,
  name: 'Produce',
  versions: [3, 13],
  flexible: 9,
  route: 'leader',
  request: {
    transactionalId: string.nullable().else(null),
    /** 0: none, 1: the leader, -1: all in-sync replicas. */
    acks: int16,
    timeoutMs: int32,
    topicData: array({
      name: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitionData: array({
        index: int32,
        /** One batch (or more) in format v2, written by reference. */
        records: records.nullable(),
      }),
    }),
  },
  response: {
    responses: array({
      name: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitionResponses: array({
        index: int32,
        errorCode,
        baseOffset: int64,
        /** -1 unless the topic uses LogAppendTime. */
        logAppendTimeMs: int64.else(-1),
        logStartOffset: int64.since(5).else(-1).ignorable(),
        /** The records that made the broker refuse the batch (KIP-467). */
        recordErrors: array({
          batchIndex: int32,
          batchIndexErrorMessage: string.nullable().else(null),
        })
          .since(8)
          .ignorable(),
        errorMessage: string.nullable().since(8).else(null).ignorable(),
        /** Who leads now, on NOT_LEADER_OR_FOLLOWER (KIP-951). */
        currentLeader: struct({
          leaderId: int32.else(-1),
          leaderEpoch: int32.else(-1),
        }).tagged(0, 10),
      }),
    }),
    throttleTimeMs: throttle,
    /** The brokers that `currentLeader` names. */
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().else(null),
    }).tagged(0, 10),
  },
})

export interface ProduceRequest extends RequestOf<typeof Produce> {}
export interface ProduceResponse extends ResponseOf<typeof Produce> {}
