import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import {
  array,
  bigint64,
  errorCode,
  int8,
  int32,
  int64,
  records,
  string,
  struct,
  throttle,
  uuid,
} from '../schema/field.ts'

/**
 * Reads record batches from partitions, waiting up to `maxWaitMs` for `minBytes` of them. In a
 * fetch session (KIP-227) a request names only what has changed since the last one.
 */
export const Fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [4, 18],
  flexible: 12,
  route: 'leader',
  request: {
    clusterId: string.nullable().tagged(0, 12).else(null).ignorable(),
    /** -1 for consumers; a follower gives its broker id. */
    replicaId: int32.until(14).else(-1),
    replicaState: struct({
      replicaId: int32.else(-1),
      replicaEpoch: int64.else(-1),
    }).tagged(1, 15),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.else(2147483647),
    /** 0: read_uncommitted, 1: read_committed. */
    isolationLevel: int8,
    sessionId: int32.since(7).ignorable(),
    /** -1 asks for no session, 0 for a new one. */
    sessionEpoch: int32.since(7).else(-1).ignorable(),
    topics: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.since(9).else(-1).ignorable(),
        fetchOffset: int64,
        /** Lets the leader see that the reader's log diverged (KIP-595). */
        lastFetchedEpoch: int32.since(12).else(-1),
        logStartOffset: int64.since(5).else(-1).ignorable(),
        partitionMaxBytes: int32,
        replicaDirectoryId: uuid.tagged(0, 17).ignorable(),
        /** The largest int64 stands for none, hence a bigint. */
        highWatermark: bigint64.tagged(1, 18).else(9223372036854775807n).ignorable(),
      }),
    }),
    /** What the session is to leave out from now on. */
    forgottenTopicsData: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array(int32),
    }).since(7),
    /** Lets the leader name a nearer replica (KIP-392). */
    rackId: string.since(11).ignorable(),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode: errorCode.since(7).ignorable(),
    sessionId: int32.since(7),
    responses: array({
      topic: string.until(12).ignorable(),
      topicId: uuid.since(13).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode,
        highWatermark: int64,
        lastStableOffset: int64.else(-1),
        logStartOffset: int64.since(5).else(-1).ignorable(),
        /** Where the log of the reader left that of the leader. */
        divergingEpoch: struct({
          epoch: int32.else(-1),
          endOffset: int64.else(-1),
        }).tagged(0, 12),
        /** Who leads now, on NOT_LEADER_OR_FOLLOWER (KIP-951). */
        currentLeader: struct({
          leaderId: int32.else(-1),
          leaderEpoch: int32.else(-1),
        }).tagged(1, 12),
        snapshotId: struct({
          endOffset: int64.else(-1),
          epoch: int32.else(-1),
        }).tagged(2, 12),
        /** Whose records to skip under read_committed. */
        abortedTransactions: array({
          producerId: bigint64,
          firstOffset: int64,
        }).nullable(),
        /** A nearer replica to read from, or -1. */
        preferredReadReplica: int32.since(11).else(-1),
        records: records.nullable(),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().else(null),
    }).tagged(0, 16),
  },
})

export interface FetchRequest extends RequestOf<typeof Fetch> {}
export interface FetchResponse extends ResponseOf<typeof Fetch> {}
