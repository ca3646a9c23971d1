import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { asError } from '../../errors.ts'
import { nextInstance, Publisher } from '../../events.ts'
import type { Logger } from '../../logger.ts'
import { Cleaner } from '../cleaner/cleaner.ts'
import { type BrokerConfigName, brokerNumber } from '../config/broker-configs.ts'
import { type FeatureLevels, Features } from '../config/features.ts'
import { type KeptConfig, RESOURCE_TYPES, ResourceConfigs } from '../config/resource-configs.ts'
import { topicNamesOf } from '../config/topic-configs.ts'
import type { ConfigOverrides, TopicDefaults } from '../config/topic-settings.ts'
import type { DataFolder, FoundData } from '../data/data-folder.ts'
import { type ClusterSnapshot, FORMAT } from '../data/snapshot.ts'
import { GroupCoordinator } from '../groups/coordinator.ts'
import { folderLog, memoryLog, recoveredLog } from '../log/open-log.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { AuthorizerOptions } from '../security/acl/authorizer.ts'
import { type KeptSecurity, NO_SECURITY, SecurityState } from '../security/security-state.ts'
import { Telemetry } from '../telemetry/telemetry.ts'
import { TransactionCoordinator } from '../transactions/coordinator.ts'
import type { MarkerGate } from '../transactions/markers.ts'
import type { BrokerNode } from './broker-node.ts'
import { type CoordinatorKind, Coordinators } from './coordinators.ts'
import { Counters } from './counters.ts'
import { type NewTopic, planTopic, type TopicPlan } from './new-topic.ts'
import { NO_LEADER, Partition } from './partition.ts'
import { ProducerIds } from './producer-ids.ts'
import { Topic } from './topic.ts'
import { randomUuid, Topics } from './topics.ts'

/** What a cluster is told once and for all. */
export interface ClusterSettings {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly autoCreateTopics: boolean
  readonly defaultPartitions: number
  readonly defaultReplicationFactor: number
  /** Defaults of topics' settings, by Kafka's names. */
  readonly topicConfig: ConfigOverrides
  /** Settings of groups and their offsets, by Kafka's names. */
  readonly groupConfig: ConfigOverrides
  /** Settings of the brokers, by Kafka's names. */
  readonly brokerConfig: ConfigOverrides
  /** The protocol of transactions (`transaction.version`): 2 with an epoch for each (KIP-890). */
  readonly transactionVersion: number
  /** Whether every append waits for the disk, rather than for the system. */
  readonly fsync: boolean
  /** The largest request, in bytes. */
  readonly maxRequestBytes: number
  /** Undefined where everybody may do everything. */
  readonly authorizer: AuthorizerOptions | undefined
}

/** What a cluster begins with, new or restored. */
interface Kept {
  readonly clusterId: string
  readonly nextProducerId: number
  readonly configs: readonly KeptConfig[]
  readonly features: FeatureLevels
  readonly security: KeptSecurity
}

function newCluster({ random }: ClusterSettings): Kept {
  return {
    clusterId: randomUuid(random),
    nextProducerId: 0,
    configs: [],
    features: {},
    security: NO_SECURITY,
  }
}

/** The state that the brokers of one cluster share. */
export class ClusterState {
  readonly settings: ClusterSettings
  readonly nodes: readonly BrokerNode[]
  readonly topics = new Topics()
  readonly #coordinators = new Coordinators()
  readonly producerIds: ProducerIds
  readonly counters = new Counters()
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  readonly telemetry: Telemetry
  /** Retention and compaction. */
  readonly cleaner: Cleaner
  readonly features: Features
  /** Settings of what is no topic. To be changed by `configure`. */
  readonly configs: ResourceConfigs
  /** Users, rights and quotas. To be saved by whoever changes them. */
  readonly security: SecurityState
  readonly clusterId: string
  readonly publisher: Publisher
  /** How often what is no log has changed since the start. */
  changes = 0
  #topicDefaults: TopicDefaults
  readonly #folder: DataFolder | undefined

