import { systemClock } from '../base/clock.ts'
import { ShiftableClock } from '../base/shiftable-clock.ts'
import { BrokerError, StateError } from '../errors.ts'
import { type ClientFacts, facts } from '../events.ts'
import { type Address, formatAddress } from '../net/transport.ts'
import { type ErrorName, errorByName } from '../protocol/errors.ts'
import type { ApiName, apiByName } from '../protocol/messages/index.ts'
import type { RequestOf, ResponseInput } from '../protocol/schema/api.ts'
import { Broker } from './broker.ts'
import { DataFolder } from './data/data-folder.ts'
import { checkErrorName, Faults, type FaultTarget, type Verdict } from './faults/faults.ts'
import { FetchSessions } from './fetch/session-cache.ts'
import type { Context } from './handler.ts'
import type { BrokerNode } from './model/broker-node.ts'
import { ClusterState } from './model/cluster-state.ts'
import type { CoordinatorKind } from './model/coordinators.ts'
import type { Counters } from './model/counters.ts'
import { Topic } from './model/topic.ts'
import { type ClusterOptions, type ParsedClusterOptions, parseClusterOptions } from './options.ts'
import { recordsOf, type StoredRecord, waitForRecords } from './read-back.ts'
import { type Gate, saslGate } from './security/gate.ts'
import { givePasswords } from './security/passwords.ts'
import type { TelemetryListener } from './telemetry/telemetry.ts'
import { markerGate } from './transactions/marker-gate.ts'

type ApiOf<Name extends ApiName> = (typeof apiByName)[Name]

/** Answers requests in the place of the broker, or lets them pass. */
export type Interceptor<Name extends ApiName> = (
  request: RequestOf<ApiOf<Name>>,
  context: Context,
) => Verdict<ResponseInput<ApiOf<Name>>> | Promise<Verdict<ResponseInput<ApiOf<Name>>>>

/** What a new topic is to be. */
export interface TopicOptions {
  /** Default: the cluster's `defaultPartitions`. */
  readonly partitions?: number
  /** Default: the cluster's `defaultReplicationFactor`. Shown in metadata; copies are not kept. */
  readonly replicationFactor?: number
  /** Settings by Kafka's names. */
  readonly config?: Readonly<Record<string, string>>
}

/**
 * A Kafka cluster in this process, for development and tests: real brokers that any client can
 * talk to, with a real log. Copies of partitions are not kept, and production is not its job.
 *
 * @example
 * await using cluster = await EmbeddedCluster.start({ brokers: 3 })
 * await cluster.createTopic('orders', { partitions: 6 })
 * const producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
 */
export class EmbeddedCluster {
  /** The brokers in order of their ids, which count from 1. */
  readonly brokers: readonly Broker[]
  readonly #state: ClusterState
  readonly #faults: Faults
  readonly #clock: ShiftableClock
  readonly #listeners: readonly string[]
  #stopping: Promise<void> | undefined

  private constructor(
    state: ClusterState,
    brokers: readonly Broker[],
    faults: Faults,
    clock: ShiftableClock,
    listeners: readonly string[],
  ) {
    this.#state = state
    this.#clock = clock
    this.#listeners = listeners
    this.brokers = brokers
    this.#faults = faults
  }

