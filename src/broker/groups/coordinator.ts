import { asError } from '../../errors.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { RESOURCE_TYPES } from '../config/resource-configs.ts'
import type { ClusterState } from '../model/cluster-state.ts'
import { slotOf } from '../model/coordinators.ts'
import { NOT_KEPT, type TransactionalProducer } from '../model/internal-topic.ts'
import { randomUuid } from '../model/topics.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import { ConsumerGroup } from './consumer/consumer-group.ts'
import { revived } from './consumer/kept.ts'
import type { GroupHost } from './group.ts'
import type { Entry } from './log/entry.ts'
import { GroupLog, type Replayed } from './log/group-log.ts'
import { KeptGroups } from './log/kept-groups.ts'
import { type OffsetPlace, OffsetStore } from './offsets/offset-store.ts'
import type { PartitionOffset } from './offsets/offset-table.ts'
import { groupSettings, withOwn } from './settings.ts'

/** How often, at most, what nobody needs is looked for (`offsets.retention.check.interval.ms`). */
const SWEEP_INTERVAL_MS = 600_000

export type Group = ClassicGroup | ConsumerGroup

/**
 * The groups of a cluster with their offsets. All brokers share it, so that a group whose
 * coordinator moves goes on where it was; each broker serves those that it coordinates.
 */
export class GroupCoordinator {
  readonly offsets = new OffsetStore()
  readonly #cluster: ClusterState
  readonly #groups = new Map<string, Group>()
  readonly #log: GroupLog
  readonly #host: GroupHost
  /** By group: what is being written of it. */
  readonly #writing = new Map<string, Promise<void>>()
  /** Groups of which something could not be written, so that what is kept of them is older. */
  readonly #behind = new Set<string>()
  #sweptAt: number

