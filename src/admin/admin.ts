import { duration, type OptionSet, type OptionsInput } from '../base/options.ts'
import { Cluster, type Environment } from '../cluster/cluster.ts'
import { clientOptions, configure } from '../cluster/options.ts'
import { type ClientFacts, facts } from '../events.ts'
import { Acls } from './acls.ts'
import { ClusterInfo } from './cluster-info.ts'
import { Configs } from './configs.ts'
import { Groups } from './groups.ts'
import { LogDirs } from './log-dirs.ts'
import { Producers } from './producers.ts'
import { Quotas } from './quotas.ts'
import { Records } from './records.ts'
import { Replicas } from './replicas.ts'
import { Scram } from './scram.ts'
import { Topics } from './topics.ts'
import { Transactions } from './transactions.ts'

/** The settings of an Admin: those that every client has, and its own. */
export const adminOptions = {
  ...clientOptions,
  'default.api.timeout.ms': duration({
    default: 60_000,
    min: 1,
    max: 86_400_000,
    about: 'How long a call may take with all its requests and retries, where it is not told.',
  }),
} satisfies OptionSet

/** Settings of an admin client: every one of `adminOptions`, by Kafka's name or in camelCase. */
export type AdminOptions = OptionsInput<typeof adminOptions>

/**
 * Looks after a cluster. Its calls are grouped by what they are about: `admin.topics.create(…)`,
 * `admin.groups.list()`.
 *
 * - A call that names several items gives one `ItemResult` each, in order, since each succeeds or
 *   fails alone; `orThrow` turns one into its value. The call as a whole rejects with a KafkaError
 *   only where nothing could be asked, and with a ConfigError for what can't be right.
 * - Each call takes `timeoutMs`: one deadline for all its requests and retries. Controllers,
 *   coordinators and leaders that have moved are found again until then.
 * - An error for want of a right names the operation, the resource, and the ACL to be made.
 *
 * @example
 * using admin = new Admin({ 'bootstrap.servers': 'localhost:9092' })
 * const [made] = await admin.topics.create([{ name: 'orders', partitions: 6 }])
 * if (made.is === 'failed') throw made.error
 */
export class Admin {
  readonly #cluster: Cluster
  readonly #settings: AdminOptions
  /** Topics: create, list, describe, delete, more partitions. */
  readonly topics: Topics
  /** Settings of topics, brokers, groups: describe and alter (KIP-339). */
  readonly configs: Configs
  /** Groups of consumers: list, describe, lag, offsets, delete. */
  readonly groups: Groups
  /** Offsets of logs by time, and deletion of records before an offset. */
  readonly records: Records
  /** Who may do what. */
  readonly acls: Acls
  /** Quotas of users, clients and addresses (KIP-546). */
  readonly quotas: Quotas
  /** Users of SCRAM and their passwords (KIP-554). */
  readonly scram: Scram
  /** Where replicas lie, and who leads: reassignments (KIP-455) and elections (KIP-460). */
  readonly replicas: Replicas
  /** The folders of brokers, and what lies in them. */
  readonly logDirs: LogDirs
  /** Who writes to a partition (KIP-664). */
  readonly producers: Producers
  /** Transactions: list, describe, abort those that hang (KIP-664). */
  readonly transactions: Transactions
  /** Brokers, controller, features and the metadata quorum. */
  readonly cluster: ClusterInfo

  constructor(options: AdminOptions, environment?: Partial<Environment>) {
    const { values: config } = configure(adminOptions, options)
    this.#settings = options
    this.#cluster = new Cluster({ config, environment, autoCreateTopics: false })
    const office = { cluster: this.#cluster, timeoutMs: config.defaultApiTimeoutMs }
    this.topics = new Topics(office)
    this.configs = new Configs(office)
    this.groups = new Groups(office)
    this.records = new Records(office)
    this.acls = new Acls(office)
    this.quotas = new Quotas(office)
    this.scram = new Scram(office)
    this.replicas = new Replicas(office)
    this.logDirs = new LogDirs(office)
    this.producers = new Producers(office)
    this.transactions = new Transactions(office)
    this.cluster = new ClusterInfo(office)
  }

  /** Resolves when a broker has answered; tries each address once and rejects when none does. */
  async connect(): Promise<void> {
    await this.#cluster.brokers.any()
  }

  get [facts](): ClientFacts {
    return { source: this.#cluster.publisher.source, settings: this.#settings }
  }

  /** Closes the connections. A call that is under way rejects. */
  close(): void {
    this.#cluster.close()
  }

  /** `close()`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close()
  }
}
