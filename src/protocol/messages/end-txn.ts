import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { bigint64, bool, errorCode, int16, string, throttle } from '../schema/field.ts'

/**
 * Commits or aborts a transaction. From version 5 on the answer brings the next epoch (KIP-890).
 */
export const EndTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: [0, 5],
  flexible: 3,
  route: 'transactionCoordinator',
  request: {
    transactionalId: string,
    producerId: bigint64,
    producerEpoch: int16,
    /** False aborts. */
    committed: bool,
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    producerId: bigint64.since(5).else(-1n).ignorable(),
    producerEpoch: int16.since(5).else(-1).ignorable(),
  },
})

export interface EndTxnRequest extends RequestOf<typeof EndTxn> {}
export interface EndTxnResponse extends ResponseOf<typeof EndTxn> {}
