import type { ErrorName } from '../../protocol/errors.ts'
import {
  identityOf,
  isExhausted,
  isPrepared,
  NO_EPOCH,
  NO_PRODUCER_ID,
  type Ongoing,
  type Parts,
  type Prepared,
  type TransactionState,
} from './states.ts'

export interface EndQuestion {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly committed: boolean
  /** Whether each transaction of the client has an epoch of its own (KIP-890). */
  readonly bumpsEpoch: boolean
  /** A producer id nobody has, for when the one at hand is out of epochs. */
  readonly freshId: bigint
  readonly nowMs: number
}

export type EndVerdict =
  | { readonly is: 'refused'; readonly error: ErrorName }
  /** The same request was obeyed before, and its answer lost. */
  | { readonly is: 'done' }
  | { readonly is: 'prepared'; readonly state: Prepared }

const DONE: EndVerdict = { is: 'done' }
const WRONG_STATE: EndVerdict = { is: 'refused', error: 'INVALID_TXN_STATE' }
const BUSY: EndVerdict = { is: 'refused', error: 'CONCURRENT_TRANSACTIONS' }
const NOBODY: Parts = new Map()

/** Whether a transaction may end so (EndTxn), as the coordinator of Kafka 4.3 decides it. */
export function decideEnd(state: TransactionState, question: EndQuestion): EndVerdict {
  return question.bumpsEpoch ? endOfSecond(state, question) : endOfFirst(state, question)
}

/** In the first protocol a producer keeps its epoch; the same end twice is a repeated request. */
function endOfFirst(state: TransactionState, question: EndQuestion): EndVerdict {
  if (state.producerId !== question.producerId) return wrongId
  if (state.producerEpoch !== question.producerEpoch) return fenced
  switch (state.is) {
    case 'Ongoing':
      return prepared(state, state, question)
    case 'CompleteCommit':
    case 'CompleteAbort':
      return endsSo(state.is, question) ? DONE : WRONG_STATE
    case 'PrepareCommit':
    case 'PrepareAbort':
      return BUSY
    default:
      return WRONG_STATE
  }
}

/**
 * In the second one each end bumps the epoch: so the epoch before is that of a repeated request,
 * and the present one that of a next transaction, which touched nothing yet. That one can't be
 * committed, but be aborted: for the new epoch that this brings (KIP-890).
 */
function endOfSecond(state: TransactionState, question: EndQuestion): EndVerdict {
  const { producerId, producerEpoch } = question
  if (isPrepared(state)) return BUSY
  const isRotated =
    state.previousProducerId === producerId &&
    isExhausted(producerEpoch) &&
    state.producerEpoch === 0
  const isRepeated = isRotated || state.producerEpoch === producerEpoch + 1
  if (state.producerId !== producerId && !isRotated) return wrongId
  const isComplete = state.is === 'CompleteCommit' || state.is === 'CompleteAbort'
  if (state.producerEpoch !== producerEpoch && !(isComplete && isRepeated)) return fenced
  if (state.is === 'Ongoing') return prepared(state, state, question)
  if (isComplete && isRepeated) return endsSo(state.is, question) ? DONE : WRONG_STATE
  if (question.committed) return WRONG_STATE
  return prepared(state, { startMs: question.nowMs, parts: NOBODY }, question)
}

const wrongId: EndVerdict = { is: 'refused', error: 'INVALID_PRODUCER_ID_MAPPING' }
const fenced: EndVerdict = { is: 'refused', error: 'PRODUCER_FENCED' }

function endsSo(name: string, { committed }: EndQuestion): boolean {
  return name.endsWith(committed ? 'Commit' : 'Abort')
}

function prepared(
  state: TransactionState,
  { startMs, parts }: { readonly startMs: number; readonly parts: Parts },
  { committed, bumpsEpoch, freshId, nowMs: updatedMs }: EndQuestion,
): EndVerdict {
  const nextProducerId = bumpsEpoch && isExhausted(state.producerEpoch) ? freshId : NO_PRODUCER_ID
  const { producerEpoch: epoch } = state
  const epochs = bumpsEpoch ? { producerEpoch: epoch + 1, lastProducerEpoch: epoch } : {}
  const is = committed ? 'PrepareCommit' : 'PrepareAbort'
  const clientVersion = bumpsEpoch ? 2 : 0
  const identity = { ...identityOf(state), ...epochs, clientVersion, updatedMs }
  return { is: 'prepared', state: { ...identity, is, startMs, parts, nextProducerId } }
}

/**
 * The abort of a transaction whose producer is shut out, because it took too long or another one
 * takes over: under the next epoch, which is given to nobody.
 */
export function fence(state: Ongoing, bumpsEpoch: boolean, nowMs: number): Prepared {
  const { startMs, parts, producerEpoch } = state
  return {
    ...identityOf(state),
    is: 'PrepareAbort',
    startMs,
    parts,
    producerEpoch: producerEpoch + 1,
    lastProducerEpoch: bumpsEpoch ? producerEpoch : NO_EPOCH,
    clientVersion: bumpsEpoch ? 2 : 0,
    updatedMs: nowMs,
    nextProducerId: NO_PRODUCER_ID,
  }
}

/** After the markers are written. */
export function completed(state: Prepared, nowMs: number): TransactionState {
  const { startMs, nextProducerId, producerId } = state
  const is = state.is === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort'
  const identity = { ...identityOf(state), updatedMs: nowMs }
  if (nextProducerId === NO_PRODUCER_ID) {
    const previousProducerId = state.clientVersion === 2 ? producerId : state.previousProducerId
    return { ...identity, is, startMs, previousProducerId }
  }
  const next = { producerId: nextProducerId, producerEpoch: 0, previousProducerId: producerId }
  return { ...identity, ...next, is, startMs }
}
