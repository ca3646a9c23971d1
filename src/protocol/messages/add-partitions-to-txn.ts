import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import {
  array,
  bigint64,
  bool,
  errorCode,
  int16,
  int32,
  string,
  throttle,
} from '../schema/field.ts'

/**
 * Adds partitions to a transaction before anything is produced to them. From version 4 on only
 * brokers send it, for several transactions at once.
 */
export const AddPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 5],
  flexible: 3,
  route: 'transactionCoordinator',
  request: {
    /** What brokers send. */
    transactions: array({
      transactionalId: string,
      producerId: bigint64,
      producerEpoch: int16,
      verifyOnly: bool,
      topics: array({
        name: string,
        partitions: array(int32),
      }),
    }).since(4),
    /** What clients send. */
    v3AndBelowTransactionalId: string.until(3),
    v3AndBelowProducerId: bigint64.until(3),
    v3AndBelowProducerEpoch: int16.until(3),
    v3AndBelowTopics: array({
      name: string,
      partitions: array(int32),
    }).until(3),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode: errorCode.since(4).ignorable(),
    resultsByTransaction: array({
      transactionalId: string,
      topicResults: array({
        name: string,
        resultsByPartition: array({
          partitionIndex: int32,
          partitionErrorCode: errorCode,
        }),
      }),
    }).since(4),
    resultsByTopicV3AndBelow: array({
      name: string,
      resultsByPartition: array({
        partitionIndex: int32,
        partitionErrorCode: errorCode,
      }),
    }).until(3),
  },
})

export interface AddPartitionsToTxnRequest extends RequestOf<typeof AddPartitionsToTxn> {}
export interface AddPartitionsToTxnResponse extends ResponseOf<typeof AddPartitionsToTxn> {}
