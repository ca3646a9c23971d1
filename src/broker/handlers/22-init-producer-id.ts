/**
 * InitProducerId, versions 0 to 5.
 *
 * - Without a transactional id: a new producer id with epoch 0, never given out before, restarts
 *   included. Any broker answers.
 * - With one: its coordinator gives the producer id with the next epoch, by which an older producer
 *   is shut out. A transaction that it left open is aborted first: CONCURRENT_TRANSACTIONS, and the
 *   client asks again. An empty id is INVALID_REQUEST, a timeout that is not above 0 or above 15
 *   minutes INVALID_TRANSACTION_TIMEOUT.
 * - 3: a producer names the identity that it holds, to go on with the next epoch (KIP-360). 4: it
 *   is told PRODUCER_FENCED, before that INVALID_PRODUCER_EPOCH.
 */
import { InitProducerId, type InitProducerIdRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { type Context, on } from '../handler.ts'
import { asKnownIn } from '../transactions/versions.ts'
import { code } from './answers.ts'

type Answer = ResponseInput<typeof InitProducerId>

const KNOWS_FENCED = 4

export const initProducerId = on(InitProducerId, [0, 5], async (request, context) => {
  const { transactionalId, producerId, producerEpoch } = request
  if (producerId < 0n !== producerEpoch < 0) return refused(code('INVALID_REQUEST'))
  if (transactionalId !== null) return ofTransaction(transactionalId, request, context)
  return context.cluster.producerIds.take().then(
    fresh => ({ errorCode: 0, producerId: fresh, producerEpoch: 0 }),
    // As Kafka answers while no block of ids is to be had.
    () => refused(code('COORDINATOR_LOAD_IN_PROGRESS')),
  )
})

async function ofTransaction(
  transactionalId: string,
  { transactionTimeoutMs, producerId, producerEpoch }: InitProducerIdRequest,
  { cluster, node, version }: Context,
): Promise<Answer> {
  const { transactions } = cluster
  if (transactionalId === '') return refused(code('INVALID_REQUEST'))
  const error = transactions.coordinatorError(transactionalId, node.id)
  if (error) return refused(code(error))
  const held = producerId < 0n ? undefined : { producerId, producerEpoch }
  const granted = await transactions.init(transactionalId, transactionTimeoutMs, held)
  if (granted.is === 'refused')
    return refused(code(asKnownIn(version, KNOWS_FENCED, granted.error)))
  return { errorCode: 0, producerId: granted.producerId, producerEpoch: granted.producerEpoch }
}

function refused(errorCode: number): Answer {
  return { errorCode, producerEpoch: -1 }
}
