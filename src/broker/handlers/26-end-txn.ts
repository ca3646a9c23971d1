/**
 * EndTxn, versions 0 to 5.
 *
 * - Answered when the decision is kept; the markers follow, and until they are written the
 *   transactional id is busy: CONCURRENT_TRANSACTIONS. The same request again, after an answer that
 *   was lost, gets the same answer; the opposite one INVALID_TXN_STATE.
 * - 2: PRODUCER_FENCED, before that INVALID_PRODUCER_EPOCH. 5: brings the identity for the next
 *   transaction, with the next epoch or a new producer id; what touched nothing can be aborted, but
 *   not committed (KIP-890).
 */
import { EndTxn } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { asKnownIn } from '../transactions/versions.ts'
import { code } from './answers.ts'

const KNOWS_FENCED = 2
const BUMPS_EPOCH = 5

export const endTxn = on(EndTxn, [0, 5], async (request, { cluster, node, version }) => {
  const { transactionalId, committed } = request
  if (transactionalId === '') return { errorCode: code('INVALID_REQUEST') }
  const error = cluster.transactions.coordinatorError(transactionalId, node.id)
  if (error) return { errorCode: code(error) }
  const bumpsEpoch = version >= BUMPS_EPOCH
  const granted = await cluster.transactions.end(transactionalId, request, {
    committed,
    bumpsEpoch,
  })
  if (granted.is === 'refused') {
    return { errorCode: code(asKnownIn(version, KNOWS_FENCED, granted.error)) }
  }
  const { producerId, producerEpoch } = granted
  return { errorCode: 0, ...(bumpsEpoch && { producerId, producerEpoch }) }
})
