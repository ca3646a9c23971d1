import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int8, int32, string, throttle } from '../schema/field.ts'

/** Tells the id, the controller and the brokers of the cluster. */
export const DescribeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 2],
  flexible: 0,
  request: {
    includeClusterAuthorizedOperations: bool,
    /** 1: brokers, 2: controllers (KIP-919). */
    endpointType: int8.since(1).else(1),
    includeFencedBrokers: bool.since(2),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    errorMessage: string.nullable().else(null),
    endpointType: int8.since(1).else(1),
    clusterId: string,
    controllerId: int32.else(-1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: string.nullable().else(null),
      isFenced: bool.since(2),
    }),
    clusterAuthorizedOperations: int32.else(-2147483648),
  },
})

export interface DescribeClusterRequest extends RequestOf<typeof DescribeCluster> {}
export interface DescribeClusterResponse extends ResponseOf<typeof DescribeCluster> {}