  /**
   * Starts a cluster; it serves when the promise resolves. Throws a ConfigError for options that
   * can't be, a KafkaError for a data folder that is locked, damaged or another version's (which
   * is left as it was), and the system's error for a port that is taken.
   */
  static async start(options: ClusterOptions = {}): Promise<EmbeddedCluster> {
    const clock = new ShiftableClock(options.clock ?? systemClock)
    const parsed = parseClusterOptions({ ...options, clock })
    const nodes = nodesOf(parsed)
    const data = parsed.dataDir === undefined ? undefined : await DataFolder.open(parsed.dataDir)
    const faults = new Faults()
    const gate = markerGate(faults, parsed.settings.clock)
    const state = await ClusterState.create(parsed.settings, nodes, data, gate)
    await givePasswords(parsed.listeners, state)
    const gates = parsed.listeners.map(({ name, sasl }): Gate => {
      const { security } = state
      return { listener: name, sasl: sasl && saslGate(sasl, security.scram, state.clock) }
    })
    const brokers = nodes.map((node, i) => {
      const listeners = parsed.listeners.map(({ listen, host, port, advertised }, j) => ({
        gate: gates[j]!,
        listen,
        address: { host, port: port === 0 ? 0 : port + i },
        advertised: advertised[i],
      }))
      return new Broker({ cluster: state, node, faults, listeners })
    })
    const cluster = new EmbeddedCluster(
      state,
      brokers,
      faults,
      clock,
      parsed.listeners.map(({ name }) => name),
    )
    try {
      for (const broker of brokers) await broker.start()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  /** `host:port,…` of all brokers, for `bootstrap.servers`. */
  get bootstrapServers(): string {
    return this.brokers.map(broker => formatAddress(broker.address)).join(',')
  }

  /**
   * The same at one of `listeners`. Throws a StateError if there is none of that name.
   *
   * @example
   * const cluster = await EmbeddedCluster.start({ listeners: { safe: { tls: { key, cert } } } })
   * new Producer({ 'bootstrap.servers': cluster.bootstrapServersAt('safe'), ... })
   */
  bootstrapServersAt(listener: string): string {
    if (!this.#listeners.includes(listener)) {
      const names = this.#listeners.join(', ')
      throw new StateError(`there is no listener ${listener}; they are ${names}`)
    }
    return this.brokers.map(broker => formatAddress(broker.addressAt(listener))).join(',')
  }

  /** The id that brokers tell their clients; a data folder keeps it. */
  get clusterId(): string {
    return this.#state.clusterId
  }

  /** What was counted since the start: connections, requests, rejections. */
  get counters(): Readonly<Counters> {
    return this.#state.counters
  }

  /** The broker with an id. Throws a StateError if there is none. */
  broker(id: number): Broker {
    const found = this.brokers.find(broker => broker.id === id)
    if (found) return found
    throw new StateError(`there is no broker ${id}; their ids are 1 to ${this.brokers.length}`)
  }

  /** Creates a topic. Throws a BrokerError such as TOPIC_ALREADY_EXISTS. */
  async createTopic(name: string, options: TopicOptions = {}): Promise<void> {
    const { partitions = -1, replicationFactor = -1, config = {} } = options
    const wanted = { name, partitions, replicationFactor, config, assignments: [] }
    const made = await this.#state.createTopic(wanted)
    if (made instanceof Topic) return
    throw new BrokerError(errorByName(made.code).code, { topic: name }, made.message)
  }

  /** The names of all topics but the cluster's own, in alphabetical order. */
  topics(): string[] {
    const all = [...this.#state.topics.all()].filter(({ isInternal }) => !isInternal)
    return all.map(({ name }) => name).sort()
  }

  /**
   * All committed records of a topic, by partition and offset, read straight from the log. Throws
   * a BrokerError if the topic does not exist.
   */
  records(topic: string): Promise<StoredRecord[]> {
    return recordsOf(this.#topic(topic))
  }

  /**
   * Waits until a topic holds so many committed records, and gives all that it has then. Rejects
   * with a TimeoutError after `timeoutMs` (default: 10,000) of the cluster's time, and with a
   * BrokerError if the topic does not exist.
   *
   * @example
   * const [bill] = await cluster.waitForRecords('bills', 1)
   * expect(bill?.value?.toString()).toBe('12.50')
   */
  waitForRecords(
    topic: string,
    count: number,
    { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {},
  ): Promise<StoredRecord[]> {
    return waitForRecords(this.#topic(topic), count, timeoutMs, this.#clock)
  }

  /** Deletes a topic with its records. Throws a BrokerError if it does not exist. */
  async deleteTopic(name: string): Promise<void> {
    await this.#state.deleteTopic(this.#topic(name))
  }

  /**
   * Does at once what retention and compaction would do in time; resolves when it is done.
   *
   * @example
   * await cluster.createTopic('state', { config: { 'cleanup.policy': 'compact' } })
   * await cluster.clean()
   */
  clean(): Promise<void> {
    return this.#state.cleaner.run()
  }

  /** The id of the broker that leads a partition; -1 if none does. */
  leader(topic: string, partition: number): number {
    return this.#partition(topic, partition).leader
  }

  /** Makes another broker the leader of a partition, under a new leader epoch. */
  moveLeader(topic: string, partition: number, brokerId: number): void {
    const moved = this.#partition(topic, partition)
    const { id } = this.broker(brokerId)
    if (!moved.replicas.includes(id)) {
      moved.replicas = [id, ...moved.replicas.filter(replica => replica !== moved.leader)]
    }
    moved.elect(id)
  }

  /**
   * Makes another broker the coordinator of a group or a transactional id, for as long as that one
   * lives. Clients hear NOT_COORDINATOR from the old one, and look for the new one.
   *
   * @example
   * cluster.moveCoordinator('group', 'billing', 2)
   */
  moveCoordinator(kind: CoordinatorKind, id: string, brokerId: number): void {
    this.#state.moveCoordinator(kind, id, this.broker(brokerId).id)
  }

  /**
   * Moves the cluster's time ahead, and runs what falls due on the way: sessions of members expire,
   * transactions time out, records grow too old. The clients have their own time.
   *
   * @example
   * await cluster.advanceTime(60_000)
   */
  advanceTime(ms: number): Promise<void> {
    return this.#clock.advance(ms)
  }

  /** Answers the next requests of an API with an error; of topics where these are named. */
  fail(api: ApiName, error: ErrorName, target?: FaultTarget): void {
    checkErrorName(error)
    this.#faults.add(api, { is: 'fail', error }, target)
  }

  /** Holds the next requests of an API back for `ms` milliseconds before they are handled. */
  delay(api: ApiName, ms: number, target?: FaultTarget): void {
    this.#faults.add(api, { is: 'delay', ms }, target)
  }

  /** Breaks the connection on which the next request of an API comes, unhandled. */
  disconnect(api: ApiName, target?: FaultTarget): void {
    this.#faults.add(api, { is: 'disconnect' }, target)
  }

  /** Answers the next requests of an API as usual, and tells the client to hold back for `ms`. */
  throttle(api: ApiName, ms: number, target?: FaultTarget): void {
    this.#faults.add(api, { is: 'throttle', ms }, target)
  }

  /**
   * Gives the records of the next Fetch that has some one wrong bit, so that their checksum does
   * not fit; the answers of other APIs end before they should.
   */
  corrupt(api: ApiName, target?: FaultTarget): void {
    this.#faults.add(api, { is: 'corrupt' }, target)
  }

  /**
   * Lets the request that follows the next one of an API overtake it: that one is handled after it,
   * or when `maxWaitMs` have passed without another. On one connection only Produce requests can
   * overtake each other, since others are handled one by one. Answers keep their order.
   */
  reorder(
    api: ApiName,
    { maxWaitMs = 1000, ...target }: FaultTarget & { readonly maxWaitMs?: number } = {},
  ): void {
    this.#faults.add(api, { is: 'reorder', ms: maxWaitMs }, target)
  }

  /** Swallows the next requests of an API: not handled, never answered. */
  drop(api: ApiName, target?: FaultTarget): void {
    this.#faults.add(api, { is: 'drop' }, target)
  }

  /**
   * Handles the next request of an API, and breaks its connection instead of answering: what it
   * asked for is done, but its sender can't know.
   */
  loseAnswer(api: ApiName, target?: FaultTarget): void {
    this.#faults.add(api, { is: 'lose' }, target)
  }

  /**
   * Hands the next request of an API to `answer`, which replies in the broker's place or says what
   * is to happen with it: `'pass'`, `'disconnect'` or `'drop'`.
   *
   * @example
   * cluster.intercept('Metadata', request => ({ reply: { brokers: [], topics: [] } }))
   */
  intercept<Name extends ApiName>(
    api: Name,
    answer: Interceptor<Name>,
    target?: FaultTarget,
  ): void {
    this.#faults.add(
      api,
      {
        is: 'intercept',
        // The message is that of `api`, since only its requests meet this fault.
        answer: async (request, context) => answer(request as RequestOf<ApiOf<Name>>, context),
      },
      target,
    )
  }

  /**
   * `listener` hears of the metrics that clients push (KIP-714), until the returned function is
   * called. What they push is set by subscriptions: settings of resources of type CLIENT_METRICS.
   */
  onTelemetry(listener: TelemetryListener): () => void {
    return this.#state.telemetry.listen(listener)
  }

  /** Forgets the faults that were asked for and have not happened. */
  clearFaults(): void {
    this.#faults.clear()
  }

  /** Faults that were asked for and have not happened. */
  get pendingFaults(): number {
    return this.#faults.pending
  }

  /** Stops all brokers, writes what is to be kept, and frees the data folder. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await Promise.all(this.brokers.map(broker => broker.stop()))
    await this.#state.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  get [facts](): ClientFacts {
    const settings = { 'bootstrap.servers': this.bootstrapServers }
    return { source: this.#state.publisher.source, settings }
  }

  #topic(name: string): Topic {
    const topic = this.#state.topics.named(name)
    if (topic) return topic
    throw new BrokerError(errorByName('UNKNOWN_TOPIC_OR_PARTITION').code, { topic: name })
  }

  #partition(topic: string, partition: number) {
    const found = this.#topic(topic).partitions[partition]
    if (found) return found
    const { code } = errorByName('UNKNOWN_TOPIC_OR_PARTITION')
    throw new BrokerError(code, { topic, partition })
  }
}

function nodesOf({ brokers, host }: ParsedClusterOptions): BrokerNode[] {
  const address: Address = { host, port: -1 }
  return Array.from({ length: brokers }, (_, i) => ({
    id: i + 1,
    rack: null,
    address,
    isAlive: false,
    otherAddresses: new Map(),
    fetchSessions: new FetchSessions(),
  }))
}
