import type { Clock } from '../../base/clock.ts'
import type { Emitter } from '../../base/emitter.ts'
import type { GroupMetadata } from '../../cluster/group-metadata.ts'
import { asError, KafkaError } from '../../errors.ts'
import type { Publisher } from '../../events.ts'
import { asKafkaError } from '../as-kafka-error.ts'
import type { ConsumerEvents, RebalanceListener } from '../consumer-events.ts'
import type { Loops } from '../loops.ts'
import type { GroupOffsets } from '../offsets.ts'
import type { ConsumerConfig } from '../options.ts'
import type { ConsumedPartition, TopicPartition } from '../partition.ts'
import type { Reading } from '../reading.ts'
import type { Committer } from './committer.ts'
import type { ShareKeeper } from './membership.ts'

export interface ShareParts {
  readonly clock: Clock
  readonly config: ConsumerConfig
  readonly reading: Reading
  readonly loops: Loops
  readonly offsets: GroupOffsets
  readonly committer: Committer
  readonly events: Emitter<ConsumerEvents>
  readonly publisher: Publisher
  /** Who this member is in its group, as things stand. */
  identity(): GroupMetadata
}

/** This member's share of the group's partitions: what happens when it grows or shrinks. */
export class Share implements ShareKeeper {
  readonly #parts: ShareParts
  listener: RebalanceListener = {}

  constructor(parts: ShareParts) {
    this.#parts = parts
  }

  owned(): readonly TopicPartition[] {
    const kept = [...this.#parts.reading.assignment].filter(({ leaving }) => !leaving)
    return kept.map(({ topic, partition }) => ({ topic, partition }))
  }

  async assigned(slots: readonly TopicPartition[]): Promise<void> {
    const { reading } = this.#parts
    const partitions = slots.map(slot => reading.add(slot))
    for (const partition of partitions) partition.startFrom('committed', Number.POSITIVE_INFINITY)
    void this.resume(partitions)
    await this.#tell('assigned', slots)
  }

  async revoked(slots: readonly TopicPartition[]): Promise<void> {
    const { config, loops, committer } = this.#parts
    const partitions = this.#leaving(slots)
    const isIdle = await loops.idle(config.revokeTimeoutMs, partitions)
    if (!isIdle) this.#abort(partitions, 'revoke.timeout.ms is over')
    await committer.autoCommit(partitions, config.requestTimeoutMs)
    await this.#tell('revoked', slots)
    this.#release(partitions)
  }

  async lost(slots: readonly TopicPartition[]): Promise<void> {
    const partitions = this.#leaving(slots)
    this.#abort(partitions, 'the group has gone on without this member')
    await this.#tell('lost', slots)
    this.#release(partitions)
  }

  /** Gives up all, for good; what is still in work was waited for by whoever closes. */
  async close(): Promise<void> {
    const { config, reading, committer } = this.#parts
    const slots = this.owned()
    const partitions = this.#leaving(slots)
    await committer.autoCommit(partitions, config.requestTimeoutMs)
    await this.#tell('revoked', slots)
    this.#abort(partitions, 'the consumer was closed')
    this.#release([...reading.assignment])
  }

  stuckMs(): number {
    return this.#parts.loops.stuckMs()
  }

  unstuck(): Promise<void> {
    return this.#parts.loops.moved()
  }

  problem(error: Error): void {
    this.#parts.events.emit('error', error)
  }

  failed(error: KafkaError): void {
    this.#parts.reading.feed.fail(error)
  }

  /**
   * From the group's committed offsets; where there is none, by the policy. An error is neither:
   * what passes is waited for, what does not is told, and the partition does not move. Gives the
   * first error of those that have no start.
   */
  async resume(
    partitions: readonly ConsumedPartition[],
    timeoutMs = Number.POSITIVE_INFINITY,
  ): Promise<KafkaError | undefined> {
    const { reading, offsets, clock } = this.#parts
    const deadline = clock.now() + timeoutMs
    const asked = partitions.map(partition => ({ partition, generation: partition.generation }))
    const isStillWanted = ({ partition, generation }: (typeof asked)[number]) =>
      partition.generation === generation && !partition.isReleased && !partition.leaving
    const without: ConsumedPartition[] = []
    let unknown: KafkaError | undefined
    try {
      const found = await offsets.fetch(partitions, timeoutMs)
      for (const [i, each] of asked.entries()) {
        if (!isStillWanted(each)) continue
        const { offset, leaderEpoch } = found[i]!
        const { partition } = each
        if (offset === undefined) without.push(partition)
        else {
          partition.startAt(offset)
          partition.committed = offset
          partition.epoch = leaderEpoch
          partition.fetchedEpoch = leaderEpoch
        }
      }
    } catch (thrown) {
      const error = asKafkaError(thrown, 'OFFSETS_UNKNOWN')
      for (const { partition } of asked.filter(isStillWanted)) {
        unknown = error
        reading.fail(partition, error)
      }
    }
    reading.wake()
    return (await reading.startByPolicy(without, deadline)) ?? unknown
  }

  #leaving(slots: readonly TopicPartition[]): ConsumedPartition[] {
    const { assignment } = this.#parts.reading
    const partitions = slots.flatMap(slot => assignment.find(slot) ?? [])
    for (const partition of partitions) partition.leaving = true
    this.#parts.reading.feed.wake()
    return partitions
  }

  #abort(partitions: readonly ConsumedPartition[], why: string): void {
    for (const partition of partitions) {
      const { topic, partition: index } = partition
      const message = `${topic} [${index}] was taken from this consumer: ${why}`
      partition.abort(new KafkaError({ code: 'PARTITION_TAKEN', message }))
    }
  }

  #release(partitions: readonly ConsumedPartition[]): void {
    for (const partition of partitions) this.#parts.reading.release(partition)
  }

  /** Listeners are waited for; one that throws must not cost us the membership. */
  async #tell(what: 'assigned' | 'revoked' | 'lost', slots: readonly TopicPartition[]) {
    if (slots.length === 0) return
    if (this.#parts.publisher.heard('share:changed')) this.#publish(what, slots)
    try {
      this.#parts.events.emit(what, slots)
      await this.listener[what]?.(slots)
    } catch (error) {
      this.problem(asError(error))
    }
  }

  #publish(change: 'assigned' | 'revoked' | 'lost', slots: readonly TopicPartition[]): void {
    const { groupId: group, memberId: member, generationId: generation } = this.#parts.identity()
    const partitions = slots.map(({ topic, partition }) => ({ topic, partition }))
    const facts = { group, member, generation, change, partitions, owned: [...this.owned()] }
    this.#parts.publisher.publish('share:changed', facts)
  }
}
