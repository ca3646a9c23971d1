import { Emitter } from '../base/emitter.ts'
import { Cluster, type Environment } from '../cluster/cluster.ts'
import type { GroupMetadata } from '../cluster/group-metadata.ts'
import type { PartitionInfo } from '../cluster/metadata.ts'
import { ConfigError, StateError } from '../errors.ts'
import { type ClientFacts, facts } from '../events.ts'
import { Telemetry } from '../telemetry/telemetry.ts'
import { BatchLoop } from './batch-loop.ts'
import type {
  ConsumerEvents,
  PartitionPosition,
  RebalanceListener,
  StalledPartition,
} from './consumer-events.ts'
import { Goal } from './goal.ts'
import { Group, mixed } from './group/group.ts'
import { listOffsets } from './list-offsets.ts'
import { Loops, type RunningLoop } from './loops.ts'
import { type Deserializers, Message } from './message.ts'
import { MessageBatch } from './message-batch.ts'
import { MessageLoop } from './message-loop.ts'
import type { CommitOffset, CommittedOffset } from './offsets.ts'
import { type ConsumerConfig, type ConsumerOptions, consumerConfig } from './options.ts'
import type { ConsumedPartition, TopicPartition } from './partition.ts'
import { Reading } from './reading.ts'
import { checkRunOptions, type RunOptions } from './run/options.ts'
import { Runner } from './run/runner.ts'
import { checkStart, checkTopics, type StartAt } from './start.ts'
import type { ConsumerMetrics } from './statistics.ts'
import { Watchdog } from './watchdog.ts'
import { type LoopParts, Work } from './work.ts'

/** A partition and where in it: `offset` may also be an end of the log or a time. */
export interface TopicPartitionStart extends TopicPartition {
  readonly offset: StartAt
}

/** How a loop over records ends. */
export interface LoopOptions {
  /** `'end'` ends the loop when what is in the partitions at its start has been handed out. */
  readonly until?: 'end'
}

/**
 * Reads records: of topics that it shares with the other members of its group (`subscribe`), or of
 * partitions that are named (`assign`), in one plain loop.
 *
 * A record counts as processed when the loop asks for the next, and only what is processed is
 * committed. A loop that is left by `break` or by an error has not processed its last record, which
 * comes first in the next loop; `stop()` ends a loop with the record in work counted. Heartbeats
 * go on in the background whatever the loop does.
 *
 * Throws a ConfigError for a setting that is unknown, wrong or contradicts another, before anything
 * connects.
 *
 * @example
 * const consumer = new Consumer(
 *   { 'bootstrap.servers': 'localhost:9092', 'group.id': 'billing' },
 *   { value: jsonDeserializer },
 * )
 * await consumer.subscribe(['orders'])
 * for await (const message of consumer) await bill(message.value)
 */
export class Consumer<Key = Buffer, Value = Buffer> implements AsyncIterable<Message<Key, Value>> {
  readonly #config: ConsumerConfig
  readonly #cluster: Cluster
  readonly #reading: Reading
  readonly #loops: Loops
  readonly #group: Group | undefined
  readonly #watchdog: Watchdog
  readonly #telemetry: Telemetry
  readonly #events = new Emitter<ConsumerEvents>()
  #closing: Promise<void> | undefined
  readonly #settings: ConsumerOptions

