import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { bigint64, errorCode, int16, int32, string, throttle } from '../schema/field.ts'

/**
 * Asks for an identity with which to produce idempotently. Without a transactional id any broker
 * answers.
 */
export const InitProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexible: 2,
  route: 'transactionCoordinator',
  request: {
    transactionalId: string.nullable(),
    transactionTimeoutMs: int32,
    /** The identity held so far, whose epoch is to be bumped (KIP-360). */
    producerId: bigint64.since(3).else(-1n),
    producerEpoch: int16.since(3).else(-1),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    producerId: bigint64.else(-1n),
    producerEpoch: int16,
  },
})

export interface InitProducerIdRequest extends RequestOf<typeof InitProducerId> {}
export interface InitProducerIdResponse extends ResponseOf<typeof InitProducerId> {}
