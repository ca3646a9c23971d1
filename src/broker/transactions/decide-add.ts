import type { ErrorName } from '../../protocol/errors.ts'
import {
  identityOf,
  isPrepared,
  type Ongoing,
  partitionKey,
  type TopicPartition,
  type TransactionState,
} from './states.ts'

export interface AddQuestion {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly parts: readonly TopicPartition[]
  readonly nowMs: number
}

export type AddVerdict =
  | { readonly is: 'refused'; readonly error: ErrorName }
  /** All of them were there. */
  | { readonly is: 'known' }
  | { readonly is: 'added'; readonly state: Ongoing }

/** Whether partitions may become part of a transaction, which the first of them begins. */
export function decideAdd(state: TransactionState, question: AddQuestion): AddVerdict {
  // Before all else: the producer may be right about the identity that it will have by then.
  if (isPrepared(state)) return { is: 'refused', error: 'CONCURRENT_TRANSACTIONS' }
  const error = userError(state, question)
  if (error) return { is: 'refused', error }
  const { parts: added, nowMs: updatedMs } = question
  const [known, startMs] =
    state.is === 'Ongoing' ? [state.parts, state.startMs] : [new Map(), updatedMs]
  const missing = added.filter(part => !known.has(partitionKey(part)))
  if (state.is === 'Ongoing' && missing.length === 0) return { is: 'known' }
  const parts = new Map(known)
  for (const part of missing) parts.set(partitionKey(part), part)
  return { is: 'added', state: { ...identityOf(state), is: 'Ongoing', startMs, parts, updatedMs } }
}

/** Why a partition is not part of the producer's transaction; undefined if it is. */
export function decideVerify(
  state: TransactionState,
  producer: Pick<AddQuestion, 'producerId' | 'producerEpoch'>,
  part: TopicPartition,
): ErrorName | undefined {
  const error = userError(state, producer)
  if (error) return error
  if (isPrepared(state)) return 'CONCURRENT_TRANSACTIONS'
  const isPart = state.is === 'Ongoing' && state.parts.has(partitionKey(part))
  return isPart ? undefined : 'TRANSACTION_ABORTABLE'
}

function userError(
  state: TransactionState,
  { producerId, producerEpoch }: Pick<AddQuestion, 'producerId' | 'producerEpoch'>,
): ErrorName | undefined {
  if (state.producerId !== producerId) return 'INVALID_PRODUCER_ID_MAPPING'
  if (state.producerEpoch !== producerEpoch) return 'PRODUCER_FENCED'
  return undefined
}
