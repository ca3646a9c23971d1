import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import {
  array,
  bigint64,
  errorCode,
  int16,
  int32,
  int64,
  string,
  throttle,
} from '../schema/field.ts'

/** Tells of the state of transactions. */
export const DescribeTransactions = api({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  flexible: 0,
  route: 'transactionCoordinator',
  request: {
    transactionalIds: array(string),
  },
  response: {
    throttleTimeMs: throttle,
    transactionStates: array({
      errorCode,
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int64,
      producerId: bigint64,
      producerEpoch: int16,
      topics: array({
        topic: string,
        partitions: array(int32),
      }),
    }),
  },
})

export interface DescribeTransactionsRequest extends RequestOf<typeof DescribeTransactions> {}
export interface DescribeTransactionsResponse extends ResponseOf<typeof DescribeTransactions> {}
