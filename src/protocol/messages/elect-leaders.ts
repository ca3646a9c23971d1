import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int8, int32, string, throttle } from '../schema/field.ts'

/** Elects leaders of partitions: preferred (0) or, at the risk of data, unclean (1). */
export const ElectLeaders = api({
  key: 43,
  name: 'ElectLeaders',
  versions: [0, 2],
  flexible: 2,
  route: 'controller',
  request: {
    electionType: int8.since(1),
    /** Null: all partitions. */
    topicPartitions: array({
      topic: string,
      partitions: array(int32),
    }).nullable(),
    timeoutMs: int32.else(60000),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode: errorCode.since(1),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode,
        errorMessage: string.nullable(),
      }),
    }),
  },
})

export interface ElectLeadersRequest extends RequestOf<typeof ElectLeaders> {}
export interface ElectLeadersResponse extends ResponseOf<typeof ElectLeaders> {}
