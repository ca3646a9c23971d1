import type { Timer } from '../../base/clock.ts'
import { asError } from '../../errors.ts'
import { brokerNumber } from '../config/broker-configs.ts'
import type { TopicSettings } from '../config/topic-settings.ts'
import { compact } from '../log/compaction/compact.ts'
import { planCompaction } from '../log/compaction/plan.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { expiryMs } from '../log/retention.ts'
import type { ClusterState } from '../model/cluster-state.ts'
import type { Partition } from '../model/partition.ts'
import type { Topic } from '../model/topic.ts'

/** The longest wait in one go: timers can't count much further. */
const LONGEST_WAIT_MS = 86_400_000

/**
 * Deletes what retention does not keep, and compacts by key, in the background: one log at a time,
 * with one timer that runs only while a log grows or has records that will be too old. Kafka looks
 * at every log each five minutes; here each is looked at when there may be something to do, but
 * not more often than each `log.cleaner.backoff.ms`. The cluster's own topics see to themselves.
 */
export class Cleaner {
  readonly #cluster: ClusterState
  /** Partitions that have grown since they were looked at. */
  readonly #grown = new Set<Partition>()
  /** When a partition is to be looked at though it does not grow, by the wall clock. */
  readonly #dueMs = new Map<Partition, number>()
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #ranAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(cluster: ClusterState) {
    this.#cluster = cluster
  }

  /** Listens to a partition's log from now on. */
  watch(partition: Partition): void {
    partition.log.onGrown = () => {
      // With any that have grown the timer is set: set anew, a log that keeps growing would put it
      // off for ever.
      const isFirst = this.#grown.size === 0
      this.#grown.add(partition)
      if (isFirst && !this.#running) this.#arm()
    }
    if (partition.log.size > 0) partition.log.onGrown()
  }

  /** Settings have changed: looks at a topic's partitions anew, or at all. */
  reconsider(topics: Iterable<Topic> = this.#cluster.topics.all()): void {
    for (const { partitions } of topics) {
      for (const partition of partitions) if (partition.log.size > 0) this.#grown.add(partition)
    }
    if (!this.#running) this.#arm()
  }

  /** Looks at every log now; resolves when what can be done is done. */
  async run(): Promise<void> {
    await this.#running
    this.reconsider()
    await this.#begin()
  }

  /** A topic is being deleted: resolves when nothing is done to its logs any more. */
  async forget({ partitions }: Topic): Promise<void> {
    for (const partition of partitions) {
      partition.log.onGrown = () => {}
      this.#grown.delete(partition)
      this.#dueMs.delete(partition)
    }
    await this.#running
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#running
  }

  #arm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const wait = this.#waitMs()
    if (wait === undefined || this.#isClosed) return
    this.#timer = this.#cluster.clock.after(Math.min(wait, LONGEST_WAIT_MS), () => this.#wake())
    this.#timer.unref()
  }

  #waitMs(): number | undefined {
    const { clock, settings } = this.#cluster
    const backoff = brokerNumber('log.cleaner.backoff.ms', settings.brokerConfig)
    const earliest = Math.max(0, this.#ranAt + backoff - clock.now())
    if (this.#grown.size > 0) return Math.max(earliest, backoff)
    if (this.#dueMs.size === 0) return undefined
    const due = [...this.#dueMs.values()].reduce((first, each) => Math.min(first, each))
    return Math.max(earliest, due - clock.epoch())
  }

  #wake(): void {
    const now = this.#cluster.clock.epoch()
    for (const [partition, due] of this.#dueMs) if (due <= now) this.#grown.add(partition)
    if (this.#grown.size > 0) void this.#begin()
    else this.#arm()
  }

  #begin(): Promise<void> {
    this.#running ??= this.#pass().finally(() => {
      this.#running = undefined
      this.#arm()
    })
    return this.#running
  }

  async #pass(): Promise<void> {
    this.#ranAt = this.#cluster.clock.now()
    for (const partition of [...this.#grown]) {
      if (this.#isClosed || !this.#grown.delete(partition)) continue
      this.#dueMs.delete(partition)
      const topic = this.#cluster.topics.named(partition.topicName)
      if (!topic || topic.isInternal || topic.partitions[partition.index] !== partition) continue
      await this.#clean(partition, topic.settings)
    }
  }

  async #clean(partition: Partition, settings: TopicSettings): Promise<void> {
    const { log } = partition
    log.cleaned()
    const { startOffset } = log
    try {
      const dues = [await this.#retain(log, settings), await this.#compact(log, settings)]
      const due = Math.min(...dues.filter(each => each !== undefined))
      if (Number.isFinite(due)) this.#dueMs.set(partition, due)
    } catch (error) {
      // Segments were taken away meanwhile, or all of it.
      if (log.startOffset !== startOffset || log.failure) return
      const { topicName: topic, index } = partition
      const facts = { topic, partition: index, error: asError(error) }
      this.#cluster.logger.log('error', 'broker:cleaning-failed', facts)
    }
  }

  /** Gives when there will be something to delete. */
  async #retain(log: PartitionLog, settings: TopicSettings): Promise<number | undefined> {
    if (!settings.isDeleted) return undefined
    await log.deleteExpired(settings, this.#cluster.clock.epoch())
    return expiryMs(log.segments, settings)
  }

  /** Gives when there will be something to compact. */
  async #compact(log: PartitionLog, settings: TopicSettings): Promise<number | undefined> {
    const { clock } = this.#cluster
    const { segmentBytes, compaction } = settings
    const { deleteRetentionMs } = compaction
    while (settings.isCompacted) {
      const { segments, cleanedTo, lastStableOffset } = log
      const nowMs = clock.epoch()
      const plan = planCompaction({ segments, cleanedTo, lastStableOffset, nowMs }, compaction)
      if (plan.is === 'at') return plan.ms
      if (plan.is === 'nothing' || this.#isClosed) return undefined
      await compact(log, { upTo: plan.upTo, nowMs, deleteRetentionMs, segmentBytes })
      // Nothing was gained, since segments were taken away: it will be looked at when it grows.
      if (log.cleanedTo === cleanedTo) return undefined
    }
    return undefined
  }
}
