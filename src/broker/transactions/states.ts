import type { Moves } from '../../base/machine.ts'

/** A partition that a transaction has touched; offsets of a group lie in one too. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** The partitions of a transaction, by `partitionKey`. */
export type Parts = ReadonlyMap<string, TopicPartition>

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** Whose a transactional id is. */
export interface Identity {
  readonly producerId: bigint
  /** -1 before it was ever given out. */
  readonly producerEpoch: number
  /** The producer id before this one ran out of epochs, or -1n: it tells a repeated request. */
  readonly previousProducerId: bigint
  /** The epoch that the same producer had before it got this one, or -1: it tells the same. */
  readonly lastProducerEpoch: number
  readonly timeoutMs: number
  /** 2 where the client's transactions bump its epoch (KIP-890), else 0. */
  readonly clientVersion: number
  /** When it was last changed, by the wall clock. */
  readonly updatedMs: number
}

/** Where a transactional id stands, under Kafka's names (KIP-98). */
export type TransactionState = Identity &
  (
    | { readonly is: 'Empty' }
    | { readonly is: 'Ongoing'; readonly startMs: number; readonly parts: Parts }
    /** Its producer is shut out; the transaction that it leaves behind is about to be aborted. */
    | { readonly is: 'PrepareEpochFence'; readonly startMs: number; readonly parts: Parts }
    /** Decided and kept, so it will happen whatever comes: the markers are being written. */
    | {
        readonly is: 'PrepareCommit' | 'PrepareAbort'
        readonly startMs: number
        readonly parts: Parts
        /** The producer id to go on with, where this one is out of epochs; else -1n. */
        readonly nextProducerId: bigint
      }
    | { readonly is: 'CompleteCommit' | 'CompleteAbort'; readonly startMs: number }
    /** Forgotten after a long silence. */
    | { readonly is: 'Dead' }
  )

export type Prepared = Extract<TransactionState, { is: 'PrepareCommit' | 'PrepareAbort' }>
export type Ongoing = Extract<TransactionState, { is: 'Ongoing' }>
export type StateName = TransactionState['is']

export const transactionMoves = {
  Empty: ['Empty', 'Ongoing', 'PrepareAbort', 'Dead'],
  Ongoing: ['Ongoing', 'PrepareCommit', 'PrepareAbort', 'PrepareEpochFence'],
  PrepareEpochFence: ['PrepareAbort'],
  PrepareCommit: ['CompleteCommit'],
  PrepareAbort: ['CompleteAbort'],
  CompleteCommit: ['Empty', 'Ongoing', 'PrepareAbort', 'Dead'],
  CompleteAbort: ['Empty', 'Ongoing', 'PrepareAbort', 'Dead'],
  Dead: [],
} as const satisfies Moves<TransactionState>

/** The states by the numbers under which Kafka keeps them. */
export const STATE_NAMES: readonly StateName[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
]

export const NO_PRODUCER_ID = -1n
export const NO_EPOCH = -1
const LAST_EPOCH = 0x7fff

/**
 * Whether a producer id has no epoch left to give. The very last one is never given to a client, so
 * that a producer can always be shut out.
 */
export function isExhausted(epoch: number): boolean {
  return epoch >= LAST_EPOCH - 1
}

/** What is the same in every state. */
export function identityOf(state: TransactionState): Identity {
  const { producerId, producerEpoch, previousProducerId, lastProducerEpoch } = state
  const { timeoutMs, clientVersion, updatedMs } = state
  return {
    producerId,
    producerEpoch,
    previousProducerId,
    lastProducerEpoch,
    timeoutMs,
    clientVersion,
    updatedMs,
  }
}

export function isPrepared(state: TransactionState): state is Prepared {
  return state.is === 'PrepareCommit' || state.is === 'PrepareAbort'
}
