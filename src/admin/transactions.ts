import { BrokerError, ConfigError } from '../errors.ts'
import { DescribeTransactions, ListTransactions, WriteTxnMarkers } from '../protocol/index.ts'
import { atLeaders } from './at-leaders.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import { type BrokerFailure, gather } from './gather.ts'
import type { TopicPartitions } from './group-description.ts'
import { findHanging, type HangingTransaction } from './hanging.ts'
import { type ActiveProducer, producersOf } from './producers.ts'
import { type ItemResult, itemError, orThrow, settled, type TopicPartition } from './result.ts'

/** The states of transactions, in Kafka's words. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'PrepareEpochFence'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'

/** A transaction as a list has it. */
export interface TransactionListing {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly state: TransactionState
}

/** The transactions of a cluster, as far as its brokers could be asked. */
export interface TransactionList {
  /** Sorted by transactional id. */
  readonly transactions: readonly TransactionListing[]
  /** Brokers that could not be asked: the transactions that they coordinate are missing. */
  readonly failures: readonly BrokerFailure[]
}

/** A transaction as its coordinator knows it. */
export interface TransactionDescription extends TransactionListing {
  /** The id of its coordinator. */
  readonly coordinator: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  /** When it began, in ms since 1970; undefined where none is open. */
  readonly startedAt: number | undefined
  /** The partitions that are part of it. */
  readonly partitions: readonly TopicPartitions[]
}

export interface ListTransactionsOptions extends CallOptions {
  readonly states?: readonly TransactionState[] | undefined
  readonly producerIds?: readonly bigint[] | undefined
  /** Only those that are open for longer (Kafka 3.8). */
  readonly longerThanMs?: number | undefined
  /** Only ids that this expression matches, in RE2's syntax (Kafka 4.1). */
  readonly pattern?: string | undefined
}

/** The transaction to be aborted: by where it begins in a partition, or by its producer. */
export type HangingPlace = TopicPartition &
  (
    | { readonly startOffset: number }
    | Pick<ActiveProducer, 'producerId' | 'producerEpoch' | 'coordinatorEpoch'>
  )

