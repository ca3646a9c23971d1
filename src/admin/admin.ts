import { Cluster, type Environment } from '../cluster/cluster.ts'
import { type ClientOptions, clientOptions, configure } from '../cluster/options.ts'
import { alterTopicConfigs, type ConfigEntry, describeTopicConfigs } from './configs.ts'
import type { ItemResult } from './result.ts'
import {
  createPartitions,
  createTopics,
  deleteTopics,
  describeTopics,
  listTopics,
  type NewTopic,
  type TopicDescription,
} from './topics.ts'

/** The settings of an Admin: those that every client has. */
export const adminOptions = clientOptions
export type AdminOptions = ClientOptions

/**
 * Looks after a cluster: topics and their settings. Calls that name several items give one result
 * each, in order, since each succeeds or fails alone; a call as a whole rejects with a KafkaError
 * when no broker can be reached, or with a ConfigError for a bad setting.
 *
 * @example
 * const admin = new Admin({ 'bootstrap.servers': 'localhost:9092' })
 * const [made] = await admin.createTopics([{ name: 'orders', partitions: 6 }])
 * if (made.is === 'failed') throw made.error
 * admin.close()
 */
export class Admin {
  readonly #cluster: Cluster

  constructor(options: AdminOptions, environment?: Partial<Environment>) {
    const { values: config } = configure(adminOptions, options)
    this.#cluster = new Cluster({ config, environment, autoCreateTopics: false })
  }

  /** Resolves when a broker has answered; tries each address once and rejects when none does. */
  async connect(): Promise<void> {
    await this.#cluster.brokers.any()
  }

  /** Makes topics; `validateOnly` only says what would happen. */
  createTopics(
    topics: readonly NewTopic[],
    options?: { readonly validateOnly?: boolean },
  ): Promise<ItemResult<void>[]> {
    return createTopics(this.#cluster, topics, options)
  }

  /** Deletes topics and all that is in them. */
  deleteTopics(names: readonly string[]): Promise<ItemResult<void>[]> {
    return deleteTopics(this.#cluster, names)
  }

  /** Gives topics more partitions: `count` is how many there shall be. Keys may move by that. */
  createPartitions(
    topics: readonly { readonly name: string; readonly count: number }[],
    options?: { readonly validateOnly?: boolean },
  ): Promise<ItemResult<void>[]> {
    return createPartitions(this.#cluster, topics, options)
  }

  /** All topics, sorted by name; Kafka's own only when `internal` is set. */
  listTopics(options?: { readonly internal?: boolean }): Promise<TopicDescription[]> {
    return listTopics(this.#cluster, options)
  }

  /** Topics with their partitions, leaders and replicas. */
  describeTopics(names: readonly string[]): Promise<ItemResult<TopicDescription>[]> {
    return describeTopics(this.#cluster, names)
  }

  /** All settings of topics, the defaults too. */
  describeTopicConfigs(names: readonly string[]): Promise<ItemResult<ConfigEntry[]>[]> {
    return describeTopicConfigs(this.#cluster, names)
  }

  /** Sets some settings of a topic; null gives one back to its default. Others stay. */
  alterTopicConfigs(
    name: string,
    changes: Readonly<Record<string, string | null>>,
  ): Promise<ItemResult<void>> {
    return alterTopicConfigs(this.#cluster, name, changes)
  }

  /** Closes the connections. A call that is under way rejects. */
  close(): void {
    this.#cluster.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
