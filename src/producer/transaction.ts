import { Machine, type Moves } from '../base/machine.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { GroupMetadata, OffsetToCommit } from '../cluster/group-metadata.ts'
import { asError, BrokerError, FencedError, KafkaError, StateError } from '../errors.ts'
import { beginOperation, endWith, type Operation } from '../operations.ts'
import type { ProducerId, ProducerIdentity } from './identity.ts'
import type { ProducerConfig } from './options.ts'
import { type TopicPartition, TransactionRequests } from './transaction-requests.ts'

/** Where a transactional producer stands. */
type TransactionState =
  | { readonly is: 'new' }
  | { readonly is: 'initializing' }
  | { readonly is: 'ready'; readonly id: ProducerId }
  | { readonly is: 'open'; readonly id: ProducerId; readonly parts: Parts }
  | { readonly is: 'committing'; readonly id: ProducerId; readonly parts: Parts }
  | { readonly is: 'aborting'; readonly id: ProducerId; readonly parts: Parts }
  | {
      readonly is: 'abortable'
      readonly id: ProducerId
      readonly parts: Parts
      readonly cause: KafkaError
    }
  | { readonly is: 'fatal'; readonly cause: KafkaError }

export const transactionMoves: Moves<TransactionState> = {
  new: ['initializing', 'fatal'],
  initializing: ['ready', 'new', 'fatal'],
  ready: ['open', 'fatal'],
  open: ['committing', 'aborting', 'abortable', 'fatal'],
  committing: ['ready', 'abortable', 'fatal'],
  abortable: ['aborting', 'fatal'],
  aborting: ['ready', 'abortable', 'fatal'],
  fatal: [],
}

/** Which calls make sense in which state; for the error that says so. */
const legalCalls: Readonly<Record<TransactionState['is'], string>> = {
  new: 'initTransactions()',
  initializing: 'to await initTransactions()',
  ready: 'beginTransaction()',
  open: 'produce(), sendOffsetsToTransaction(), commitTransaction() or abortTransaction()',
  committing: 'to await commitTransaction(), or to call it again if it failed',
  abortable: 'abortTransaction()',
  aborting: 'to await abortTransaction(), or to call it again if it failed',
  fatal: 'close()',
}

/** What a transaction has touched. */
interface Parts {
  /** `topic/partition` of those that the coordinator knows of. */
  readonly added: Set<string>
  /** Those that it is to be told of. */
  readonly wanted: Map<string, TopicPartition>
  adding: boolean
  /**
   * Whether the coordinator has a transaction to end. `maybe`: nobody heard what became of a
   * request for a part. The second protocol takes an end in any case, and needs no such doubt.
   */
  touched: 'no' | 'maybe' | 'yes'
  /** Requests for parts that are under way: the end waits for them, or they would outlive it. */
  readonly calls: Set<Promise<void>>
}

/** What the transaction needs of the producer about it. */
export interface TransactionHost {
  /** Waits until every record so far is settled. */
  settleAll(): Promise<void>
  /** Fails the records that were never sent. */
  dropUnsent(cause: KafkaError): void
  wake(): void
}

/** The finalized level of `transaction.version` from which partitions add themselves (KIP-890). */
const SECOND_PROTOCOL = 2
const fencing = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'FENCED_INSTANCE_ID'])
const fatalCodes = new Set([
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'INVALID_TXN_STATE',
])

/**
 * The transactions of one transactional id (KIP-98): one state, moved along one table. An error
 * either leaves the transaction to be aborted (`abortable`) or ends this producer (`fatal`).
 */
export class Transaction implements ProducerIdentity {
  readonly #cluster: Cluster
  readonly #host: TransactionHost
  readonly #requests: TransactionRequests
  readonly #machine: Machine<TransactionState>
  readonly #transactionalId: string
  /** Sequence numbers were lost with failed records, so that only a new epoch can go on. */
  #needsBump = false
  /** The broker no longer takes our epoch: fenced, or timed out at the coordinator. */
  #epochIsStale = false
  aborted = 0
  /** The transaction that is under way, where tools take part in it; and why it must be aborted. */
  #operation: Operation<'transaction'> | undefined
  #trouble: KafkaError | undefined

