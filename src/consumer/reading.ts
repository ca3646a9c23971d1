import type { Emitter } from '../base/emitter.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KafkaError } from '../errors.ts'
import { asKafkaError } from './as-kafka-error.ts'
import { Assignment } from './assignment.ts'
import type { ConsumerEvents, PartitionPosition } from './consumer-events.ts'
import { Feed } from './feed.ts'
import { Fetcher } from './fetcher.ts'
import { noSuchPartition } from './list-offsets.ts'
import type { ConsumerConfig } from './options.ts'
import { ConsumedPartition, type TopicPartition } from './partition.ts'
import type { StartAt } from './start.ts'
import { Starter } from './starter.ts'
import { type ConsumerMetrics, Statistics } from './statistics.ts'

/**
 * Everything about reading partitions, whoever chose them and whoever takes the records: their
 * start, the fetches, what waits, where each stands.
 */
export class Reading {
  readonly assignment = new Assignment()
  readonly feed: Feed
  readonly statistics = new Statistics()
  readonly #cluster: Cluster
  readonly #config: ConsumerConfig
  readonly #events: Emitter<ConsumerEvents>
  readonly #fetcher: Fetcher
  readonly #starter: Starter

  constructor(cluster: Cluster, config: ConsumerConfig, events: Emitter<ConsumerEvents>) {
    this.#cluster = cluster
    this.#config = config
    this.#events = events
    this.feed = new Feed(config, {
      drained: partition => this.#drained(partition),
      finished: ({ batch, bytes }) => {
        this.statistics.records += batch?.count ?? 0
        this.statistics.bytes += bytes
      },
      bad: (error, then) => this.#bad(error, then),
    })
    const failed = (partition: ConsumedPartition, error: KafkaError) => this.fail(partition, error)
    this.#starter = new Starter({ cluster, config, started: () => this.wake(), failed })
    this.#fetcher = new Fetcher({
      cluster,
      config,
      feed: this.feed,
      statistics: this.statistics,
      partitions: this.assignment,
      served: partition => this.assignment.served(partition),
      outOfRange: partition => void this.#outOfRange(partition),
      truncated: (partition, offset) => this.#truncated(partition, offset),
      answered: partition => this.#answered(partition),
      failed,
    })
    cluster.onChange(() => this.#fetcher.wake())
  }

  /** A partition that is to be read; where from is yet to be said. */
  add(slot: TopicPartition): ConsumedPartition {
    const known = this.assignment.find(slot)
    if (known) return known
    const partition = new ConsumedPartition(slot, this.#cluster.publisher)
    this.assignment.add(partition)
    return partition
  }

  /**
   * Makes partitions begin at places. Resolves when all have their offsets; rejects if one can't
   * have its own. What a fetch finds out meanwhile is for the loop alone: who starts two partitions
   * would hear of it here or there, as the answers come.
   */
  async start(places: readonly { partition: ConsumedPartition; at: StartAt }[]): Promise<void> {
    const deadline = this.#cluster.clock.now() + this.#config.requestTimeoutMs
    for (const { partition, at } of places) {
      if (typeof at === 'number') partition.startAt(at)
      else partition.startFrom(at, deadline)
    }
    this.wake()
    const numbered = places.filter(({ at }) => typeof at === 'number')
    const errors = await Promise.all([
      this.#starter.seek(places.map(({ partition }) => partition)),
      ...numbered.map(({ partition }) => this.#checkExists(partition)),
    ])
    const first = errors.find(error => error !== undefined)
    if (first) throw first
  }

  /**
   * Makes partitions without a committed offset begin where `auto.offset.reset` says. Gives the
   * first error of those that can't by the deadline.
   */
  async startByPolicy(
    partitions: readonly ConsumedPartition[],
    deadline: number,
  ): Promise<KafkaError | undefined> {
    if (partitions.length === 0) return undefined
    return await this.#starter.reset(partitions, 'NO_OFFSET', deadline)
  }

  /** Nothing more will come of a partition by itself: the loop is told. */
  fail(partition: ConsumedPartition, error: KafkaError): void {
    if (partition.isReleased) return
    partition.fail(error)
    this.feed.fail(error)
  }

  release(partition: ConsumedPartition): void {
    this.assignment.delete(partition)
    partition.release()
    this.feed.wake()
  }

  resume(partition: ConsumedPartition): void {
    partition.paused = false
    this.feed.offer(partition)
    this.wake()
  }

  /** Something was placed, started or resumed: look at the state of things. */
  wake(): void {
    this.feed.wake()
    this.#fetcher.wake()
  }

  /** Does what can be done for partitions that wait in vain for records or an offset. */
  heal(partitions: readonly ConsumedPartition[]): void {
    this.#fetcher.heal(partitions)
  }

  positionOf(partition: ConsumedPartition): PartitionPosition {
    const { topic, partition: index, position, paused } = partition
    const offset = position < 0 ? undefined : position
    const known = partition.end(this.#config.isolationLevel)
    const end = known < 0 ? undefined : known
    const lag = offset === undefined || end === undefined ? undefined : Math.max(0, end - offset)
    return { topic, partition: index, offset, end, lag, atEnd: lag === 0, paused }
  }

  /** The figures of now; those of the watchdog are its own. */
  metrics(): Omit<ConsumerMetrics, 'stalls' | 'stalledPartitions'> {
    const partitions = [...this.assignment]
    const lags = partitions.map(each => this.positionOf(each).lag ?? 0)
    const { fetchLatencyMs, ...counts } = this.statistics
    return {
      ...counts,
      fetchLatencyMs: fetchLatencyMs.read(),
      partitions: partitions.length,
      pausedPartitions: partitions.filter(({ paused }) => paused).length,
      lag: lags.reduce((sum, lag) => sum + lag, 0),
      lagMax: Math.max(0, ...lags),
      bufferedBytes: partitions.reduce((sum, each) => sum + each.bufferedBytes, 0),
      bufferedBytesLimit: this.#config.prefetchMaxBytes,
    }
  }

  close(): void {
    for (const partition of [...this.assignment]) this.release(partition)
    this.#starter.close()
    this.#fetcher.close()
  }

  /** An offset that is named needs nobody to look it up; but its partition must be there. */
  async #checkExists(partition: ConsumedPartition): Promise<KafkaError | undefined> {
    const { topic, partition: index } = partition
    if (this.#cluster.view.partition(topic, index)) return undefined
    try {
      let { partitions } = await this.#cluster.topic(topic)
      if (!partitions[index]) {
        // It may have been added since the topic was looked at.
        await this.#cluster.refresh()
        partitions = (await this.#cluster.topic(topic)).partitions
      }
      if (!partitions[index]) throw noSuchPartition(topic, index, partitions.length)
      return undefined
    } catch (cause) {
      const error = asKafkaError(cause, 'UNKNOWN_TOPIC_OR_PARTITION')
      this.fail(partition, error)
      return error
    }
  }

  #bad(error: KafkaError, then: 'skip' | 'throw'): void {
    const { topic = '', partition = -1, offset = -1 } = error.at
    this.#cluster.publisher.publish('record:bad', { topic, partition, offset, error, then })
    if (then === 'skip') this.#events.emit('error', error)
  }

  async #outOfRange(partition: ConsumedPartition): Promise<void> {
    const { topic, partition: index, position: from } = partition
    await this.#starter.reset([partition], 'OFFSET_OUT_OF_RANGE', Number.POSITIVE_INFINITY)
    if (partition.state.is !== 'fetching') return
    this.#events.emit('reset', { topic, partition: index, from, to: partition.position })
  }

  /** Goes back to where the logs part, since what stands there now is something else. */
  #truncated(partition: ConsumedPartition, endOffset: number): void {
    const { topic, partition: index, position: from } = partition
    const to = Math.min(from, endOffset)
    if (this.#config.reset.is === 'none') return this.fail(partition, truncation(partition, to))
    partition.startAt(to)
    this.wake()
    this.#events.emit('truncated', { topic, partition: index, from, to })
  }

  #drained(partition: ConsumedPartition): void {
    if (partition.bufferedBytes < this.#config.maxPartitionFetchBytes) this.#fetcher.wake()
    if (partition.portions.length === 0) this.#answered(partition)
  }

  /** Tells once when the end is reached, and again when it is reached anew. */
  #answered(partition: ConsumedPartition): void {
    const { topic, partition: index, position: offset } = partition
    const { atEnd } = this.positionOf(partition)
    const isNews = atEnd && !partition.toldEnd
    partition.toldEnd = atEnd
    if (isNews) this.#events.emit('end', { topic, partition: index, offset })
  }
}

function truncation({ topic, partition, position }: ConsumedPartition, offset: number): KafkaError {
  return new KafkaError({
    code: 'LOG_TRUNCATED',
    message: `${topic} [${partition}] lost what stood from offset ${offset} on, before ${position}`,
    hint: `seek() to ${offset} to read what stands there now`,
    at: { topic, partition, offset },
  })
}
