import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { bigint64, errorCode, int16, string, throttle } from '../schema/field.ts'

/** Adds a group's committed offsets to a transaction. */
export const AddOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  flexible: 3,
  route: 'transactionCoordinator',
  request: {
    transactionalId: string,
    producerId: bigint64,
    producerEpoch: int16,
    groupId: string,
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
  },
})

export interface AddOffsetsToTxnRequest extends RequestOf<typeof AddOffsetsToTxn> {}
export interface AddOffsetsToTxnResponse extends ResponseOf<typeof AddOffsetsToTxn> {}
