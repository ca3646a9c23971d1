import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int32, string, throttle } from '../schema/field.ts'

/** Lists the moves of partitions that are going on. */
export const ListPartitionReassignments = api({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: [0, 0],
  flexible: 0,
  route: 'controller',
  request: {
    timeoutMs: int32.else(60000),
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    })
      .nullable()
      .else(null),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    errorMessage: string.nullable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
})

export interface ListPartitionReassignmentsRequest
  extends RequestOf<typeof ListPartitionReassignments> {}
export interface ListPartitionReassignmentsResponse
  extends ResponseOf<typeof ListPartitionReassignments> {}
