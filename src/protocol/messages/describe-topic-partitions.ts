import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int32, string, struct, throttle, uuid } from '../schema/field.ts'

/** Tells of topics and partitions page by page (KIP-966). */
export const DescribeTopicPartitions = api({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: array({
      name: string,
    }),
    responsePartitionLimit: int32.else(2000),
    cursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .nullable()
      .else(null),
  },
  response: {
    throttleTimeMs: throttle,
    topics: array({
      errorCode,
      name: string.nullable(),
      topicId: uuid,
      isInternal: bool,
      partitions: array({
        errorCode,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.else(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: array(int32).nullable().else(null),
        lastKnownElr: array(int32).nullable().else(null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: int32.else(-2147483648),
    }),
    nextCursor: struct({
      topicName: string,
      partitionIndex: int32,
    })
      .nullable()
      .else(null),
  },
})

export interface DescribeTopicPartitionsRequest extends RequestOf<typeof DescribeTopicPartitions> {}
export interface DescribeTopicPartitionsResponse
  extends ResponseOf<typeof DescribeTopicPartitions> {}
