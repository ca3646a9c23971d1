import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bigint64, errorCode, int32, int64, string, throttle } from '../schema/field.ts'

/** Lists the producers that partitions know of, with their open transactions. */
export const DescribeProducers = api({
  key: 61,
  name: 'DescribeProducers',
  versions: [0, 0],
  flexible: 0,
  route: 'leader',
  request: {
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    }),
  },
  response: {
    throttleTimeMs: throttle,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
        errorMessage: string.nullable().else(null),
        activeProducers: array({
          producerId: bigint64,
          producerEpoch: int32,
          lastSequence: int32.else(-1),
          lastTimestamp: int64.else(-1),
          coordinatorEpoch: int32,
          currentTxnStartOffset: int64.else(-1),
        }),
      }),
    }),
  },
})

export interface DescribeProducersRequest extends RequestOf<typeof DescribeProducers> {}
export interface DescribeProducersResponse extends ResponseOf<typeof DescribeProducers> {}