  private constructor(
    settings: ClusterSettings,
    nodes: readonly BrokerNode[],
    folder: DataFolder | undefined,
    kept: Kept,
    markerGate: MarkerGate,
  ) {
    this.settings = settings
    this.nodes = nodes
    this.#folder = folder
    this.clusterId = kept.clusterId
    const source = { instance: nextInstance(), clientId: `cluster ${kept.clusterId}` }
    this.publisher = new Publisher(source, () => settings.clock.now())
    this.telemetry = new Telemetry(settings.clock)
    this.cleaner = new Cleaner(this)
    this.features = new Features(settings.transactionVersion, kept.features)
    this.configs = new ResourceConfigs(kept.configs)
    this.security = new SecurityState(settings.authorizer, kept.security)
    this.#topicDefaults = this.#currentDefaults()
    this.producerIds = new ProducerIds(kept.nextProducerId, () => this.save())
    this.groups = new GroupCoordinator(this)
    this.transactions = new TransactionCoordinator(this, markerGate)
  }

  /** A cluster in memory, or in a data folder with what was found there. */
  static async create(
    settings: ClusterSettings,
    nodes: readonly BrokerNode[],
    data: { readonly folder: DataFolder; readonly found: FoundData | undefined } | undefined,
    markerGate: MarkerGate = async () => 'pass',
  ): Promise<ClusterState> {
    const found = data?.found
    const kept = found?.snapshot ?? newCluster(settings)
    const state = new ClusterState(settings, nodes, data?.folder, kept, markerGate)
    try {
      if (found) await state.#restore(found)
      else await state.save()
      await state.#subscribeTelemetry()
      await state.groups.load()
      await state.transactions.load()
      return state
    } catch (error) {
      await data?.folder.close()
      throw error
    }
  }

  get clock(): Clock {
    return this.settings.clock
  }

  get logger(): Logger {
    return this.settings.logger
  }

  /** What topics get where they have no setting of their own. */
  get topicDefaults(): TopicDefaults {
    return this.#topicDefaults
  }

  /** The log directory of every broker, as clients are told: the data folder, or `memory`. */
  get logDir(): string {
    return this.#folder?.path ?? 'memory'
  }

  get hasFolder(): boolean {
    return this.#folder !== undefined
  }

  /** Gives a resource that is no topic its settings, in force at once. */
  async configure(type: number, name: string, config: ConfigOverrides): Promise<void> {
    this.configs.set(type, name, config)
    if (type === RESOURCE_TYPES.clientMetrics) await this.telemetry.subscribe(name, config)
    if (type === RESOURCE_TYPES.broker) {
      this.#topicDefaults = this.#currentDefaults()
      for (const topic of this.topics.all()) topic.refresh()
      this.cleaner.reconsider()
    }
    await this.save()
  }

  /** A number among the brokers' settings: as set since for all of them, or as it was given. */
  brokerNumber(name: BrokerConfigName): number {
    const own = this.configs.get(RESOURCE_TYPES.broker, '')
    return brokerNumber(name, own.has(name) ? own : this.settings.brokerConfig)
  }

  /**
   * Forgets who has not written to a log for `producer.id.expiration.ms`: each client that comes
   * and goes has a producer id of its own. Kafka has a timer for it; here whoever writes does it.
   */
  forgetSilentProducers({ producers, transactions }: PartitionLog, nowMs: number): void {
    if (!producers.isCheckDue(nowMs)) return
    const afterMs = this.brokerNumber('producer.id.expiration.ms')
    producers.expire(nowMs, afterMs, producerId => transactions.open.has(producerId))
  }

  /** Gives a topic its settings, in force at once. */
  async configureTopic(topic: Topic, config: ConfigOverrides): Promise<void> {
    topic.config = config
    this.cleaner.reconsider([topic])
    await this.save()
  }

  get livingNodes(): readonly BrokerNode[] {
    return this.nodes.filter(node => node.isAlive)
  }

