import { sleep } from '../../base/clock.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { Metadata } from '../../protocol/index.ts'
import { byTopic } from '../by-topic.ts'
import type { TopicPartition } from '../partition.ts'

interface IdPartitions {
  readonly topicId: string
  readonly partitions: readonly number[]
}

/** The new protocol names topics by their ids alone; a program knows names. */
export class TopicIds {
  readonly #cluster: Cluster
  readonly #names = new Map<string, string>()
  readonly #ids = new Map<string, string>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** The names of what was assigned. Waits for metadata as long as the cluster lacks some. */
  async resolve(assigned: readonly IdPartitions[], signal: AbortSignal): Promise<TopicPartition[]> {
    for (;;) {
      const missing = assigned.filter(({ topicId }) => this.#nameOf(topicId) === undefined)
      if (missing.length === 0 || signal.aborted) break
      const known = await this.#ask(missing.map(({ topicId }) => topicId))
      if (known < missing.length) {
        await sleep(this.#cluster.clock, this.#cluster.config.retryBackoffMs, signal)
      }
    }
    return assigned.flatMap(({ topicId, partitions }) => {
      const topic = this.#nameOf(topicId)
      return topic === undefined ? [] : partitions.map(partition => ({ topic, partition }))
    })
  }

  /** The same partitions under the ids by which they were assigned. */
  named(slots: readonly TopicPartition[]): { topicId: string; partitions: number[] }[] {
    return byTopic(slots).flatMap(({ topic, partitions }) => {
      const topicId = this.#ids.get(topic)
      return topicId === undefined ? [] : [{ topicId, partitions }]
    })
  }

  /** Lets the metadata of what is subscribed to be kept. */
  keepInUse(subscription: object): void {
    const names = 'names' in subscription ? subscription.names : [...this.#ids.keys()]
    if (!Array.isArray(names)) return
    for (const name of names) this.#cluster.use(name)
  }

  #nameOf(topicId: string): string | undefined {
    const name = this.#names.get(topicId) ?? this.#cluster.view.topicName(topicId)
    if (name !== undefined) this.#learn(topicId, name)
    return name
  }

  async #ask(ids: readonly string[]): Promise<number> {
    const answer = await this.#cluster.call(Metadata, {
      topics: ids.map(topicId => ({ topicId, name: null })),
      allowAutoTopicCreation: false,
    })
    const found = answer.topics.filter(({ errorCode, name }) => errorCode === 0 && name !== null)
    for (const { topicId, name } of found) this.#learn(topicId, name!)
    return found.length
  }

  #learn(topicId: string, name: string): void {
    this.#names.set(topicId, name)
    this.#ids.set(name, topicId)
    this.#cluster.use(name)
  }
}
