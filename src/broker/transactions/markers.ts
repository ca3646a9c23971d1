import { sleep } from '../../base/clock.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { OFFSETS_TOPIC } from '../groups/log/group-log.ts'
import type { Marker } from '../log/transactions.ts'
import type { BrokerNode } from '../model/broker-node.ts'
import type { ClusterState } from '../model/cluster-state.ts'
import { slotOf } from '../model/coordinators.ts'
import { NO_LEADER, type Partition } from '../model/partition.ts'
import type { TopicPartition } from './states.ts'

/** Whether a marker for a partition reaches its leader, or must be sent again. */
export type MarkerGate = (
  part: TopicPartition,
  node: BrokerNode,
  signal: AbortSignal,
) => Promise<'pass' | 'again'>

const BACKOFF_MS = 20

/**
 * Writes a marker to a partition that is there; the offsets that it decides, count or are dropped.
 * Resolves with an error, or when the marker is as safe as an acknowledged produce.
 */
export async function writeMarker(
  cluster: ClusterState,
  { topicName, index, log, leaderEpoch }: Partition,
  marker: Marker,
): Promise<ErrorName | undefined> {
  const result = log.appendMarker(marker, leaderEpoch, cluster.clock.epoch())
  if (result.is === 'refused') return result.code
  if (result.is === 'appended') {
    const { committed, producerId, producerEpoch } = marker
    const place = { topic: topicName, partition: index, offset: result.baseOffset }
    cluster.publisher.publish('broker:marked', { ...place, committed, producerId, producerEpoch })
  }
  if (result.is === 'appended') await log.stored(result.lastOffset + 1)
  if (topicName === OFFSETS_TOPIC) {
    const { producerId, committed } = marker
    cluster.groups.offsets.complete(producerId, committed, groupId => slotOf(groupId) === index)
  }
  return undefined
}

/** Sends markers to the leaders of partitions, until they are written. */
export class MarkerSender {
  readonly #cluster: ClusterState
  readonly #gate: MarkerGate
  readonly #closed = new AbortController()

  constructor(cluster: ClusterState, gate: MarkerGate) {
    this.#cluster = cluster
    this.#gate = gate
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted
  }

  close(): void {
    this.#closed.abort()
  }

  /** Resolves when each partition that still exists has the marker; false if that will never be. */
  async send(marker: Marker, parts: Iterable<TopicPartition>): Promise<boolean> {
    await Promise.all(Array.from(parts, part => this.#sendTo(part, marker)))
    return !this.isClosed
  }

  async #sendTo(part: TopicPartition, marker: Marker): Promise<void> {
    while (!this.isClosed) {
      const partition = this.#cluster.topics.named(part.topic)?.partitions[part.partition]
      // Deleted, and the transaction's records with it.
      if (!partition) return
      const node = this.#cluster.node(partition.leader)
      if (!node) await this.#newLeader(partition)
      else if (await this.#try(partition, node, marker)) return
      else await sleep(this.#cluster.clock, BACKOFF_MS, this.#closed.signal)
    }
  }

  /** Whether that is the end of it: a producer that has moved on needs no marker. */
  async #try(partition: Partition, node: BrokerNode, marker: Marker): Promise<boolean> {
    const { topicName: topic, index } = partition
    const { signal } = this.#closed
    if ((await this.#gate({ topic, partition: index }, node, signal)) === 'again') return false
    if (signal.aborted || partition.leader === NO_LEADER) return false
    const error = await writeMarker(this.#cluster, partition, marker).catch(() => FAILED)
    if (error === undefined) return true
    return error === 'INVALID_PRODUCER_EPOCH' || error === 'TRANSACTION_COORDINATOR_FENCED'
  }

  #newLeader(partition: Partition): Promise<void> {
    return new Promise(resolve => {
      const { signal } = this.#closed
      const unwatch = partition.watch(done)
      signal.addEventListener('abort', done, { once: true })
      function done() {
        unwatch()
        signal.removeEventListener('abort', done)
        resolve()
      }
    })
  }
}

const FAILED: ErrorName = 'KAFKA_STORAGE_ERROR'
