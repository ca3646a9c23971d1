import { asError } from '../../errors.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import type { Marker } from '../log/transactions.ts'
import type { ClusterState } from '../model/cluster-state.ts'
import { slotOf } from '../model/coordinators.ts'
import { NOT_KEPT } from '../model/internal-topic.ts'
import { type AddVerdict, decideAdd, decideVerify } from './decide-add.ts'
import { completed, decideEnd, fence } from './decide-end.ts'
import { decideInit, type HeldIdentity } from './decide-init.ts'
import { type MarkerGate, MarkerSender } from './markers.ts'
import { OpenTransactions } from './open-transactions.ts'
import {
  isExhausted,
  isPrepared,
  NO_PRODUCER_ID,
  type Ongoing,
  type Prepared,
  type TopicPartition,
  type TransactionState,
} from './states.ts'
import { TransactionLog } from './transaction-log.ts'
import { TransactionalId } from './transactional-id.ts'

/** How often, at most, ids that nobody uses are looked for. */
const SWEEP_INTERVAL_MS = 3_600_000

export interface Producer {
  readonly producerId: bigint
  readonly producerEpoch: number
}

export type Granted =
  | ({ readonly is: 'granted' } & Producer)
  | { readonly is: 'refused'; readonly error: ErrorName }

/** What became of partitions that were to be added: an error, or when they are kept. */
export interface Added {
  readonly error?: ErrorName | undefined
  readonly stored?: Promise<void> | undefined
}

/**
 * The transactions of a cluster (KIP-98, 360, 890). As in Kafka each transactional id has one
 * coordinator among the brokers, which alone answers for it; but the state is the cluster's own, so
 * when the coordinator moves, nothing has to be loaded.
 *
 * A state is changed at once and then kept; whoever asked is answered when it is kept. Markers are
 * written only after the decision is kept: so a crash finds the transaction either undecided, or
 * decided and to be completed, which `load` does.
 */
export class TransactionCoordinator {
  readonly #cluster: ClusterState
  readonly #log: TransactionLog
  readonly #ids = new Map<string, TransactionalId>()
  readonly #markers: MarkerSender
  #sweptAt: number

  constructor(cluster: ClusterState, gate: MarkerGate) {
    this.#cluster = cluster
    this.#sweptAt = cluster.clock.now()
    this.#markers = new MarkerSender(cluster, gate)
    this.#log = new TransactionLog(cluster, slot =>
      [...this.#ids.values()].filter(({ transactionalId }) => slotOf(transactionalId) === slot),
    )
  }

