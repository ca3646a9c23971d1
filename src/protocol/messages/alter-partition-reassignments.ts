import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int32, string, throttle } from '../schema/field.ts'

/** Moves partitions to other replicas, or cancels such a move (`replicas` null). */
export const AlterPartitionReassignments = api({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: [0, 1],
  flexible: 0,
  route: 'controller',
  request: {
    timeoutMs: int32.else(60000),
    allowReplicationFactorChange: bool.since(1).else(true),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        replicas: array(int32).nullable().else(null),
      }),
    }),
  },
  response: {
    throttleTimeMs: throttle,
    allowReplicationFactorChange: bool.since(1).else(true).ignorable(),
    errorCode,
    errorMessage: string.nullable(),
    responses: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        errorMessage: string.nullable(),
      }),
    }),
  },
})

export interface AlterPartitionReassignmentsRequest
  extends RequestOf<typeof AlterPartitionReassignments> {}
export interface AlterPartitionReassignmentsResponse
  extends ResponseOf<typeof AlterPartitionReassignments> {}