  constructor(
    cluster: Cluster,
    config: ProducerConfig,
    transactionalId: string,
    host: TransactionHost,
  ) {
    this.#cluster = cluster
    this.#host = host
    this.#transactionalId = transactionalId
    this.#requests = new TransactionRequests(cluster, transactionalId, config)
    const first: TransactionState = { is: 'new' }
    this.#machine = new Machine('transaction', transactionMoves, first, (from, to) => {
      const cause = 'cause' in to ? { cause: to.cause } : {}
      cluster.publisher.publish('transaction:moved', {
        transactionalId,
        from: from.is,
        to: to.is,
        ...('id' in to ? to.id : {}),
        ...cause,
      })
      if (this.#operation) this.#tellEnd(from.is, to)
      host.wake()
    })
  }

  get current(): ProducerId | undefined {
    const { state } = this.#machine
    return 'id' in state ? state.id : undefined
  }

  get refusal(): KafkaError | undefined {
    const { state } = this.#machine
    return state.is === 'fatal' ? state.cause : undefined
  }

  /** Only the end of a transaction may begin a new epoch here. */
  bump(): void {
    this.#needsBump = true
  }

  close(): void {
    this.#operation?.end({ end: 'left', ...(this.#trouble && { error: this.#trouble }) })
    this.#operation = undefined
  }

  refuse(cause: KafkaError): void {
    if (this.#machine.may('fatal')) this.#machine.to({ is: 'fatal', cause })
  }

  /** Records were not delivered; if they had sequence numbers, these are lost with them. */
  batchFailed(cause: KafkaError, hadSequence: boolean): void {
    if (hadSequence) this.#needsBump = true
    if (cause.code === 'INVALID_PRODUCER_EPOCH') this.#epochIsStale = true
    if (cause.code === 'PRODUCER_FENCED') this.#judge(cause)
    else this.#failed(abortable(cause))
  }

  /** Whether a batch that failed may be tried again: not when its transaction is lost anyway. */
  get mayRetry(): boolean {
    return this.#machine.is('open') || this.#machine.is('committing')
  }

  get isOpen(): boolean {
    return this.#machine.is('open') || this.#machine.is('abortable')
  }

  get isNew(): boolean {
    return this.#machine.is('new')
  }

  /**
   * This transaction can't be committed any more: what was not sent yet waits in vain, and whoever
   * awaits it, or a commit, with it. It is dropped when what has failed has been told.
   */
  #failed(cause: KafkaError): void {
    const { state } = this.#machine
    if (state.is !== 'open' && state.is !== 'committing') return
    const { id, parts } = state
    this.#machine.to({ is: 'abortable', id, parts, cause })
    this.#cluster.clock.soon(() => {
      const now = this.#machine.state
      if (now.is !== 'abortable' || now.parts !== parts) return
      this.#host.dropUnsent(dropped('the transaction can not be committed any more', cause))
    })
  }

  /** Throws unless records may be produced now. */
  requireOpen(call: string): void {
    const { state } = this.#machine
    if (state.is !== 'open') throw this.#wrongState(call)
  }

  /**
   * Whether a batch for a partition may be sent: the coordinator must know of the partition first,
   * or an abort would miss it. In the second protocol the partition's leader sees to that.
   */
  mayProduceTo(topic: string, partition: number): boolean {
    const { state } = this.#machine
    if (state.is !== 'open' && state.is !== 'committing') return false
    const { parts } = state
    const name = `${topic}/${partition}`
    if (parts.added.has(name)) return true
    if (this.#isSecond) {
      parts.touched = 'yes'
      parts.added.add(name)
      return true
    }
    parts.wanted.set(name, { topic, partition })
    if (!parts.adding) {
      parts.adding = true
      this.#cluster.clock.soon(() => this.#call(parts, this.#addPartitions(state.id, parts)))
    }
    return false
  }

  async init(): Promise<void> {
    if (!this.#machine.is('new')) throw this.#wrongState('initTransactions')
    this.#machine.to({ is: 'initializing' })
    try {
      this.#machine.to({ is: 'ready', id: await this.#requests.init(undefined) })
    } catch (thrown) {
      const error = this.#judge(asError(thrown))
      if (!this.#machine.is('fatal')) this.#machine.to({ is: 'new' })
      throw error
    }
  }

  begin(): void {
    const { state } = this.#machine
    if (state.is !== 'ready') throw this.#wrongState('beginTransaction')
    const parts: Parts = {
      added: new Set(),
      wanted: new Map(),
      adding: false,
      touched: 'no',
      calls: new Set(),
    }
    this.#machine.to({ is: 'open', id: state.id, parts })
    const { source } = this.#cluster.publisher
    this.#trouble = undefined
    this.#operation = beginOperation('transaction', {
      source,
      transactionalId: this.#transactionalId,
    })
  }

  /** Runs what belongs to the transaction, as far as tools want to know of it. */
  run<Result>(work: () => Result): Result {
    return this.#operation ? this.#operation.run(work) : work()
  }

  #tellEnd(from: TransactionState['is'], to: TransactionState): void {
    if ('cause' in to) this.#trouble = to.cause
    if (to.is !== 'ready' && to.is !== 'fatal') return
    const committed = from === 'committing' ? 'committed' : 'aborted'
    const error = this.#trouble
    this.#operation?.end({ end: to.is === 'fatal' ? 'fatal' : committed, ...(error && { error }) })
    this.#operation = undefined
  }

  /** Where nobody awaits it, the end of the transaction does, and tells of its failure. */
  sendOffsets(offsets: readonly OffsetToCommit[], group: GroupMetadata): Promise<void> {
    const { state } = this.#machine
    if (state.is !== 'open') return Promise.reject(this.#wrongState('sendOffsetsToTransaction'))
    if (offsets.length === 0) return Promise.resolve()
    const { id, parts } = state
    const call = this.#commitOffsets(id, parts, offsets, group).catch(thrown => {
      throw this.#offsetsFailed(asError(thrown), parts)
    })
    this.#call(parts, call)
    const { source } = this.#cluster.publisher
    const facts = { source, group: group.groupId, offsets }
    const operation = beginOperation('commit', facts)
    if (operation) endWith(operation, call)
    return call
  }

  async #commitOffsets(
    id: ProducerId,
    parts: Parts,
    offsets: readonly OffsetToCommit[],
    group: GroupMetadata,
  ): Promise<void> {
    const second = this.#isSecond
    const isWanted = () => this.#isUnderWay(parts)
    if (!second) await this.#requests.addOffsets(id, group.groupId, isWanted)
    parts.touched = 'yes'
    await this.#requests.commitOffsets(id, offsets, group, { second, isWanted })
  }

  /** Notes a request for a part, so that the end of the transaction waits for it. */
  #call(parts: Parts, call: Promise<void>): void {
    const ended = () => void parts.calls.delete(noted)
    // Who awaits the call hears of its failure; the transaction knows of it already.
    const noted = call.then(ended, ended)
    parts.calls.add(noted)
  }

  /** Whether `parts` are those of a transaction that may still be committed. */
  #isUnderWay(parts: Parts): boolean {
    const { state } = this.#machine
    return (state.is === 'open' || state.is === 'committing') && state.parts === parts
  }

  /**
   * The group's coordinator knows no more of our epoch than a partition's leader does: fenced, or
   * timed out at the transaction's coordinator. As there, aborting will tell (KIP-588).
   */
  #offsetsFailed(error: Error, parts: Parts): KafkaError {
    const isStale = error instanceof KafkaError && error.code === 'INVALID_PRODUCER_EPOCH'
    if (!isStale) return this.#partFailed(error, parts)
    this.#needsBump = true
    this.#epochIsStale = true
    const cause = abortable(error)
    this.#failed(cause)
    return cause
  }

  async commit(): Promise<void> {
    const { state } = this.#machine
    if (state.is === 'open') {
      this.#machine.to({ is: 'committing', id: state.id, parts: state.parts })
    } else if (state.is !== 'committing') throw this.#wrongState('commitTransaction')
    await this.#settleAll(state.parts)
    const settled = this.#machine.state
    if (settled.is !== 'committing') throw this.#whyNot(settled)
    await this.#end(settled.id, settled.parts, true)
  }

  async abort(): Promise<void> {
    const { state } = this.#machine
    if (state.is === 'open' || state.is === 'abortable') {
      this.#machine.to({ is: 'aborting', id: state.id, parts: state.parts })
    } else if (state.is !== 'aborting') throw this.#wrongState('abortTransaction')
    this.#host.dropUnsent(dropped('the transaction was aborted'))
    await this.#settleAll(state.parts)
    const settled = this.#machine.state
    if (settled.is !== 'aborting') throw this.#whyNot(settled)
    this.aborted++
    await this.#end(settled.id, settled.parts, false)
  }

  /**
   * Waits for the records, and for what the coordinators were told besides. A request for a part
   * that came after the end would open the next transaction, or carry this one's offsets into it.
   */
  async #settleAll(parts: Parts): Promise<void> {
    await this.#host.settleAll()
    await Promise.all(parts.calls)
  }

  get #isSecond(): boolean {
    return (this.#cluster.feature('transaction.version') ?? 0) >= SECOND_PROTOCOL
  }

  /** Ends the transaction at the coordinator; one that touched nothing costs no request. */
  async #end(id: ProducerId, parts: Parts, committed: boolean): Promise<void> {
    try {
      const renew = this.#needsBump && !committed
      let next = id
      // Under an epoch that the coordinator has moved on from, a new identity is the only way to
      // learn whether another producer took over or the transaction timed out (KIP-588).
      if (parts.touched !== 'no' && !(renew && this.#epochIsStale)) {
        next = (await this.#endAtCoordinator(id, parts, committed)) ?? id
      }
      if (renew && next === id) next = await this.#requests.init(id)
      this.#needsBump = false
      this.#epochIsStale = false
      this.#machine.to({ is: 'ready', id: next })
    } catch (thrown) {
      const error = this.#judge(asError(thrown))
      // Not to know the outcome is no reason to pretend one: the same call may be made again.
      if (!error.retriable && !this.#machine.is('fatal')) {
        this.#machine.to({ is: 'abortable', id, parts, cause: error })
      }
      throw error
    }
  }

  async #endAtCoordinator(
    id: ProducerId,
    { touched }: Parts,
    committed: boolean,
  ): Promise<ProducerId | undefined> {
    try {
      return await this.#requests.end(id, committed, this.#isSecond)
    } catch (thrown) {
      const error = asError(thrown)
      const none = error instanceof BrokerError && error.code === 'INVALID_TXN_STATE'
      if (touched === 'maybe' && none) return undefined
      throw error
    }
  }

  async #addPartitions(id: ProducerId, parts: Parts): Promise<void> {
    if (!this.#isUnderWay(parts)) return
    const asked = new Map(parts.wanted)
    try {
      await this.#requests.addPartitions(id, [...asked.values()], () => this.#isUnderWay(parts))
      parts.touched = 'yes'
      for (const name of asked.keys()) {
        parts.added.add(name)
        parts.wanted.delete(name)
      }
    } catch (thrown) {
      this.#partFailed(asError(thrown), parts)
    }
    parts.adding = false
    this.#host.wake()
  }

  /** A part could not be added: fatal, or the transaction that it is part of must be aborted. */
  #partFailed(error: Error, parts: Parts): KafkaError {
    const judged = this.#judge(error)
    if (judged.fatal) return judged
    if (!(error instanceof BrokerError)) {
      this.#needsBump = true
      if (parts.touched === 'no') parts.touched = 'maybe'
    }
    if (this.#isUnderWay(parts)) this.#failed(judged)
    return judged
  }

  #judge(error: Error): KafkaError {
    const known =
      error instanceof KafkaError
        ? error
        : new KafkaError({ code: 'REQUEST_FAILED', message: error.message, cause: error })
    if (fencing.has(known.code)) return this.#die(fenced(this.#transactionalId, known))
    if (!fatalCodes.has(known.code)) return abortable(known)
    const { code, message, at } = known
    return this.#die(new KafkaError({ code, message, at, fatal: true, cause: known }))
  }

  #die(cause: KafkaError): KafkaError {
    this.refuse(cause)
    return cause
  }

  #whyNot(state: TransactionState): Error {
    if ('cause' in state) return state.cause
    return this.#wrongState('commitTransaction')
  }

  #wrongState(call: string): Error {
    const { state } = this.#machine
    if (state.is === 'fatal') return state.cause
    const why = state.is === 'abortable' ? ` (${state.cause.message})` : ''
    return new StateError(
      `${call}() in a transaction that is ${state.is}${why}`,
      `legal now: ${legalCalls[state.is]}`,
    )
  }
}

function fenced(transactionalId: string, cause: KafkaError): FencedError {
  return new FencedError({
    code: 'PRODUCER_FENCED',
    message: `another producer has taken over the transactional.id ${transactionalId}`,
    hint: 'close this one; it must not produce any more',
    fatal: true,
    cause,
    at: cause.at,
  })
}

function dropped(message: string, cause?: KafkaError): KafkaError {
  return new KafkaError({ code: 'TRANSACTION_ABORTED', message, cause })
}

function abortable(error: KafkaError): KafkaError {
  if (error.abortable || error.fatal) return error
  const { code, message, at, retriable } = error
  return new KafkaError({ code, message, at, retriable, abortable: true, cause: error })
}
