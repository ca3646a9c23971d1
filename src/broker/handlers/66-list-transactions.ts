/**
 * ListTransactions, versions 0 to 2.
 *
 * - The transactional ids that this broker coordinates, by states and producer ids; names of states
 *   that don't exist are told as such (KIP-664).
 * - 1: those that began longer ago than so many milliseconds (KIP-994). 2: those whose whole id
 *   matches a pattern (KIP-1152), else INVALID_REGULAR_EXPRESSION.
 */
import { ListTransactions, type ListTransactionsRequest } from '../../protocol/messages/index.ts'
import { topicPattern } from '../groups/consumer/topic-pattern.ts'
import { on } from '../handler.ts'
import { STATE_NAMES, type TransactionState } from '../transactions/states.ts'
import { code } from './answers.ts'

const NOT_STARTED = -1

export const listTransactions = on(ListTransactions, [0, 2], async (request, { cluster, node }) => {
  const { stateFilters, transactionalIdPattern: text } = request
  const names: readonly string[] = STATE_NAMES
  const unknownStateFilters = stateFilters.filter(name => !names.includes(name))
  const pattern = text === null || text === '' ? ANYTHING : await topicPattern(text)
  if (!pattern) {
    const errorCode = code('INVALID_REGULAR_EXPRESSION')
    return { errorCode, unknownStateFilters: [], transactionStates: [] }
  }
  const nowMs = cluster.clock.epoch()
  const found = cluster.transactions
    .coordinatedBy(node.id)
    .filter(({ transactionalId }) => pattern.matches(transactionalId))
    .filter(({ state }) => isWanted(state, request, nowMs))
  const transactionStates = found.map(({ transactionalId, state }) => ({
    transactionalId,
    producerId: state.producerId,
    transactionState: state.is,
  }))
  return { errorCode: 0, unknownStateFilters, transactionStates }
})

const ANYTHING = { matches: (_transactionalId: string) => true }

function isWanted(
  state: TransactionState,
  { stateFilters, producerIdFilters, durationFilter }: ListTransactionsRequest,
  nowMs: number,
): boolean {
  const startMs = 'startMs' in state ? state.startMs : NOT_STARTED
  return (
    (stateFilters.length === 0 || stateFilters.includes(state.is)) &&
    (producerIdFilters.length === 0 || producerIdFilters.includes(state.producerId)) &&
    (durationFilter < 0 || nowMs - startMs > durationFilter)
  )
}
