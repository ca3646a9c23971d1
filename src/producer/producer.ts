import type { Writable } from 'node:stream'
import { type Timer, within } from '../base/clock.ts'
import { Emitter } from '../base/emitter.ts'
import { Cluster, type Environment } from '../cluster/cluster.ts'
import type { GroupMetadata, OffsetToCommit } from '../cluster/group-metadata.ts'
import type { PartitionInfo } from '../cluster/metadata.ts'
import { KafkaError, StateError } from '../errors.ts'
import { type ClientFacts, facts } from '../events.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { Accumulator } from './accumulator.ts'
import { BatchResults } from './batch-results.ts'
import { Compressor } from './compressor.ts'
import type { DeliveryCallback, DeliveryReport, ProducerRecord } from './delivery.ts'
import { watchExit } from './exit-watch.ts'
import { type Explanation, explain } from './explain.ts'
import { openedFacts } from './facts.ts'
import { flushAll } from './flush.ts'
import { Identity, type ProducerIdentity } from './identity.ts'
import { Intake } from './intake.ts'
import { Judge } from './judge.ts'
import { type ProducerConfig, type ProducerOptions, producerConfig } from './options.ts'
import { checkCallback, checkRecords, checkTimeout, type Serializers } from './records.ts'
import { Sender, type ThrottleEvent } from './sender.ts'
import { Settlement } from './settlement.ts'
import { type ProducerMetrics, Statistics } from './statistics.ts'
import { type ProducerStats, producerStats } from './stats-event.ts'
import { recordStream } from './stream.ts'
import { producerTelemetry } from './telemetry.ts'
import { Promised } from './tracked.ts'
import { Transaction } from './transaction.ts'
import { undeliveredRecords } from './undelivered.ts'

/** What a producer tells its listeners. */
export interface ProducerEvents {
  /** Something went wrong of which no callback and no promise tells. */
  error: Error
  /** The figures of the producer, every `statistics.interval.ms`. */
  stats: ProducerStats
  /** A broker asked for silence because a quota is used up; it is kept to. */
  throttle: ThrottleEvent
}

/** What may be done within a transaction. */
export interface TransactionScope<Key, Value> {
  produce(record: ProducerRecord<Key, Value>, callback?: DeliveryCallback<Key, Value>): boolean
  send(record: ProducerRecord<Key, Value>): Promise<DeliveryReport<Key, Value>>
  sendOffsets(offsets: readonly OffsetToCommit[], group: GroupMetadata): Promise<void>
}

type Bytes = string | Uint8Array

/**
 * Takes records, gathers them in batches, and gets them into Kafka, in order and once.
 *
 * `produce()` encodes a record straight into the open batch of its partition and returns; a loop in
 * the background sends batches to the leaders of their partitions, again where that may help, until
 * they are stored or `delivery.timeout.ms` is over. Throws a ConfigError for a setting that is
 * unknown, wrong or contradicts another, before anything connects.
 *
 * @example
 * const producer = new Producer({ 'bootstrap.servers': 'localhost:9092' })
 * producer.produce({ topic: 'orders', key: 'user-7', value: 'a book' }, (error, report) => {
 *   if (error) console.error(error.message)
 *   else console.log(`${report.topic} [${report.partition}] @ ${report.offset}`)
 * })
 * await producer.close()
 */
export class Producer<Key = Bytes, Value = Bytes> {
  readonly #config: ProducerConfig
  readonly #settings: ProducerOptions
  readonly #intake: Intake<Key, Value>
  readonly #cluster: Cluster
  readonly #accumulator: Accumulator
  readonly #identity: ProducerIdentity | undefined
  readonly #transaction: Transaction | undefined
  readonly #settlement: Settlement
  readonly #statistics = new Statistics()
  readonly #sender: Sender
  readonly #events = new Emitter<ProducerEvents>()
  #state: 'open' | 'closing' | 'closed' = 'open'
  #reportsPolled = 0
  #statsTimer: Timer | undefined
  readonly #unwatch: () => void
  readonly #telemetry: Telemetry

