import { within } from '../base/clock.ts'
import { Emitter } from '../base/emitter.ts'
import { Cluster, type Environment } from '../cluster/cluster.ts'
import type { PartitionInfo } from '../cluster/metadata.ts'
import { ConfigError, type KafkaError, StateError } from '../errors.ts'
import { Assignment } from './assignment.ts'
import { BatchLoop } from './batch-loop.ts'
import type { ConsumerEvents } from './consumer-events.ts'
import { Feed } from './feed.ts'
import { Fetcher } from './fetcher.ts'
import { listOffsets } from './list-offsets.ts'
import type { Deserializers, Message } from './message.ts'
import type { MessageBatch } from './message-batch.ts'
import { MessageLoop } from './message-loop.ts'
import { type ConsumerConfig, type ConsumerOptions, consumerConfig } from './options.ts'
import { ConsumedPartition, type TopicPartition } from './partition.ts'
import { isStart, resetStart, type StartAt } from './start.ts'
import { noPosition, Starter } from './starter.ts'
import { type LoopParts, Work } from './work.ts'

export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
}

/** A partition and where in it: `offset` may also be an end of the log or a time. */
export interface TopicPartitionStart extends TopicPartition {
  readonly offset: StartAt
}

/** Where a consumer stands in one partition; what is not known yet is undefined. */
export interface PartitionPosition extends TopicPartition {
  /** Of the next record to be handed out. */
  readonly offset: number | undefined
  /** The end of the log, under read_committed that of its stable part, as a fetch last told. */
  readonly end: number | undefined
  /** How many offsets lie between the two. */
  readonly lag: number | undefined
  /** Nothing more is there to be handed out, as far as is known. */
  readonly atEnd: boolean
  readonly paused: boolean
}

export interface LoopOptions {
  /** `'end'` ends the loop when what is in the partitions at its start has been handed out. */
  readonly until?: 'end'
}

interface RunningLoop {
  readonly gate: { open: boolean }
  readonly work: Work
}

/**
 * Reads records, of partitions that are named: one plain loop.
 *
 * A record counts as processed when the loop asks for the next. A loop that is left by `break` or
 * by an error has not processed its last record, which comes first in the next loop; to end a loop
 * with the record in work counted, call `stop()`. Throws a ConfigError for a setting that is
 * unknown, wrong or contradicts another, before anything connects.
 *
 * @example
 * const consumer = new Consumer({ 'bootstrap.servers': 'localhost:9092' }, { value: jsonDeserializer })
 * await consumer.assign([{ topic: 'orders', partition: 0, offset: 'earliest' }])
 * for await (const message of consumer) console.log(message.offset, message.value)
 */
export class Consumer<Key = Buffer, Value = Buffer> implements AsyncIterable<Message<Key, Value>> {
  readonly #config: ConsumerConfig
  readonly #deserializers: Deserializers<unknown, unknown>
  readonly #cluster: Cluster
  readonly #assignment = new Assignment()
  readonly #feed: Feed
  readonly #fetcher: Fetcher
  readonly #starter: Starter
  readonly #events = new Emitter<ConsumerEvents>()
  #loop: RunningLoop | undefined
  #closing: Promise<void> | undefined

