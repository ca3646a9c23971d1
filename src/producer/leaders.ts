import { retryBackoff } from '../base/backoff.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { Suspects } from '../cluster/suspects.ts'
import type { Connection } from '../net/connection.ts'
import type { ProducerConfig } from './options.ts'
import type { PartitionQueue } from './partition-queue.ts'

/** Who looks for leaders, and what to do when one is not within reach. */
export interface Search {
  readonly now: number
  lookAgainAt: number
  needsMetadata: boolean
}

/**
 * The open connections to the leaders of queues. Each leader is looked up once a round, however
 * many of the queues are its own.
 */
export class Leaders {
  readonly #cluster: Cluster
  readonly #suspects: Suspects
  readonly #found = new Map<number, Connection | undefined>()

  constructor(cluster: Cluster, config: ProducerConfig) {
    this.#cluster = cluster
    this.#suspects = new Suspects(cluster.random, retryBackoff(config))
  }

  /** Begins a round: what was found in the last one may be gone. */
  forget(): void {
    this.#found.clear()
  }

  /** The connection to a queue's leader; where there is none, what leads to one is begun. */
  of({ topic, partition }: PartitionQueue, search: Search): Connection | undefined {
    const leader = this.#cluster.view.partition(topic, partition)?.leader ?? -1
    if (leader < 0) {
      this.#cluster.use(topic)
      search.needsMetadata = true
      return undefined
    }
    if (!this.#found.has(leader)) this.#found.set(leader, this.#reach(leader, search))
    return this.#found.get(leader)
  }

  #reach(leader: number, search: Search): Connection | undefined {
    const { brokers } = this.#cluster
    const open = brokers.ready(leader)
    if (open) {
      this.#suspects.clear(leader)
      return open
    }
    if (brokers.problem(leader)) {
      if (this.#suspects.isDue(leader, search.now)) search.needsMetadata = true
      search.lookAgainAt = Math.min(search.lookAgainAt, this.#suspects.askAgainAt(leader))
    }
    brokers.connect(leader).catch(() => {})
    return undefined
  }
}