/** Transactions: `admin.transactions`. */
export class Transactions {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * The transactions of the cluster: every broker tells of those that it coordinates.
   *
   * @example
   * const { transactions } = await admin.transactions.list({ states: ['Ongoing'] })
   */
  async list(options: ListTransactionsOptions = {}): Promise<TransactionList> {
    const errand = new Errand(this.#office, options)
    const { longerThanMs, pattern } = options
    const request = {
      stateFilters: options.states ?? [],
      producerIdFilters: options.producerIds ?? [],
      ...(longerThanMs !== undefined && { durationFilter: longerThanMs }),
      ...(pattern !== undefined && { transactionalIdPattern: pattern }),
    }
    const { found, failures } = await gather(errand, async broker => {
      const answer = await errand.broker(broker, ListTransactions, request)
      const unknown = answer.unknownStateFilters.join(', ')
      if (unknown) throw new ConfigError(`the broker knows no state of transactions ${unknown}`)
      return answer.transactionStates
    })
    const transactions = found
      .map(({ transactionalId, producerId, transactionState }) => ({
        transactionalId,
        producerId,
        state: transactionState as TransactionState,
      }))
      .sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1))
    return { transactions, failures }
  }

  /**
   * Transactions with their producers, partitions and age. One result each, in order; an id that
   * its coordinator does not know fails with TRANSACTIONAL_ID_NOT_FOUND.
   *
   * @example
   * const [billing] = (await admin.transactions.describe(['billing-0'])).map(orThrow)
   */
  describe(
    transactionalIds: readonly string[],
    options?: CallOptions,
  ): Promise<ItemResult<TransactionDescription>[]> {
    const errand = new Errand(this.#office, options)
    return Promise.all(
      transactionalIds.map(name => settled({ name }, describeTransaction(errand, name))),
    )
  }

  /**
   * Ends a hanging transaction: one that is open in a partition although its coordinator knows
   * nothing of it any more, so that readers of committed records wait there for ever. An abort
   * marker is written into that one partition (KIP-664). Its records are skipped by such readers
   * from then on. Aborting one that is alive loses what its producer wrote there: make sure, as
   * with `findHanging`.
   *
   * @example
   * await admin.transactions.abort({ topic: 'orders', partition: 0, startOffset: 4711 })
   */
  async abort(place: HangingPlace, options?: CallOptions): Promise<void> {
    const errand = new Errand(this.#office, options)
    const { topic, partition } = place
    const { producerId, producerEpoch, coordinatorEpoch } =
      'startOffset' in place ? await producerAt(errand, place, place.startOffset) : place
    const marker = {
      producerId,
      producerEpoch,
      transactionResult: false,
      topics: [{ name: topic, partitionIndexes: [partition] }],
      coordinatorEpoch: Math.max(0, coordinatorEpoch),
    }
    const results = await atLeaders(errand, [{ topic, partition }], {
      api: WriteTxnMarkers.name,
      ask: async leader => {
        const answer = await errand.once(leader, WriteTxnMarkers, { markers: [marker] })
        const own = answer.markers[0]?.topics[0]?.partitions[0]
        return [own && { errorCode: own.errorCode, value: undefined }]
      },
    })
    for (const result of results) orThrow(result)
  }

  /**
   * Transactions that hang in partitions: open for longer than any transaction may be, while their
   * coordinator has none such open there. Rejects where a partition can't be asked.
   *
   * @example
   * for (const each of await admin.transactions.findHanging([{ topic: 'orders', partition: 0 }])) {
   *   await admin.transactions.abort(each)
   * }
   */
  findHanging(
    partitions: readonly TopicPartition[],
    options: CallOptions & {
      /** The cluster's `transaction.max.timeout.ms`. Default: 900,000. */
      readonly maxTransactionTimeoutMs?: number | undefined
    } = {},
  ): Promise<HangingTransaction[]> {
    const { maxTransactionTimeoutMs = 900_000 } = options
    const errand = new Errand(this.#office, options)
    const list = (producerIds: readonly bigint[]) =>
      this.list({ producerIds, timeoutMs: errand.leftMs })
    const describe = (ids: readonly string[]) => this.describe(ids, { timeoutMs: errand.leftMs })
    return findHanging(errand, partitions, maxTransactionTimeoutMs, { list, describe })
  }
}

async function describeTransaction(
  errand: Errand,
  transactionalId: string,
): Promise<TransactionDescription> {
  const { transactionStates } = await errand.coordinator(
    'transaction',
    transactionalId,
    DescribeTransactions,
    { transactionalIds: [transactionalId] },
    answer => answer.transactionStates[0],
  )
  const found = transactionStates[0]
  if (!found) throw itemError(undefined, { api: DescribeTransactions.name, transactionalId })
  const { transactionStartTimeMs: startedAt } = found
  return {
    transactionalId,
    producerId: found.producerId,
    state: found.transactionState as TransactionState,
    coordinator: await errand.cluster.coordinators.find('transaction', transactionalId),
    producerEpoch: found.producerEpoch,
    timeoutMs: found.transactionTimeoutMs,
    startedAt: startedAt < 0 ? undefined : startedAt,
    partitions: found.topics,
  }
}

const INVALID_TXN_STATE = 48

/** The producer whose open transaction begins there. */
async function producerAt(
  errand: Errand,
  { topic, partition }: TopicPartition,
  startOffset: number,
): Promise<ActiveProducer> {
  const [producers] = (await producersOf(errand, [{ topic, partition }])).map(orThrow)
  const found = producers?.find(each => each.transactionStart === startOffset)
  if (found) return found
  const open = (producers ?? []).flatMap(each => each.transactionStart ?? [])
  const hint =
    open.length === 0
      ? 'no transaction is open there'
      : `transactions are open there from ${open.join(', ')}`
  const at = { topic, partition, offset: startOffset }
  throw new BrokerError(INVALID_TXN_STATE, at, `none begins at ${startOffset}`, hint)
}