  constructor(
    options: ConsumerOptions,
    deserializers: Deserializers<Key, Value> = {},
    environment?: Partial<Environment>,
  ) {
    const config = consumerConfig(options)
    const cluster = new Cluster({
      config,
      environment,
      autoCreateTopics: config.allowAutoCreateTopics,
    })
    this.#config = config
    this.#deserializers = deserializers as Deserializers<unknown, unknown>
    this.#cluster = cluster
    this.#feed = new Feed(config, {
      drained: partition => this.#drained(partition),
      skipped: error => this.#events.emit('error', error),
    })
    const failed = (partition: ConsumedPartition, error: KafkaError) =>
      this.#failed(partition, error)
    const started = () => this.#woken()
    this.#starter = new Starter({ cluster, config, started, failed })
    this.#fetcher = new Fetcher({
      cluster,
      config,
      feed: this.#feed,
      partitions: this.#assignment,
      served: partition => this.#assignment.served(partition),
      outOfRange: partition => void this.#reset(partition),
      answered: partition => this.#answered(partition),
      failed,
    })
    cluster.onChange(() => this.#fetcher.wake())
  }

  /**
   * Reads these partitions and no others, each from its `offset`: a number, `'earliest'`,
   * `'latest'` or `{ timestamp }` (the first record of that time or later). Without `offset` a
   * partition that is read already goes on, and a new one begins by `auto.offset.reset`.
   *
   * Resolves when every partition has its offset. Rejects, and the loop throws the same, where that
   * can't be had within `request.timeout.ms`: an unknown topic or partition, a leader out of reach.
   */
  assign(partitions: readonly (TopicPartition & { readonly offset?: StartAt })[]): Promise<void> {
    this.#requireOpen('assign')
    for (const each of partitions) checkPlace(each, each.offset ?? 0)
    for (const held of [...this.#assignment]) {
      const isKept = ({ topic, partition }: TopicPartition) =>
        topic === held.topic && partition === held.partition
      if (!partitions.some(isKept)) this.#release(held)
    }
    const toStart = partitions.flatMap(each => this.#place(each, each.offset) ?? [])
    return this.#started(toStart)
  }

  /**
   * Goes on elsewhere in partitions that are assigned; what was fetched already is dropped.
   * Resolves when the offsets are known, at once where they are numbers.
   */
  seek(...places: readonly TopicPartitionStart[]): Promise<void> {
    this.#requireOpen('seek')
    for (const each of places) {
      checkPlace(each, each.offset)
      this.#assignment.get(each, 'seek')
    }
    return this.#started(places.flatMap(each => this.#place(each, each.offset) ?? []))
  }

  /** Hands out nothing of these partitions, of all if none is named, until `resume`. */
  pause(partitions: Iterable<TopicPartition> = this.#assignment): void {
    for (const each of [...partitions]) this.#assignment.get(each, 'pause').paused = true
  }

  resume(partitions: Iterable<TopicPartition> = this.#assignment): void {
    for (const each of [...partitions]) {
      const partition = this.#assignment.get(each, 'resume')
      partition.paused = false
      this.#feed.offer(partition)
    }
    this.#woken()
  }

  /** Where this consumer stands in each of its partitions. */
  position(): PartitionPosition[] {
    return Array.from(this.#assignment, partition => this.#positionOf(partition))
  }

  /** How many records lie before this consumer, of each partition and in all, as far as is known. */
  lag(): { readonly total: number; readonly partitions: PartitionPosition[] } {
    const partitions = this.position()
    return { total: partitions.reduce((sum, { lag = 0 }) => sum + lag, 0), partitions }
  }

  /**
   * Asks the cluster for offsets, of any partitions: the earliest, the latest, or that of the first
   * record at or after a time (the end of the log, if there is none).
   */
  async listOffsets(
    queries: readonly (TopicPartition & { readonly offset: Exclude<StartAt, number> })[],
  ): Promise<TopicPartitionOffset[]> {
    this.#requireOpen('listOffsets')
    const asked = queries.map(({ topic, partition, offset }) => ({ topic, partition, at: offset }))
    const { requestTimeoutMs } = this.#config
    const found = await listOffsets(this.#cluster, this.#config, asked, requestTimeoutMs)
    return found.map((each, i) => {
      if ('error' in each) throw each.error
      const { topic, partition } = queries[i]!
      return { topic, partition, offset: each.offset }
    })
  }

  /** A topic's partitions with their leaders and replicas; waits for metadata where needed. */
  async partitionsFor(topic: string): Promise<readonly PartitionInfo[]> {
    this.#requireOpen('partitionsFor')
    return (await this.#cluster.topic(topic)).partitions
  }

  /** One message at a time, of all partitions in turn. A consumer has one loop at a time. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message<Key, Value>> {
    return this.messages()
  }

  /**
   * The same, with options.
   *
   * @example
   * for await (const message of consumer.messages({ until: 'end' })) total += message.value.amount
   */
  messages(options: LoopOptions = {}): AsyncIterableIterator<Message<Key, Value>> {
    const { parts, work } = this.#beginLoop(options)
    return new MessageLoop<Key, Value>(parts, work)
  }

  /** One partition's records at a time, as they were fetched; nothing is made of them unasked. */
  batches(options: LoopOptions = {}): AsyncIterableIterator<MessageBatch<Key, Value>> {
    const { parts, work } = this.#beginLoop(options)
    return new BatchLoop<Key, Value>(parts, work)
  }

  /** Ends the running loop when it asks for the next; what it has in work then is processed. */
  stop(): void {
    if (this.#loop) this.#loop.gate.open = false
    this.#feed.wake()
  }

  /**
   * Ends the running loop and closes. What is in work is waited for, up to `timeout` milliseconds:
   * so inside a loop call `stop()` or `break` instead. A second call waits for the first.
   */
  close({ timeout = 5_000 } = {}): Promise<void> {
    this.#closing ??= this.#close(timeout)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  on<Name extends keyof ConsumerEvents>(
    name: Name,
    listener: (payload: ConsumerEvents[Name]) => void,
  ): this {
    this.#events.on(name, listener)
    return this
  }

  off<Name extends keyof ConsumerEvents>(
    name: Name,
    listener: (payload: ConsumerEvents[Name]) => void,
  ): this {
    this.#events.off(name, listener)
    return this
  }

  async #close(timeout: number): Promise<void> {
    this.stop()
    const { clock } = this.#cluster
    const work = this.#loop?.work
    if (work?.isBusy()) await within(clock, timeout, work.settled(), lateLoop).catch(() => {})
    for (const partition of [...this.#assignment]) this.#release(partition)
    this.#starter.close()
    this.#fetcher.close()
    this.#feed.wake()
    this.#cluster.close()
  }

  #beginLoop({ until }: LoopOptions): { parts: LoopParts; work: Work } {
    this.#requireOpen('a loop')
    if (this.#loop) {
      throw new StateError(
        'a second loop over one consumer, while the first is running',
        'end the first (break or stop()), or make another consumer for the second',
      )
    }
    const gate = { open: true }
    const goal = until === 'end' ? this.#goal() : undefined
    const parts: LoopParts = {
      feed: this.#feed,
      clock: this.#cluster.clock,
      deserializers: this.#deserializers,
      gate,
      isComplete: () => goal?.isReached() ?? false,
      progress: () => {},
      ended: () => {
        if (this.#loop?.gate === gate) this.#loop = undefined
      },
    }
    const work = new Work(parts)
    this.#loop = { gate, work }
    return { parts, work }
  }

  /** What is in the partitions now, and whether all of it has been handed out. */
  #goal(): { isReached(): boolean } {
    const ends = new Map<ConsumedPartition, number>()
    const partitions = [...this.#assignment]
    const queries = partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      at: 'latest' as const,
    }))
    const { requestTimeoutMs } = this.#config
    void listOffsets(this.#cluster, this.#config, queries, requestTimeoutMs).then(found => {
      for (const [i, each] of found.entries()) {
        if ('error' in each) this.#feed.fail(each.error)
        else ends.set(partitions[i]!, each.offset)
      }
      this.#feed.wake()
    })
    const isReached = (partition: ConsumedPartition) =>
      partition.isReleased || partition.position >= (ends.get(partition) ?? Infinity)
    return { isReached: () => partitions.every(isReached) }
  }

  /** Makes a partition begin at a place; gives it if its offset must still be found. */
  #place(at: TopicPartition, offset: StartAt | undefined): ConsumedPartition | undefined {
    const known = this.#assignment.find(at)
    if (known && offset === undefined) return undefined
    const { clock, publisher } = this.#cluster
    const partition = known ?? new ConsumedPartition(at, publisher)
    if (!known) this.#assignment.add(partition)
    const start = offset ?? resetStart(this.#config.reset, clock.epoch())
    if (start === undefined) this.#failed(partition, noPosition(partition, 'NO_OFFSET'))
    else if (typeof start === 'number') partition.startAt(start)
    else partition.startFrom(start, clock.now() + this.#config.requestTimeoutMs)
    this.#woken()
    return partition
  }

  /** Resolves when these have their offsets; one that can't have it rejects, for all. */
  #started(partitions: readonly ConsumedPartition[]): Promise<void> {
    const started = this.#starter.seek(partitions).then(() => {
      for (const { state } of partitions) if (state.is === 'failed') throw state.error
    })
    // The loop throws the same error: who does not wait for this promise shall not be killed by it.
    started.catch(() => {})
    return started
  }

  async #reset(partition: ConsumedPartition): Promise<void> {
    const { topic, partition: index, position: from } = partition
    await this.#starter.reset(partition, noPosition(partition, 'OFFSET_OUT_OF_RANGE'))
    if (partition.state.is !== 'fetching') return
    this.#events.emit('reset', { topic, partition: index, from, to: partition.position })
  }

  #failed(partition: ConsumedPartition, error: KafkaError): void {
    partition.fail(error)
    this.#feed.fail(error)
  }

  #release(partition: ConsumedPartition): void {
    this.#assignment.delete(partition)
    partition.release()
  }

  /** Something was placed, started or resumed. */
  #woken(): void {
    this.#feed.wake()
    this.#fetcher.wake()
  }

  #drained(partition: ConsumedPartition): void {
    if (partition.bufferedBytes < this.#config.maxPartitionFetchBytes) this.#fetcher.wake()
    if (partition.portions.length === 0) this.#answered(partition)
  }

  /** Tells once when the end is reached, and again when it is reached anew. */
  #answered(partition: ConsumedPartition): void {
    const { topic, partition: index, position: offset } = partition
    const atEnd = this.#positionOf(partition).atEnd
    const isNews = atEnd && !partition.toldEnd
    partition.toldEnd = atEnd
    if (isNews) this.#events.emit('end', { topic, partition: index, offset })
  }

  #positionOf(partition: ConsumedPartition): PartitionPosition {
    const { topic, partition: index, position, paused } = partition
    const offset = position < 0 ? undefined : position
    const known = partition.end(this.#config.isolationLevel)
    const end = known < 0 ? undefined : known
    const lag = offset === undefined || end === undefined ? undefined : Math.max(0, end - offset)
    return { topic, partition: index, offset, end, lag, atEnd: lag === 0, paused }
  }

  #requireOpen(call: string): void {
    if (!this.#closing) return
    throw new StateError(`${call}() on a consumer that is closed`, 'make a new Consumer')
  }
}

function checkPlace({ topic, partition }: TopicPartition, offset: unknown): void {
  if (typeof topic !== 'string' || topic === '') {
    throw new ConfigError(`topic must be a text that is not empty, got ${JSON.stringify(topic)}`)
  }
  if (!Number.isInteger(partition) || partition < 0) {
    throw new ConfigError(
      `partition must be a whole number from 0, got ${JSON.stringify(partition)}`,
    )
  }
  if (isStart(offset)) return
  throw new ConfigError(
    `offset must be a whole number from 0, 'earliest', 'latest' or { timestamp }, got ${JSON.stringify(offset)}`,
  )
}

function lateLoop(): Error {
  return new Error('the loop did not come back in time')
}
