import type { Cluster } from '../cluster/cluster.ts'
import { listOffsets } from './list-offsets.ts'
import type { ConsumerConfig } from './options.ts'
import type { ConsumedPartition } from './partition.ts'
import type { Reading } from './reading.ts'

/** The ends of the logs as they are now; whether all that lies before them was handed out. */
export class Goal {
  readonly #ends = new Map<ConsumedPartition, number>()
  readonly #partitions: readonly ConsumedPartition[]

  constructor(cluster: Cluster, config: ConsumerConfig, reading: Reading) {
    this.#partitions = [...reading.assignment]
    void this.#ask(cluster, config, reading)
  }

  get isReached(): boolean {
    return this.#partitions.every(
      partition =>
        partition.isReleased ||
        partition.position >= (this.#ends.get(partition) ?? Number.POSITIVE_INFINITY),
    )
  }

  async #ask(cluster: Cluster, config: ConsumerConfig, { feed }: Reading): Promise<void> {
    const queries = this.#partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      at: 'latest' as const,
    }))
    const found = await listOffsets(cluster, config, queries, config.requestTimeoutMs)
    for (const [i, each] of found.entries()) {
      if ('error' in each) feed.fail(each.error)
      else this.#ends.set(this.#partitions[i]!, each.offset)
    }
    feed.wake()
  }
}
