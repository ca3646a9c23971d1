import type { ClusterState } from '../model/cluster-state.ts'
import type { Partition } from '../model/partition.ts'
import { writeMarker } from './markers.ts'
import { partitionKey } from './states.ts'
import type { TransactionalId } from './transactional-id.ts'

/**
 * What a crash may leave behind: records of a transaction reached the disk, but not the note of the
 * coordinator that it goes on there. Nobody was told that those records are kept, so nobody can
 * have committed them; and without a marker they would hold up read_committed readers for ever.
 */
export class OpenTransactions {
  readonly #cluster: ClusterState

  constructor(cluster: ClusterState) {
    this.#cluster = cluster
  }

  /** Aborts what is open in a partition, though no transactional id knows of it. */
  async abortUnknown(known: Iterable<TransactionalId>): Promise<void> {
    const ids = new Map([...known].map(({ state }) => [state.producerId, state]))
    for (const partition of this.#cluster.topics.partitions()) {
      const key = partitionKey({ topic: partition.topicName, partition: partition.index })
      for (const producerId of [...partition.log.transactions.open.keys()]) {
        const state = ids.get(producerId)
        const isKnown = state !== undefined && 'parts' in state && state.parts.has(key)
        if (!isKnown) await this.#abort(partition, producerId)
      }
    }
  }

  async #abort(partition: Partition, producerId: bigint): Promise<void> {
    const state = partition.log.producers.get(producerId)
    await writeMarker(this.#cluster, partition, {
      producerId,
      producerEpoch: state?.epoch ?? 0,
      committed: false,
      coordinatorEpoch: Math.max(0, state?.coordinatorEpoch ?? 0),
      transactionVersion: 0,
    })
  }
}