  /** The broker that coordinates a group or a transactional id; undefined when none is alive. */
  coordinatorOf(kind: CoordinatorKind, key: string): BrokerNode | undefined {
    return this.#coordinators.of(this.livingNodes, kind, key)
  }

  /** Makes another broker the coordinator; those who wait at the old one are told. */
  moveCoordinator(kind: CoordinatorKind, key: string, brokerId: number): void {
    this.#coordinators.move(kind, key, brokerId)
    this.groups.coordinatorsMoved()
  }

  node(id: number): BrokerNode | undefined {
    return this.nodes.find(node => node.id === id)
  }

  /** The broker that acts as controller: the first that lives. */
  get controllerId(): number {
    return this.nodes.find(node => node.isAlive)?.id ?? -1
  }

  /** Whether a topic can be made and where its partitions go, without making it. */
  planTopic(topic: NewTopic): TopicPlan {
    const { defaultPartitions, defaultReplicationFactor } = this.settings
    return planTopic(topic, {
      nameLike: name => this.topics.alike(name)?.name,
      brokers: this.livingNodes.map(node => node.id),
      defaultPartitions,
      defaultReplicationFactor,
      shift: this.topics.size,
    })
  }

  /** Makes a topic; what stands against it comes back as a refusal. */
  async createTopic(topic: NewTopic): Promise<Topic | (TopicPlan & { is: 'refused' })> {
    const plan = this.planTopic(topic)
    if (plan.is === 'refused') return plan
    const made = this.#newTopic({
      name: topic.name,
      id: randomUuid(this.settings.random),
      isInternal: topic.isInternal ?? false,
      config: new Map(Object.entries(topic.config)),
    })
    this.#addPartitions(made, plan.replicas)
    this.topics.add(made)
    try {
      await this.save()
      return made
    } catch (error) {
      // It would be there until a restart, and then be gone with its records.
      await this.#unmake(made)
      const { message } = asError(error)
      return { is: 'refused', code: 'KAFKA_STORAGE_ERROR', message }
    }
  }

  /** Gives a topic more partitions, on these brokers. */
  async addPartitions(topic: Topic, replicas: readonly (readonly number[])[]): Promise<void> {
    this.#addPartitions(topic, replicas)
    await this.save()
  }

  /** Deletes a topic with all its records. */
  async deleteTopic(topic: Topic): Promise<void> {
    this.topics.remove(topic)
    for (const partition of topic.partitions) partition.elect(NO_LEADER)
    await this.save()
    await this.cleaner.forget(topic)
    for (const { log, index } of topic.partitions) {
      await this.#folder?.setAside(topic.name, index, topic.id)
      await log.remove()
    }
    await this.groups.topicDeleted(topic.name)
  }

  /** A broker has stopped: other replicas take over what it led, where there are any. */
  brokerStopped(node: BrokerNode): void {
    node.isAlive = false
    node.fetchSessions.clear()
    for (const partition of this.topics.partitions()) {
      if (partition.leader === node.id) partition.elect(this.#firstLiving(partition.replicas))
    }
    this.groups.coordinatorsMoved()
  }

  /** A broker has started: it leads what has had no leader. */
  brokerStarted(node: BrokerNode): void {
    node.isAlive = true
    for (const partition of this.topics.partitions()) {
      if (partition.leader === NO_LEADER && partition.replicas.includes(node.id)) {
        partition.elect(node.id)
      }
    }
    this.groups.coordinatorsMoved()
  }

  isAlive(id: number): boolean {
    return this.node(id)?.isAlive ?? false
  }

  /** Keeps what is no log, where there is a data folder. To be called after each change of it. */
  async save(): Promise<void> {
    this.changes++
    await this.#folder?.save(() => this.#snapshot())
  }

  async close(): Promise<void> {
    this.groups.close()
    this.transactions.close()
    await this.cleaner.close()
    for (const { log } of this.topics.partitions()) await log.close()
    if (!this.#folder) return
    try {
      await this.save()
    } finally {
      await this.#folder.close()
    }
  }

  async #unmake(topic: Topic): Promise<void> {
    this.topics.remove(topic)
    for (const partition of topic.partitions) partition.elect(NO_LEADER)
    await this.cleaner.forget(topic)
    for (const { log } of topic.partitions) await log.remove()
  }

  #addPartitions(topic: Topic, places: readonly (readonly number[])[]): void {
    for (const replicas of places) {
      const index = topic.partitions.length
      const leader = this.#firstLiving(replicas)
      const place = { topicName: topic.name, index, replicas, leader, leaderEpoch: 0 }
      this.#addPartition(topic, new Partition(place, this.#newLog(topic, index)))
    }
  }

  #currentDefaults(): TopicDefaults {
    const ofAllBrokers = this.configs.get(RESOURCE_TYPES.broker, '')
    const dynamic = [...ofAllBrokers].flatMap(([name, value]) =>
      topicNamesOf(name).map(topicName => [topicName, value] as const),
    )
    return { fixed: this.settings.topicConfig, dynamic: new Map(dynamic) }
  }

  async #subscribeTelemetry(): Promise<void> {
    for (const [name, config] of this.configs.of(RESOURCE_TYPES.clientMetrics)) {
      await this.telemetry.subscribe(name, config)
    }
  }

  #addPartition(topic: Topic, partition: Partition): void {
    topic.partitions.push(partition)
    if (!topic.isInternal) this.cleaner.watch(partition)
  }

  #firstLiving(replicas: readonly number[]): number {
    return replicas.find(id => this.isAlive(id)) ?? NO_LEADER
  }

  #newTopic(facts: ConstructorParameters<typeof Topic>[0]): Topic {
    const { fsync } = this.settings
    return new Topic(facts, { defaults: () => this.#topicDefaults, fsync })
  }

  #newLog(topic: Topic, index: number): PartitionLog {
    const settings = () => topic.settings
    if (!this.#folder) return memoryLog(settings)
    return folderLog(this.#folder.partitionFolder(topic.name, index), settings)
  }

  async #restore({ snapshot, logs }: FoundData): Promise<void> {
    const ids = this.nodes.map(node => node.id)
    for (const kept of snapshot.topics) {
      const { name, id, isInternal } = kept
      const config = new Map(Object.entries(kept.config))
      const topic = this.#newTopic({ name, id, isInternal, config })
      for (const [index, partition] of kept.partitions.entries()) {
        const { storage, scanned } = logs.get(`${name}-${index}`)!
        const log = await recoveredLog(storage, scanned, () => topic.settings)
        // The cluster may have fewer brokers now; and a restart is a new reign in any case.
        const known = partition.replicas.filter(replica => ids.includes(replica))
        const replicas = known.length > 0 ? known : [ids[index % ids.length]!]
        const leader = replicas[0]!
        // What was kept may be older than what the log has seen, if the process was killed.
        const latest = log.epochs.latest?.epoch ?? 0
        const leaderEpoch = Math.max(partition.leaderEpoch, latest) + 1
        const place = { topicName: name, index, replicas, leader, leaderEpoch }
        this.#addPartition(topic, new Partition(place, log))
      }
      this.topics.add(topic)
    }
    await this.save()
  }

  #snapshot(): ClusterSnapshot {
    return {
      format: FORMAT,
      clusterId: this.clusterId,
      nextProducerId: this.producerIds.reserved,
      configs: this.configs.kept(),
      features: this.features.kept(),
      security: this.security.kept(),
      topics: [...this.topics.all()].map(topic => ({
        name: topic.name,
        id: topic.id,
        isInternal: topic.isInternal,
        config: Object.fromEntries(topic.config),
        partitions: topic.partitions.map(({ replicas, leaderEpoch }) => ({
          replicas,
          leaderEpoch,
        })),
      })),
    }
  }
}