  constructor(cluster: ClusterState) {
    this.#cluster = cluster
    this.#log = new GroupLog(cluster, slot => this.#alive(slot))
    this.#sweptAt = cluster.clock.now()
    const settings = groupSettings(Object.fromEntries(cluster.settings.groupConfig))
    this.#host = {
      clock: cluster.clock,
      topics: cluster.topics,
      settings,
      settingsOf: groupId => withOwn(settings, cluster.configs.get(RESOURCE_TYPES.group, groupId)),
      newMemberId: prefix => `${prefix}-${randomUuid(cluster.settings.random)}`,
      save: (groupId, entries) => this.#write(groupId, entries),
      moved: (group, from, to) =>
        cluster.logger.log('debug', 'broker:group-moved', { group, from, to }),
    }
  }

  /** Reads what is kept. Throws what is wrong with it. */
  async load(): Promise<void> {
    const kept = new KeptGroups()
    await this.#log.replay((replayed, slot) => this.#replayed(replayed, slot, kept))
    for (const [groupId, group] of kept.classic) {
      this.#add(new ClassicGroup(groupId, this.#host, group))
    }
    for (const [groupId, group] of kept.consumer()) {
      this.#add(new ConsumerGroup(groupId, this.#host, await revived(group)))
    }
    for (const groupId of this.offsets.groupIds()) {
      if (!this.#groups.has(groupId)) this.#add(new ClassicGroup(groupId, this.#host))
    }
  }

  get host(): GroupHost {
    return this.#host
  }

  /**
   * Why a broker does not serve a group. Where the group's log has failed nobody does, as in Kafka,
   * which takes the partition off a broker whose disk fails.
   */
  coordinatorError(groupId: string, nodeId: number): ErrorName | undefined {
    const coordinator = this.#cluster.coordinatorOf('group', groupId)
    if (!coordinator) return 'COORDINATOR_NOT_AVAILABLE'
    if (this.#log.hasFailed(groupId)) return NOT_KEPT
    return coordinator.id === nodeId ? undefined : 'NOT_COORDINATOR'
  }

  find(groupId: string): Group | undefined {
    this.#sweepIfDue()
    return this.#groups.get(groupId)
  }

  /** The groups that a broker coordinates. */
  coordinatedBy(nodeId: number): Group[] {
    this.#sweepIfDue()
    return [...this.#groups.values()].filter(
      ({ groupId }) => this.coordinatorError(groupId, nodeId) === undefined,
    )
  }

  /**
   * The classic group of that id, made if there is none. One of the other protocol gives way if it
   * is empty; undefined if it is not.
   */
  classic(groupId: string): ClassicGroup | undefined {
    const known = this.find(groupId)
    if (known?.type === 'classic') return known
    if (known && !known.isEmpty) return undefined
    if (known) this.#giveWay(known)
    return this.#add(new ClassicGroup(groupId, this.#host))
  }

  /** The same for a group of the new protocol (KIP-848). */
  consumer(groupId: string): ConsumerGroup | undefined {
    const known = this.find(groupId)
    if (known?.type === 'consumer') return known
    if (known && !known.isEmpty) return undefined
    if (known) this.#giveWay(known)
    return this.#add(new ConsumerGroup(groupId, this.#host))
  }

  /**
   * Resolves when all that was decided of a group is as safe as an acknowledged produce. A member
   * is told only then: else a crash would leave it with an epoch that nobody knows. What could not
   * be written is tried once more; gives the error to answer where that is in vain, too.
   */
  async saved(groupId: string): Promise<ErrorName | undefined> {
    if (this.#behind.has(groupId) && !this.#writing.has(groupId)) this.#write(groupId, [])
    await this.#writing.get(groupId)
    return this.#behind.has(groupId) ? NOT_KEPT : undefined
  }

  /** Keeps offsets; resolves when they are safe, and rejects when they can't be written. */
  async commit(groupId: string, offsets: readonly PartitionOffset[]): Promise<void> {
    this.offsets.commit(groupId, offsets)
    await this.#log.append(
      groupId,
      offsets.map(offset => ({ is: 'offset', groupId, offset })),
    )
  }

  /** Keeps offsets for the end of a transaction, which `complete` of the offsets decides. */
  async commitPending(
    producer: TransactionalProducer,
    groupId: string,
    offsets: readonly PartitionOffset[],
  ): Promise<void> {
    this.offsets.commitPending(producer.producerId, groupId, offsets)
    const entries = offsets.map((offset): Entry => ({ is: 'offset', groupId, offset }))
    await this.#log.append(groupId, entries, producer)
  }

  /** Forgets offsets of a group. */
  async deleteOffsets(groupId: string, places: readonly OffsetPlace[]): Promise<void> {
    const removed = this.offsets.remove(groupId, places)
    await this.#log.append(
      groupId,
      removed.map(place => ({ is: 'no offset', groupId, place })),
    )
  }

  /** Deletes a group with its offsets. */
  async delete(group: Group): Promise<void> {
    const { groupId } = group
    group.close()
    this.#groups.delete(groupId)
    this.#behind.delete(groupId)
    const removed = this.offsets.remove(groupId, [...(this.offsets.of(groupId)?.all() ?? [])])
    const entries = removed.map((place): Entry => ({ is: 'no offset', groupId, place }))
    await this.#log.append(groupId, [...entries, ...group.noEntries()])
  }

  /** A topic was deleted: nobody can go on in it. Offsets that stay in the log harm nobody. */
  async topicDeleted(topic: string): Promise<void> {
    for (const groupId of [...this.offsets.groupIds()]) {
      const partitions = this.offsets.of(groupId)?.partitions(topic) ?? []
      const places = partitions.map(partition => ({ topic, partition }))
      if (places.length === 0) continue
      await this.deleteOffsets(groupId, places).catch(error => this.#notSaved(groupId, error))
    }
  }

  /** Brokers came or went, and with them coordinators: who waits at the wrong one is told. */
  coordinatorsMoved(): void {
    for (const group of [...this.#groups.values()]) {
      const node = this.#cluster.coordinatorOf('group', group.groupId)
      group.sendAway(node?.id ?? -1)
    }
  }

  /** Ends all waiting and all timers; what is kept stays. */
  close(): void {
    for (const group of this.#groups.values()) group.close()
    this.#groups.clear()
  }

  /** A group goes, its offsets stay: for one of the other protocol. */
  #giveWay(group: Group): void {
    group.close()
    this.#write(group.groupId, group.noEntries())
  }

  #add<Made extends Group>(group: Made): Made {
    this.#groups.set(group.groupId, group)
    return group
  }

  /** The whole group where something of it could not be written before. */
  #write(groupId: string, changed: readonly Entry[]): void {
    const isWhole = this.#behind.has(groupId)
    const all = isWhole ? (this.#groups.get(groupId)?.entries() ?? []) : []
    const written = this.#log.append(groupId, [...changed, ...all]).then(
      () => {
        if (isWhole) this.#behind.delete(groupId)
      },
      error => {
        this.#behind.add(groupId)
        this.#notSaved(groupId, error)
      },
    )
    this.#writing.set(groupId, written)
    void written.then(() => {
      if (this.#writing.get(groupId) === written) this.#writing.delete(groupId)
    })
  }

  #notSaved(group: string, thrown: unknown): void {
    const facts = { group, error: asError(thrown) }
    this.#cluster.logger.log('error', 'broker:group-not-saved', facts)
  }

  /**
   * Deletes what has been of no use for the retention time: offsets, then groups that have neither
   * members nor offsets. Kafka has a timer for it; here it is done when somebody asks.
   */
  #sweepIfDue(): void {
    const { clock } = this.#cluster
    if (clock.now() - this.#sweptAt < SWEEP_INTERVAL_MS) return
    this.#sweptAt = clock.now()
    const deadline = clock.epoch() - this.#host.settings.retentionMs
    for (const group of [...this.#groups.values()]) {
      const { groupId } = group
      const old = [...(this.offsets.of(groupId)?.all() ?? [])].filter(
        ({ topic, partition, commitMs }) =>
          (group.idleSince(topic, commitMs) ?? Number.POSITIVE_INFINITY) <= deadline &&
          !this.offsets.isPending(groupId, topic, partition),
      )
      const expired = this.deleteOffsets(groupId, old)
      const isUseless = group.isEmpty && !this.offsets.of(groupId)
      const gone = isUseless && !this.offsets.hasPending(groupId) ? this.delete(group) : expired
      gone.catch(error => {
        const facts = { group: groupId, error: asError(error) }
        this.#cluster.logger.log('error', 'broker:group-not-deleted', facts)
      })
    }
  }

  #alive(slot: number): Entry[] {
    const entries: Entry[] = []
    for (const [groupId, group] of this.#groups) {
      if (slotOf(groupId) !== slot) continue
      entries.push(...group.entries())
      for (const offset of this.offsets.of(groupId)?.all() ?? []) {
        entries.push({ is: 'offset', groupId, offset })
      }
    }
    return entries
  }

  #replayed(replayed: Replayed, slot: number, kept: KeptGroups): void {
    if (replayed.is === 'end') {
      const { producerId, committed } = replayed
      this.offsets.complete(producerId, committed, groupId => slotOf(groupId) === slot)
      return
    }
    const { entry, producerId } = replayed
    const { groupId } = entry
    if (entry.is === 'no offset') this.offsets.remove(groupId, [entry.place])
    else if (entry.is !== 'offset') kept.take(entry)
    else if (producerId === undefined) this.offsets.commit(groupId, [entry.offset])
    else this.offsets.commitPending(producerId, groupId, [entry.offset])
  }
}
