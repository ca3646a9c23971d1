import type { ErrorName } from '../../protocol/errors.ts'
import { identityOf, isExhausted, isPrepared, NO_EPOCH, type TransactionState } from './states.ts'

/** The identity that a producer says it holds (KIP-360). */
export interface HeldIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

export interface InitQuestion {
  readonly timeoutMs: number
  /** Undefined for a producer that starts, and takes the transactional id over. */
  readonly held: HeldIdentity | undefined
  /** A producer id nobody has, for when the one at hand is out of epochs. */
  readonly freshId: bigint
  readonly nowMs: number
}

export type InitVerdict =
  | { readonly is: 'refused'; readonly error: ErrorName }
  /** A transaction is open: its producer is to be shut out first, and the caller to ask again. */
  | { readonly is: 'fence' }
  | { readonly is: 'given'; readonly state: TransactionState }

/** Who gets a transactional id (InitProducerId), as the coordinator of Kafka 4.3 decides it. */
export function decideInit(state: TransactionState, question: InitQuestion): InitVerdict {
  const { held } = question
  if (isPrepared(state)) return { is: 'refused', error: 'CONCURRENT_TRANSACTIONS' }
  if (held && !mayHold(state, held)) return { is: 'refused', error: 'PRODUCER_FENCED' }
  if (state.is === 'Ongoing') return { is: 'fence' }
  return isExhausted(state.producerEpoch) && mayRotate(state, held)
    ? rotated(state, question)
    : bumped(state, question)
}

/** Whoever holds neither this epoch nor the one before was shut out. */
function mayRotate(state: TransactionState, held: HeldIdentity | undefined): boolean {
  if (!held) return true
  const { producerEpoch, lastProducerEpoch } = state
  return held.producerEpoch === producerEpoch || held.producerEpoch === lastProducerEpoch
}

/** The last case is a request repeated after an answer that was lost. */
function mayHold(state: TransactionState, held: HeldIdentity): boolean {
  return (
    state.producerEpoch === NO_EPOCH ||
    held.producerId === state.producerId ||
    (held.producerId === state.previousProducerId && isExhausted(held.producerEpoch))
  )
}

function rotated(state: TransactionState, question: InitQuestion): InitVerdict {
  const lastProducerEpoch = question.held ? state.producerEpoch : NO_EPOCH
  const { freshId: producerId } = question
  const previousProducerId = state.producerId
  const identity = { producerId, producerEpoch: 0, previousProducerId, lastProducerEpoch }
  return { is: 'given', state: { ...empty(state, question), ...identity } }
}

function bumped(state: TransactionState, question: InitQuestion): InitVerdict {
  const { producerEpoch: epoch, lastProducerEpoch, producerId: previousProducerId } = state
  const blank = { ...empty(state, question), previousProducerId }
  const { held } = question
  const next = { ...blank, producerEpoch: epoch + 1 }
  if (!held) return { is: 'given', state: { ...next, lastProducerEpoch: NO_EPOCH } }
  if (epoch === NO_EPOCH || held.producerEpoch === epoch) {
    return { is: 'given', state: { ...next, lastProducerEpoch: epoch } }
  }
  // Repeated after an answer that was lost: whoever else had asked would have erased it.
  if (held.producerEpoch === lastProducerEpoch) return { is: 'given', state: blank }
  return { is: 'refused', error: 'PRODUCER_FENCED' }
}

function empty(
  state: TransactionState,
  { timeoutMs, nowMs }: InitQuestion,
): Extract<TransactionState, { is: 'Empty' }> {
  return { ...identityOf(state), is: 'Empty', timeoutMs, clientVersion: 0, updatedMs: nowMs }
}
