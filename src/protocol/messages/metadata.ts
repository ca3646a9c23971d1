import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int32, string, throttle, uuid } from '../schema/field.ts'

/** Tells of brokers, topics and who leads their partitions. `topics` null asks for all topics. */
export const Metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexible: 9,
  request: {
    /** Null: all topics. */
    topics: array({
      topicId: uuid.since(10).ignorable(),
      name: string.nullable(10),
    }).nullable(1),
    allowAutoTopicCreation: bool.since(4).else(true),
    includeClusterAuthorizedOperations: bool.since(8).until(10),
    includeTopicAuthorizedOperations: bool.since(8),
  },
  response: {
    throttleTimeMs: throttle.since(3).ignorable(),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().since(1).else(null).ignorable(),
    }),
    clusterId: string.nullable().since(2).else(null).ignorable(),
    controllerId: int32.since(1).else(-1).ignorable(),
    topics: array({
      errorCode,
      name: string.nullable(12),
      topicId: uuid.since(10).ignorable(),
      isInternal: bool.since(1).ignorable(),
      partitions: array({
        errorCode,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.since(7).else(-1).ignorable(),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: array(int32).since(5).ignorable(),
      }),
      /** A bit set; the lowest int32 where it was not asked for. */
      topicAuthorizedOperations: int32.since(8).else(-2147483648),
    }),
    clusterAuthorizedOperations: int32.since(8).until(10).else(-2147483648),
    /** REBOOTSTRAP_REQUIRED asks the client to begin anew (KIP-1102). */
    errorCode: errorCode.since(13).ignorable(),
  },
})

export interface MetadataRequest extends RequestOf<typeof Metadata> {}
export interface MetadataResponse extends ResponseOf<typeof Metadata> {}
