/**
 * DescribeTransactions, version 0.
 *
 * - Where transactional ids stand, with the partitions of what is open; each is asked of its
 *   coordinator. One that nobody has used is TRANSACTIONAL_ID_NOT_FOUND (KIP-664).
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { DescribeTransactions } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { type Context, on } from '../handler.ts'
import { byTopic } from '../transactions/records.ts'
import { code } from './answers.ts'

type Answer = ResponseInput<typeof DescribeTransactions>['transactionStates'][number]

const NOT_STARTED = -1

export const describeTransactions = on(DescribeTransactions, [0, 0], async (request, context) => ({
  transactionStates: request.transactionalIds.map(id => describe(id, context)),
}))

function describe(transactionalId: string, { cluster, node }: Context): Answer {
  if (transactionalId === '') return failed(transactionalId, 'INVALID_REQUEST')
  const error = cluster.transactions.coordinatorError(transactionalId, node.id)
  if (error) return failed(transactionalId, error)
  const state = cluster.transactions.find(transactionalId)?.state
  if (!state) return failed(transactionalId, 'TRANSACTIONAL_ID_NOT_FOUND')
  const parts = 'parts' in state ? state.parts.values() : []
  return {
    errorCode: 0,
    transactionalId,
    transactionState: state.is,
    transactionTimeoutMs: state.timeoutMs,
    transactionStartTimeMs: 'startMs' in state ? state.startMs : NOT_STARTED,
    producerId: state.producerId,
    producerEpoch: state.producerEpoch,
    topics: byTopic(parts),
  }
}

function failed(transactionalId: string, error: ErrorName): Answer {
  return {
    errorCode: code(error),
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0n,
    producerEpoch: 0,
    topics: [],
  }
}