  constructor(
    options: ConsumerOptions,
    deserializers: Deserializers<Key, Value> = {},
    environment?: Partial<Environment>,
  ) {
    const config = consumerConfig(options)
    const autoCreateTopics = config.allowAutoCreateTopics
    const readings = () => ({ reading: this.#readings() })
    const cluster = new Cluster({ config, environment, autoCreateTopics, readings })
    const events = this.#events
    const reading = new Reading(cluster, config, events)
    const loops = new Loops(
      reading.feed,
      cluster,
      deserializers as Deserializers<unknown, unknown>,
      config.groupId,
    )
    this.#config = config
    this.#settings = options
    this.#cluster = cluster
    this.#reading = reading
    this.#loops = loops
    const { statistics } = reading
    events.on('assigned', () => void statistics.assignments++)
    events.on('revoked', () => void statistics.revocations++)
    events.on('lost', () => void statistics.losses++)
    const { groupId } = config
    this.#group =
      groupId === undefined
        ? undefined
        : new Group({ cluster, config, groupId, reading, loops, events })
    this.#telemetry = new Telemetry({
      cluster,
      kind: 'consumer',
      enabled: config.enableMetricsPush,
      labels: () => ({
        client_rack: config.clientRack,
        group_id: groupId,
        group_instance_id: config.groupInstanceId,
        group_member_id: this.#group?.metadata.memberId,
      }),
      partitions: () => [...reading.assignment].length,
    })
    this.#watchdog = new Watchdog({
      clock: cluster.clock,
      config,
      assignment: reading.assignment,
      loops,
      stalled: partitions => this.#stalled(partitions),
      heal: partitions => reading.heal(partitions),
    })
  }

  /**
   * Joins the group and reads its share of these topics, or of all topics whose name matches a
   * pattern. The listener is waited for when the share changes; there are events as well. A second
   * call changes the topics.
   *
   * Resolves when the first share is assigned. Rejects where there will be none (the settings do
   * not fit the group, no permission), or where no coordinator was reached in `request.timeout.ms`;
   * then it goes on trying in the background until `close()`.
   */
  subscribe(topics: readonly string[] | RegExp, listener?: RebalanceListener): Promise<void> {
    this.#requireOpen('subscribe')
    const group = this.#requireGroup('subscribe')
    if (!(topics instanceof RegExp)) checkTopics(topics)
    return kept(group.subscribe(topics, listener))
  }

  /**
   * Reads these partitions and no others, each from its `offset`: a number, `'earliest'`,
   * `'latest'` or `{ timestamp }` (the first record of that time or later). Without `offset` a
   * partition that is read already goes on; a new one begins at the group's committed offset if
   * there is a `group.id`, else by `auto.offset.reset`.
   *
   * Resolves when every partition has its offset. Rejects, and the loop throws the same, where that
   * can't be had within `request.timeout.ms`: an unknown topic or partition, a leader out of reach.
   */
  assign(partitions: readonly (TopicPartition & { readonly offset?: StartAt })[]): Promise<void> {
    this.#requireOpen('assign')
    for (const each of partitions) checkStart(each, each.offset ?? 0)
    if (this.#group?.isSubscribed) throw mixed('assign')
    const { assignment } = this.#reading
    for (const held of [...assignment]) {
      const isHeld = ({ topic, partition }: TopicPartition) =>
        topic === held.topic && partition === held.partition
      if (!partitions.some(isHeld)) this.#reading.release(held)
    }
    const placed = partitions.filter(each => each.offset !== undefined || !assignment.find(each))
    return kept(this.#place(placed))
  }

  /**
   * Goes on elsewhere in partitions that are assigned; what was fetched already is dropped.
   * Resolves when the offsets are known, at once where they are numbers.
   */
  seek(...places: readonly TopicPartitionStart[]): Promise<void> {
    this.#requireOpen('seek')
    for (const each of places) {
      checkStart(each, each.offset)
      this.#reading.assignment.get(each, 'seek')
    }
    return kept(this.#place(places))
  }

  /** Hands out nothing of these partitions, of all if none is named, until `resume`. */
  pause(partitions: Iterable<TopicPartition> = this.#reading.assignment): void {
    for (const each of [...partitions]) this.#reading.assignment.get(each, 'pause').paused = true
  }

  /** Goes on with partitions that were paused; by default with all. */
  resume(partitions: Iterable<TopicPartition> = this.#reading.assignment): void {
    for (const each of [...partitions]) {
      this.#reading.resume(this.#reading.assignment.get(each, 'resume'))
    }
  }

  /** Where this consumer stands in each of its partitions. */
  position(): PartitionPosition[] {
    return Array.from(this.#reading.assignment, each => this.#reading.positionOf(each))
  }

  /**
   * How many records lie before this consumer, of each partition and in all, as far as is known.
   */
  lag(): { readonly total: number; readonly partitions: PartitionPosition[] } {
    const partitions = this.position()
    return { total: partitions.reduce((sum, { lag = 0 }) => sum + lag, 0), partitions }
  }

  /**
   * Commits: what is processed of all partitions, if nothing is given; up to and with a message or
   * a batch; or offsets (of the next record to process) with metadata, of partitions that this
   * consumer has. Resolves when the coordinator has stored them. Rejects with a BrokerError if the
   * group has gone on without this member, or a KafkaError NOT_ASSIGNED.
   *
   * @example
   * await consumer.commit(message)
   * await consumer.commit([{ topic: 'orders', partition: 0, offset: 42, metadata: 'by hand' }])
   */
  async commit(
    what?: Message<Key, Value> | MessageBatch<Key, Value> | readonly CommitOffset[],
  ): Promise<void> {
    this.#requireOpen('commit')
    const group = this.#requireGroup('commit')
    const { requestTimeoutMs } = this.#config
    const { assignment } = this.#reading
    if (what === undefined) return group.committer.commit(assignment, requestTimeoutMs)
    const offsets = commitOf(what)
    for (const each of offsets) checkStart(each, each.offset)
    const partitions = offsets.map(each => assignment.get(each, 'commit'))
    await group.offsets.commit(offsets, requestTimeoutMs)
    for (const [i, partition] of partitions.entries()) {
      partition.commitUpTo(offsets[i]!.offset)
      partition.committed = offsets[i]!.offset
    }
  }

  /** What the group has committed, of the partitions named or else of those assigned. */
  async committed(partitions?: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    this.#requireOpen('committed')
    const group = this.#requireGroup('committed')
    const asked = partitions ?? [...this.#reading.assignment]
    const slots = asked.map(({ topic, partition }) => ({ topic, partition }))
    return group.offsets.fetch(slots, this.#config.requestTimeoutMs)
  }

  /** Who this consumer is in its group: for a producer's transaction that commits its offsets. */
  groupMetadata(): GroupMetadata {
    return this.#requireGroup('groupMetadata').metadata
  }

  /**
   * Asks the cluster for offsets, of any partitions: the earliest, the latest, or that of the first
   * record at or after a time (the end of the log, if there is none).
   */
  async listOffsets(
    queries: readonly (TopicPartition & { readonly offset: Exclude<StartAt, number> })[],
  ): Promise<(TopicPartition & { readonly offset: number })[]> {
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

  /**
   * Calls a handler for each message or batch, `concurrency` of them at the same time; the order is
   * kept within each partition, or within each key. What is processed is known without gaps: no
   * commit passes a message whose handler is not done. Resolves after `stop()` or `close()`, when
   * all handlers are done; rejects with the error of a handler for which `onFailure` has no answer,
   * and what is not processed comes again in the next loop or run.
   *
   * @example
   * await consumer.run({ eachMessage: bill, concurrency: 100, orderedBy: 'key' })
   */
  async run(options: RunOptions<Key, Value>): Promise<void> {
    this.#requireOpen('run')
    checkRunOptions(options)
    const { random } = this.#cluster
    const { work } = this.#loops.begin(
      () => false,
      parts => new Runner<Key, Value>(parts, options, random),
    )
    this.#expectTopics()
    await work.run()
  }

  /** Ends the running loop when it asks for the next; what it has in work then is processed. */
  stop(): void {
    this.#loops.stop()
  }

  /**
   * Ends the running loop, commits what is processed (with auto commit), leaves the group, closes.
   * What is in work is waited for, up to `timeout` milliseconds: so inside a loop call `stop()` or
   * `break` instead. A second call waits for the first.
   */
  close({ timeout = 5_000 } = {}): Promise<void> {
    this.#closing ??= this.#close(timeout)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** What this consumer has done so far, and how it stands. */
  metrics(): ConsumerMetrics {
    const { stalls, stalledPartitions } = this.#watchdog
    return { ...this.#reading.metrics(), stalls, stalledPartitions }
  }

  /** Calls `listener` with each event of a name, until `off`. */
  on<Name extends keyof ConsumerEvents>(
    name: Name,
    listener: (payload: ConsumerEvents[Name]) => void,
  ): this {
    this.#events.on(name, listener)
    return this
  }

  /** Calls a listener no more. */
  off<Name extends keyof ConsumerEvents>(
    name: Name,
    listener: (payload: ConsumerEvents[Name]) => void,
  ): this {
    this.#events.off(name, listener)
    return this
  }

  get [facts](): ClientFacts {
    return { source: this.#cluster.publisher.source, settings: this.#settings }
  }

  #readings() {
    const { bufferedBytes, bufferedBytesLimit, stalledPartitions } = this.metrics()
    const pollGapMs = this.#loops.stuckMs()
    const partitions = this.position()
    return { partitions, stalledPartitions, bufferedBytes, bufferedBytesLimit, pollGapMs }
  }

  #stalled(partitions: readonly StalledPartition[]): void {
    for (const { topic, partition, waitsFor, forMs } of partitions) {
      const facts = { topic, partition, waitsFor, forMs }
      this.#cluster.publisher.publish('partition:stalled', facts)
    }
    this.#events.emit('stalled', partitions)
  }

  async #close(timeout: number): Promise<void> {
    this.#watchdog.close()
    this.#loops.stop()
    await this.#loops.idle(timeout)
    const lastPush = this.#telemetry.close()
    await this.#group?.close()
    await lastPush
    this.#loops.close()
    this.#reading.close()
    this.#cluster.close()
  }

  #beginLoop({ until }: LoopOptions): RunningLoop<Work> {
    this.#requireOpen('a loop')
    this.#expectTopics()
    const make = (parts: LoopParts) => new Work(parts)
    if (until !== 'end') return this.#loops.begin(() => false, make)
    let goal: Goal | undefined
    const loop = this.#loops.begin(() => goal?.isReached ?? false, make)
    goal = new Goal(this.#cluster, this.#config, this.#reading)
    return loop
  }

  async #place(places: readonly (TopicPartition & { readonly offset?: StartAt })[]): Promise<void> {
    const reading = this.#reading
    const placed = places.map(each => ({ ...each, partition: reading.add(each) }))
    const known = placed.filter(({ offset }) => offset !== undefined)
    const others = placed.filter(({ offset }) => offset === undefined)
    await Promise.all([
      reading.start(known.map(({ partition, offset }) => ({ partition, at: offset! }))),
      this.#resume(others.map(({ partition }) => partition)),
    ])
  }

  /** Where nobody has said where: from the group's committed offsets, else by the policy. */
  async #resume(partitions: readonly ConsumedPartition[]): Promise<void> {
    if (this.#group) return this.#group.resume(partitions)
    const deadline = this.#cluster.clock.now() + this.#config.requestTimeoutMs
    const error = await this.#reading.startByPolicy(partitions, deadline)
    if (error) throw error
  }

  #requireOpen(call: string): void {
    if (!this.#closing) return
    throw new StateError(`${call}() on a consumer that is closed`, 'make a new Consumer')
  }

  /**
   * A loop over nothing would wait for ever without a word. One that begins in the same turn of the
   * event loop as `subscribe()`, but before it, is fine.
   */
  #expectTopics(): void {
    const isUseless = () =>
      !this.#group?.isSubscribed && this.#reading.assignment.size === 0 && this.#loops.isRunning
    this.#cluster.clock.soon(() => {
      if (this.#closing || !isUseless()) return
      const what = 'a loop over a consumer that reads nothing yet'
      const hint = 'call subscribe(topics) or assign(partitions) before it'
      this.#reading.feed.fail(new StateError(what, hint))
    })
  }

  #requireGroup(call: string): Group {
    if (this.#group) return this.#group
    throw new ConfigError(
      `${call}() needs group.id, which is not set`,
      "set 'group.id', or read partitions without a group by assign()",
    )
  }
}

/** A promise that may be ignored: the loop throws the same error to whoever did not wait. */
function kept(promise: Promise<void>): Promise<void> {
  promise.catch(() => {})
  return promise
}

function commitOf<Key, Value>(
  what: Message<Key, Value> | MessageBatch<Key, Value> | readonly CommitOffset[],
): readonly CommitOffset[] {
  if (what instanceof Message) {
    const { topic, partition, offset, leaderEpoch } = what
    return [{ topic, partition, offset: offset + 1, leaderEpoch }]
  }
  if (what instanceof MessageBatch) {
    return [{ topic: what.topic, partition: what.partition, offset: what.nextOffset }]
  }
  return what
}
