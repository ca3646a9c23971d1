import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bigint64, errorCode, int64, string, throttle } from '../schema/field.ts'

/** Lists the transactions that one broker coordinates. */
export const ListTransactions = api({
  key: 66,
  name: 'ListTransactions',
  versions: [0, 2],
  flexible: 0,
  route: 'chosen',
  request: {
    stateFilters: array(string),
    producerIdFilters: array(bigint64),
    durationFilter: int64.since(1).else(-1),
    transactionalIdPattern: string.nullable().since(2).else(null),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    unknownStateFilters: array(string),
    transactionStates: array({
      transactionalId: string,
      producerId: bigint64,
      transactionState: string,
    }),
  },
})

export interface ListTransactionsRequest extends RequestOf<typeof ListTransactions> {}
export interface ListTransactionsResponse extends ResponseOf<typeof ListTransactions> {}
