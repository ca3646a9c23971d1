import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int32, int64, string, uint16, uuid } from '../schema/field.ts'

/** Tells of the state of the metadata quorum. */
export const DescribeQuorum = api({
  key: 55,
  name: 'DescribeQuorum',
  versions: [0, 2],
  flexible: 0,
  request: {
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  },
  response: {
    errorCode,
    errorMessage: string.nullable().since(2).ignorable(),
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        errorMessage: string.nullable().since(2).ignorable(),
        leaderId: int32,
        leaderEpoch: int32,
        highWatermark: int64,
        currentVoters: array({
          replicaId: int32,
          replicaDirectoryId: uuid.since(2),
          logEndOffset: int64,
          lastFetchTimestamp: int64.since(1).else(-1).ignorable(),
          lastCaughtUpTimestamp: int64.since(1).else(-1).ignorable(),
        }),
        observers: array({
          replicaId: int32,
          replicaDirectoryId: uuid.since(2),
          logEndOffset: int64,
          lastFetchTimestamp: int64.since(1).else(-1).ignorable(),
          lastCaughtUpTimestamp: int64.since(1).else(-1).ignorable(),
        }),
      }),
    }),
    nodes: array({
      nodeId: int32,
      listeners: array({
        name: string,
        host: string,
        port: uint16,
      }),
    }).since(2),
  },
})

export interface DescribeQuorumRequest extends RequestOf<typeof DescribeQuorum> {}
export interface DescribeQuorumResponse extends ResponseOf<typeof DescribeQuorum> {}
