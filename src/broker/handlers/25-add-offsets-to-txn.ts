/**
 * AddOffsetsToTxn, versions 0 to 4.
 *
 * - Makes the partition that keeps a group's offsets part of a transaction, before TxnOffsetCommit;
 *   clients of KIP-890 leave it out.
 * - 2: PRODUCER_FENCED, before that INVALID_PRODUCER_EPOCH.
 */
import { AddOffsetsToTxn } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { offsetsPartOf } from '../transactions/offsets-part.ts'
import { asKnownIn } from '../transactions/versions.ts'
import { code } from './answers.ts'

const KNOWS_FENCED = 2

export const addOffsetsToTxn = on(AddOffsetsToTxn, [0, 4], async (request, context) => {
  const { transactionalId, groupId } = request
  const { transactions } = context.cluster
  if (transactionalId === '') return { errorCode: code('INVALID_REQUEST') }
  const refusal = transactions.coordinatorError(transactionalId, context.node.id)
  if (refusal) return { errorCode: code(refusal) }
  const { error, stored } = transactions.add(transactionalId, request, [offsetsPartOf(groupId)])
  const lost = await transactions.notKept(transactionalId, stored)
  const told = error ? asKnownIn(context.version, KNOWS_FENCED, error) : lost
  return { errorCode: told ? code(told) : 0 }
})