  constructor(
    options: ProducerOptions,
    serializers: Serializers<Key, Value> = {},
    environment?: Partial<Environment>,
  ) {
    const config = producerConfig(options)
    this.#config = config
    this.#settings = options
    const autoCreateTopics = config.allowAutoCreateTopics
    const readings = () => ({ queue: this.#queue })
    const cluster = new Cluster({ config, environment, autoCreateTopics, readings })
    this.#cluster = cluster
    this.#transaction = this.#makeTransaction()
    this.#identity =
      this.#transaction ??
      (config.enableIdempotence ? new Identity(cluster, () => this.#sender.wake()) : undefined)
    this.#settlement = new Settlement(cluster, this.#statistics, {
      error: error => this.#fail(error),
    })
    const compressor = new Compressor(config, cluster, () => this.#sender.wake())
    this.#accumulator = new Accumulator(config, cluster, {
      wake: () => this.#sender.wake(),
      closed: batch => compressor.prepare(batch),
      admitted: (entry, batch) => {
        for (const flush of this.#settlement.flushes) flush.admitted(entry, batch)
      },
      refused: (entry, error) => this.#settlement.refused(entry, error),
    })
    this.#intake = new Intake(config, serializers, cluster, this.#accumulator)
    const parts = {
      cluster,
      config,
      accumulator: this.#accumulator,
      identity: this.#identity,
      transaction: this.#transaction,
      settlement: this.#settlement,
      statistics: this.#statistics,
      throttled: (event: ThrottleEvent) => this.#events.emit('throttle', event),
    }
    this.#sender = new Sender({ ...parts, judge: new Judge(parts) })
    cluster.onChange(() => this.#sender.learnt())
    this.#telemetry = producerTelemetry(cluster, config)
    this.#unwatch = watchExit({
      clientId: config.clientId,
      undelivered: () => this.#accumulator.records,
    })
    if (config.statisticsIntervalMs > 0) this.#reportLater(config.statisticsIntervalMs)
    cluster.publisher.publish('producer:opened', openedFacts(config))
  }

  /**
   * Takes a record and returns at once: true, or false when the buffer is past its high-water mark
   * (then `await drain()`). The callback runs exactly once, whatever becomes of the record.
   *
   * Throws and takes nothing: a BufferFullError when `buffer.memory` is used up, a
   * MessageTooLargeError above `max.request.size`, a SerializationError or KafkaError for a record
   * that can't be sent, a StateError after `close()`.
   */
  produce(record: ProducerRecord<Key, Value>, callback?: DeliveryCallback<Key, Value>): boolean {
    this.#requireOpen('produce')
    this.#transaction?.requireOpen('produce')
    checkCallback(callback)
    this.#intake.takeNow(record, callback as DeliveryCallback<unknown, unknown> | undefined)
    return !this.#accumulator.memory.isPastHighWater
  }

  /**
   * Produces a record and resolves with its report. Where the buffer is full it waits for space, up
   * to `max.block.ms`, in the order of the calls. Rejects with a DeliveryError, or with what
   * `produce()` would throw.
   */
  send(record: ProducerRecord<Key, Value>): Promise<DeliveryReport<Key, Value>> {
    const sent = new Promised(record)
    try {
      this.#requireOpen('send')
      this.#transaction?.requireOpen('send')
      this.#intake.take(sent)
    } catch (error) {
      sent.reject(error)
    }
    return sent.promise as Promise<DeliveryReport<Key, Value>>
  }

  /**
   * Produces records and resolves, when all are settled, with one result each, in order: as
   * `Promise.allSettled` gives them. One that is bad or can't be delivered fails alone.
   *
   * @example
   * for (const result of await producer.sendBatch(records)) {
   *   if (result.status === 'rejected') console.error(result.reason)
   * }
   */
  async sendBatch(
    records: readonly ProducerRecord<Key, Value>[],
  ): Promise<PromiseSettledResult<DeliveryReport<Key, Value>>[]> {
    this.#requireOpen('sendBatch')
    this.#transaction?.requireOpen('sendBatch')
    checkRecords(records)
    const results = new BatchResults<Key, Value>(records.length)
    for (const [at, record] of records.entries()) {
      const result = results.track(record, at)
      try {
        this.#intake.take(result)
      } catch (error) {
        result.reject(error)
      }
    }
    return results.all
  }

  /** Resolves when there is ample space in the buffer again; at once where there is. */
  drain(): Promise<void> {
    return this.#accumulator.memory.drained()
  }

  /**
   * For code that comes from librdkafka: waits up to `timeoutMs` for a report if none has come, and
   * gives the number of reports served since the last call. Callbacks run without it.
   */
  async poll(timeoutMs = 0): Promise<number> {
    const { counts } = this.#settlement
    if (counts.reported === this.#reportsPolled && this.#accumulator.records > 0 && timeoutMs > 0) {
      const settled = new Promise<void>(resolve => this.#settlement.onceSettled(resolve))
      await within(this.#cluster.clock, timeoutMs, settled, outOfTime).catch(() => {})
    }
    const served = counts.reported - this.#reportsPolled
    this.#reportsPolled = counts.reported
    return served
  }

  /**
   * Sends what waits without lingering, and waits for the outcome of every record that was taken
   * before the call, up to `timeoutMs`. Gives the number that still have none; 0 is success.
   */
  flush(timeoutMs = Number.POSITIVE_INFINITY): Promise<number> {
    const { arrivals } = this.#intake
    return flushAll(timeoutMs, {
      arrivals,
      accumulator: this.#accumulator,
      flushes: this.#settlement.flushes,
      cluster: this.#cluster,
      wake: () => this.#sender.wake(),
    })
  }

  /**
   * Flushes for up to `timeout` milliseconds (`delivery.timeout.ms` by default), then closes. What
   * is not delivered by then fails, and is given back. A second call does nothing.
   */
  async close({
    timeout = this.#config.deliveryTimeoutMs,
  } = {}): Promise<ProducerRecord<Key, Value>[]> {
    if (this.#state !== 'open') return []
    checkTimeout('close', timeout)
    this.#move('closing')
    await this.#abortOpenTransaction(timeout)
    await this.flush(timeout)
    const left = undeliveredRecords(this.#accumulator)
    const cause = new KafkaError({
      code: 'CLOSED',
      message: `the producer was closed before delivery, after ${timeout} ms`,
      hint: 'give close() more time, or keep what it returns',
    })
    this.#intake.refuseArrivals(cause)
    this.#sender.abandon(cause)
    this.#move('closed')
    this.#statsTimer?.cancel()
    this.#unwatch()
    this.#sender.close()
    this.#identity?.close()
    const lastPush = this.#telemetry.close()
    if (lastPush) await lastPush
    this.#cluster.close()
    return left as ProducerRecord<Key, Value>[]
  }

  get [facts](): ClientFacts {
    return { source: this.#cluster.publisher.source, settings: this.#settings }
  }

  get #queue() {
    const { records, memory } = this.#accumulator
    return { records, bytes: memory.used, limit: memory.limit }
  }

  #move(to: 'closing' | 'closed'): void {
    const from = this.#state
    this.#state = to
    const { records } = this.#accumulator
    this.#cluster.publisher.publish('producer:moved', { from, to, records })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * A stream of records: it takes no more while the buffer is past its high-water mark, and ends
   * when all that was written has been delivered. The first failed delivery is its error.
   */
  writable(): Writable {
    return recordStream(this)
  }

  /**
   * Gets this producer's identity from the transaction coordinator, once, before the first
   * transaction (KIP-98). A transaction that an earlier producer with the same `transactional.id`
   * left open is aborted, and that producer is fenced: it may do nothing any more. Takes up to
   * `max.block.ms`.
   */
  initTransactions(): Promise<void> {
    return this.#transactional('initTransactions').init()
  }

  /** Opens a transaction; costs no request. */
  beginTransaction(): void {
    this.#transactional('beginTransaction').begin()
  }

  /**
   * Stores how far a consumer's group has read, as part of the transaction: if it commits, the
   * group goes on from there. Give the offset of the next record to read, and
   * `consumer.groupMetadata()`.
   */
  sendOffsetsToTransaction(
    offsets: readonly OffsetToCommit[],
    group: GroupMetadata,
  ): Promise<void> {
    return this.#transactional('sendOffsetsToTransaction').sendOffsets(offsets, group)
  }

  /**
   * Waits for all records of the transaction and commits it. Rejects with an error that is
   * `abortable` (then `abortTransaction()`), `fatal` (then `close()`; a FencedError if another
   * producer took over), or `retriable` (then the same call again).
   */
  commitTransaction(): Promise<void> {
    return this.#transactional('commitTransaction').commit()
  }

  /** Takes back the transaction: readers with `read_committed` never see its records. */
  abortTransaction(): Promise<void> {
    return this.#transactional('abortTransaction').abort()
  }

  /**
   * Runs `work` in a transaction: commits when it returns, aborts when it throws, and gives what it
   * gave. The first call initialises the producer if that was not done.
   *
   * @example
   * await producer.transaction(async tx => {
   *   tx.produce({ topic: 'shipped', key: order.id, value: order.json })
   *   const offsets = [{ topic: 'orders', partition: 0, offset: 8 }]
   *   await tx.sendOffsets(offsets, consumer.groupMetadata())
   * })
   */
  async transaction<Result>(
    work: (tx: TransactionScope<Key, Value>) => Promise<Result> | Result,
  ): Promise<Result> {
    const transaction = this.#transactional('transaction')
    if (transaction.isNew) await transaction.init()
    transaction.begin()
    try {
      const scope: TransactionScope<Key, Value> = {
        produce: (record, callback) => this.produce(record, callback),
        send: record => this.send(record),
        sendOffsets: (offsets, group) => transaction.sendOffsets(offsets, group),
      }
      const result = await transaction.run(() => work(scope))
      await transaction.commit()
      return result
    } catch (error) {
      if (transaction.isOpen) await transaction.abort()
      throw error
    }
  }

  /** A topic's partitions with their leaders and replicas; waits for metadata where needed. */
  async partitionsFor(topic: string): Promise<readonly PartitionInfo[]> {
    this.#requireOpen('partitionsFor')
    return (await this.#cluster.topic(topic)).partitions
  }

  /** Which partition a record would go to, and why. */
  async explainPartition(record: ProducerRecord<Key, Value>): Promise<Explanation> {
    this.#requireOpen('explainPartition')
    const topic = await this.#cluster.topic(record.topic)
    const encoded = await this.#intake.encode(record)
    return explain(this.#config.partitioner, record.partition, encoded, topic)
  }

  /** What this producer has done so far, and how it stands: the figures of this moment. */
  metrics(): ProducerMetrics {
    const { counts } = this.#settlement
    const { memory, records } = this.#accumulator
    const statistics = this.#statistics
    return {
      queueRecords: records,
      queueBytes: memory.used,
      queueBytesLimit: memory.limit,
      requestsInFlight: this.#sender.requestsInFlight,
      recordsDelivered: counts.delivered,
      recordsFailed: counts.failed,
      batchesRetried: statistics.batchesRetried,
      batchesSplit: statistics.batchesSplit,
      transactionsAborted: this.#transaction?.aborted ?? 0,
      requestLatencyMs: statistics.requestLatencyMs.read(),
      deliveryLatencyMs: statistics.deliveryLatencyMs.read(),
      batchRecords: statistics.batchRecords.read(),
      batchBytes: statistics.batchBytes.read(),
      compressionRatio: statistics.compressionRatio,
      throttleMs: statistics.throttleMs.read(),
    }
  }

  /** Calls `listener` with each event of a name, until `off`. */
  on<Name extends keyof ProducerEvents>(
    name: Name,
    listener: (payload: ProducerEvents[Name]) => void,
  ): this {
    this.#events.on(name, listener)
    return this
  }

  /** Calls a listener no more. */
  off<Name extends keyof ProducerEvents>(
    name: Name,
    listener: (payload: ProducerEvents[Name]) => void,
  ): this {
    this.#events.off(name, listener)
    return this
  }

  #reportLater(ms: number): void {
    this.#statsTimer = this.#cluster.clock.after(ms, () => {
      const sources = {
        cluster: this.#cluster,
        config: this.#config,
        accumulator: this.#accumulator,
        counts: this.#settlement.counts,
        statistics: this.#statistics,
      }
      this.#reportLater(ms)
      this.#events.emit('stats', producerStats(sources))
    })
    this.#statsTimer.unref()
  }

  #makeTransaction(): Transaction | undefined {
    const { transactionalId } = this.#config
    if (transactionalId === undefined) return undefined
    return new Transaction(this.#cluster, this.#config, transactionalId, {
      settleAll: async () => void (await this.flush()),
      dropUnsent: cause => {
        this.#intake.refuseArrivals(cause)
        this.#sender.dropUnsent(cause)
      },
      wake: () => this.#sender.wake(),
    })
  }

  #transactional(call: string): Transaction {
    this.#requireOpen(call)
    if (this.#transaction) return this.#transaction
    throw new StateError(
      `${call}() on a producer without transactions`,
      'give it a transactional.id that no other running producer has',
    )
  }

  async #abortOpenTransaction(timeout: number): Promise<void> {
    if (!this.#transaction?.isOpen) return
    const aborted = this.#transaction.abort()
    await within(this.#cluster.clock, timeout, aborted, outOfTime).catch(error => {
      this.#cluster.logger.log('warn', 'transaction.left.open', { error })
    })
  }

  #requireOpen(call: string): void {
    if (this.#state === 'open') return
    throw new StateError(
      `${call}() on a producer that is ${this.#state}`,
      'make a new Producer; after close() nothing but close() may be called',
    )
  }

  #fail(error: Error): void {
    this.#events.emit('error', error)
  }
}

function outOfTime(): Error {
  return new Error('out of time')
}