  /** Reads what is kept and ends what a crash left half done. Throws what is wrong with the log. */
  async load(): Promise<void> {
    const found = new Map<string, TransactionState>()
    for await (const { transactionalId, state } of this.#log.records()) {
      if (state) found.set(transactionalId, state)
      else found.delete(transactionalId)
    }
    for (const [transactionalId, state] of found) {
      const id = this.#add(transactionalId, state)
      if (state.is === 'Ongoing') this.#watchOver(id, state)
      if (isPrepared(state)) await this.#complete(id, state)
    }
    await new OpenTransactions(this.#cluster).abortUnknown(this.#ids.values())
  }

  /**
   * Why a broker does not serve a transactional id. Where the id's log has failed nobody does, as
   * in Kafka, which takes the partition off a broker whose disk fails.
   */
  coordinatorError(transactionalId: string, nodeId: number): ErrorName | undefined {
    const node = this.#cluster.coordinatorOf('transaction', transactionalId)
    if (!node) return 'COORDINATOR_NOT_AVAILABLE'
    if (this.#log.hasFailed(transactionalId)) return NOT_KEPT
    return node.id === nodeId ? undefined : 'NOT_COORDINATOR'
  }

  /** Gives a transactional id to a producer; the one who held it so far is shut out. */
  async init(
    transactionalId: string,
    timeoutMs: number,
    held: HeldIdentity | undefined,
  ): Promise<Granted> {
    if (timeoutMs <= 0 || timeoutMs > this.#cluster.brokerNumber('transaction.max.timeout.ms')) {
      return { is: 'refused', error: 'INVALID_TRANSACTION_TIMEOUT' }
    }
    this.#sweepIfDue()
    const closed = await this.notKept(transactionalId, this.#log.open())
    if (closed) return { is: 'refused', error: closed }
    const freshId = await this.#freshId(transactionalId)
    if (freshId === undefined) return NO_ID
    const nowMs = this.#cluster.clock.epoch()
    const id = this.#find(transactionalId) ?? this.#add(transactionalId, unborn(freshId, nowMs))
    const verdict = decideInit(id.state, { timeoutMs, held, freshId, nowMs })
    if (verdict.is === 'refused') return verdict
    if (verdict.is === 'fence') {
      const error = await this.notKept(transactionalId, this.#fence(id))
      return { is: 'refused', error: error ?? 'CONCURRENT_TRANSACTIONS' }
    }
    const error = await this.notKept(transactionalId, this.#move(id, verdict.state))
    return error ? { is: 'refused', error } : granted(verdict.state)
  }

  /** Makes partitions part of the producer's transaction, at once; they count when it is kept. */
  add(transactionalId: string, producer: Producer, parts: readonly TopicPartition[]): Added {
    const id = this.#find(transactionalId)
    if (!id) return { error: 'INVALID_PRODUCER_ID_MAPPING' }
    const nowMs = this.#cluster.clock.epoch()
    const verdict: AddVerdict = decideAdd(id.state, { ...producer, parts, nowMs })
    if (verdict.is === 'refused') return { error: verdict.error }
    if (verdict.is === 'known') return { stored: id.stored }
    const isNew = id.state.is !== 'Ongoing'
    const stored = this.#move(id, verdict.state)
    if (isNew) this.#watchOver(id, verdict.state)
    return { stored }
  }

  /** Why a partition is not part of the producer's transaction; undefined if it is. */
  verify(transactionalId: string, producer: Producer, part: TopicPartition): ErrorName | undefined {
    const id = this.#find(transactionalId)
    if (!id) return 'INVALID_PRODUCER_ID_MAPPING'
    return decideVerify(id.state, producer, part)
  }

  /** Decides a transaction; the markers follow. Gives the identity for the next one. */
  async end(
    transactionalId: string,
    producer: Producer,
    { committed, bumpsEpoch }: { readonly committed: boolean; readonly bumpsEpoch: boolean },
  ): Promise<Granted> {
    const known = this.#find(transactionalId)
    if (!known) return { is: 'refused', error: 'INVALID_PRODUCER_ID_MAPPING' }
    const freshId = await this.#freshId(transactionalId)
    if (freshId === undefined) return NO_ID
    const nowMs = this.#cluster.clock.epoch()
    const question = { ...producer, committed, bumpsEpoch, freshId, nowMs }
    const verdict = decideEnd(known.state, question)
    if (verdict.is === 'refused') return verdict
    if (verdict.is === 'done') return granted(known.state)
    const { state } = verdict
    const error = await this.notKept(transactionalId, this.#move(known, state))
    if (error) return { is: 'refused', error }
    void this.#complete(known, state)
    const { nextProducerId: producerId } = state
    return granted(producerId === NO_PRODUCER_ID ? state : { producerId, producerEpoch: 0 })
  }

  /** The error to answer where something of an id can't be kept: its client shall try again. */
  async notKept(
    transactionalId: string,
    kept: Promise<unknown> | undefined,
  ): Promise<ErrorName | undefined> {
    try {
      await kept
      return undefined
    } catch (error) {
      this.#failed(transactionalId, error)
      return NOT_KEPT
    }
  }

  /** A transactional id; undefined for one that nobody has used, or not for long. */
  find(transactionalId: string): TransactionalId | undefined {
    return this.#find(transactionalId)
  }

  /** The transactional ids that a broker coordinates. */
  coordinatedBy(nodeId: number): TransactionalId[] {
    return [...this.#ids.keys()]
      .filter(transactionalId => this.coordinatorError(transactionalId, nodeId) === undefined)
      .flatMap(transactionalId => this.#find(transactionalId) ?? [])
  }

  /** Ends all waiting and all timers; what is kept stays. */
  close(): void {
    this.#markers.close()
    for (const id of this.#ids.values()) id.timeout?.cancel()
  }

  get #bumpsEpoch(): boolean {
    return this.#cluster.features.level('transaction.version') >= 2
  }

  #add(transactionalId: string, state: TransactionState): TransactionalId {
    const id = new TransactionalId(transactionalId, state, (from, to) =>
      this.#cluster.logger.log('debug', 'broker:transaction-moved', { transactionalId, from, to }),
    )
    this.#ids.set(transactionalId, id)
    return id
  }

  /** Kafka has a timer for it; here it is done when another id may come. */
  #sweepIfDue(): void {
    const { clock } = this.#cluster
    if (clock.now() - this.#sweptAt < SWEEP_INTERVAL_MS) return
    this.#sweptAt = clock.now()
    for (const transactionalId of [...this.#ids.keys()]) this.#find(transactionalId)
  }

  /** An id that nobody used for `transactional.id.expiration.ms` is not there any more. */
  #find(transactionalId: string): TransactionalId | undefined {
    const id = this.#ids.get(transactionalId)
    if (!id) return undefined
    const afterMs = this.#cluster.brokerNumber('transactional.id.expiration.ms')
    const oldest = this.#cluster.clock.epoch() - afterMs
    if (!id.mayExpire || id.state.updatedMs > oldest) return id
    id.to({ ...id.state, is: 'Dead' })
    this.#ids.delete(transactionalId)
    this.#log.append(transactionalId, null).catch(error => this.#failed(transactionalId, error))
    return undefined
  }

  /**
   * A producer id, where one may be needed: for a new transactional id, or after many epochs.
   * Undefined where there is none to be had.
   */
  async #freshId(transactionalId: string): Promise<bigint | undefined> {
    const id = this.#find(transactionalId)
    if (id && !isExhausted(id.state.producerEpoch)) return NO_PRODUCER_ID
    try {
      return await this.#cluster.producerIds.take()
    } catch (error) {
      this.#failed(transactionalId, error)
      return undefined
    }
  }

  #move(id: TransactionalId, state: TransactionState): Promise<void> {
    id.to(state)
    id.stored = this.#log.append(id.transactionalId, state)
    // Not everybody who makes a move waits for it to be kept.
    id.stored.catch(() => {})
    return id.stored
  }

  #watchOver(id: TransactionalId, { startMs, timeoutMs }: Ongoing): void {
    const { clock } = this.#cluster
    const leftMs = Math.max(0, startMs + timeoutMs - clock.epoch())
    id.timeout?.cancel()
    id.timeout = clock.after(leftMs, () => {
      this.#fence(id).catch(error => this.#failed(id.transactionalId, error))
    })
    id.timeout.unref()
  }

  /** Aborts a transaction in its producer's place, who is shut out. */
  async #fence(id: TransactionalId): Promise<void> {
    const { state } = id
    if (state.is !== 'Ongoing') return
    const prepared = fence(state, this.#bumpsEpoch, this.#cluster.clock.epoch())
    id.to({ ...prepared, is: 'PrepareEpochFence' })
    await this.#move(id, prepared)
    void this.#complete(id, prepared)
  }

  /** Writes the markers of a decided transaction; after a crash, `load` does it again. */
  async #complete(id: TransactionalId, state: Prepared): Promise<void> {
    try {
      id.timeout?.cancel()
      if (!(await this.#markers.send(this.#markerOf(id, state), state.parts.values()))) return
      await this.#move(id, completed(state, this.#cluster.clock.epoch()))
    } catch (error) {
      this.#failed(id.transactionalId, error)
    }
  }

  #markerOf({ transactionalId }: TransactionalId, state: Prepared): Marker {
    const { producerId, producerEpoch, clientVersion: transactionVersion } = state
    return {
      producerId,
      producerEpoch,
      committed: state.is === 'PrepareCommit',
      coordinatorEpoch: this.#log.partitionOf(transactionalId)?.leaderEpoch ?? 0,
      transactionVersion,
    }
  }

  #failed(transactionalId: string, thrown: unknown): void {
    const facts = { transactionalId, error: asError(thrown) }
    this.#cluster.logger.log('error', 'broker:transaction-failed', facts)
  }
}

/** As Kafka answers while no block of producer ids is to be had. */
const NO_ID: Granted = { is: 'refused', error: 'COORDINATOR_LOAD_IN_PROGRESS' }

function granted({ producerId, producerEpoch }: Producer): Granted {
  return { is: 'granted', producerId, producerEpoch }
}

/** A transactional id that nobody has held yet. */
function unborn(producerId: bigint, updatedMs: number): TransactionState {
  return {
    is: 'Empty',
    producerId,
    producerEpoch: -1,
    previousProducerId: NO_PRODUCER_ID,
    lastProducerEpoch: -1,
    timeoutMs: 0,
    clientVersion: 0,
    updatedMs,
  }
}
