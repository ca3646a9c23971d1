import { createHash } from 'node:crypto'
import type { ErrorName } from '../../../protocol/errors.ts'
import type { Topic } from '../../model/topic.ts'
import { Alarm } from '../alarm.ts'
import type { AnyGroup, GroupHost, OffsetUser } from '../group.ts'
import type { ConsumerEntry } from '../log/entry.ts'
import { type Assignee, assignors, DEFAULT_ASSIGNOR, type TargetAssignment } from './assignors.ts'
import type { KeptConsumerGroup } from './kept.ts'
import { type ConsumerFacts, ConsumerMember, NEWCOMER } from './member.ts'
import { isSame, NO_PARTITIONS, type PartitionSet } from './partition-set.ts'
import { reconcile } from './reconcile.ts'
import { allEntries, Unsaved } from './unsaved.ts'

/** The first version of OffsetCommit that knows member epochs. */
const KNOWS_EPOCHS = 9
const NO_TOPICS = 0n

/** Where a group of the new protocol stands, with Kafka's names. */
export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

/**
 * A group of the new protocol (KIP-848): the coordinator assigns, and each heartbeat brings its
 * member a step closer to what it is to have. Nobody waits for anybody but for a partition that
 * another member has not given up yet.
 */
export class ConsumerGroup implements AnyGroup {
  readonly type = 'consumer'
  readonly protocolType = 'consumer'
  readonly groupId: string
  readonly #host: GroupHost
  readonly #members = new Map<string, ConsumerMember>()
  readonly #statics = new Map<string, string>()
  #epoch: number
  #target: TargetAssignment = new Map()
  #targetEpoch: number
  /** The topics that the last target was about, with their sizes: a change asks for another. */
  #topicsSeen: string | undefined
  #topicsHash: bigint
  #told: ConsumerGroupState = 'Empty'
  readonly #unsaved = new Unsaved()

  /** A new group, or one that was kept: its members go on where they were if they live. */
  constructor(groupId: string, host: GroupHost, kept?: KeptConsumerGroup<ConsumerFacts>) {
    this.groupId = groupId
    this.#host = host
    this.#epoch = kept?.epoch ?? 0
    this.#targetEpoch = kept?.targetEpoch ?? this.#epoch
    this.#topicsHash = kept?.topicsHash ?? NO_TOPICS
    if (kept) this.#restore(kept)
  }

  get epoch(): number {
    return this.#epoch
  }

  /** Stands for the topics, and their sizes, that the epoch is about. */
  get topicsHash(): bigint {
    return this.#topicsHash
  }

  /** The epoch of which the target assignment is. */
  get targetEpoch(): number {
    return this.#targetEpoch
  }

  get stateName(): ConsumerGroupState {
    if (this.isEmpty) return 'Empty'
    if (this.#epoch > this.#targetEpoch) return 'Assigning'
    const isStable = this.members().every(member => member.isReconciledTo(this.#targetEpoch))
    return isStable ? 'Stable' : 'Reconciling'
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  /** The assignor that most members ask for. */
  get assignor(): string {
    const votes = new Map<string, number>()
    for (const { facts } of this.#members.values()) {
      if (facts.assignor !== null) votes.set(facts.assignor, (votes.get(facts.assignor) ?? 0) + 1)
    }
    const [winner] = [...votes].sort(([, a], [, b]) => b - a)
    return winner?.[0] ?? DEFAULT_ASSIGNOR
  }

  members(): ConsumerMember[] {
    return [...this.#members.values()]
  }

  member(id: string): ConsumerMember | undefined {
    return this.#members.get(id)
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    return this.#members.get(this.#statics.get(instanceId) ?? '')
  }

  targetOf(memberId: string): PartitionSet {
    return this.#target.get(memberId) ?? NO_PARTITIONS
  }

  isFullFor(memberId: string): boolean {
    return this.#members.size >= this.#host.settings.consumerMaxSize && !this.member(memberId)
  }

  add(id: string, facts: ConsumerFacts): ConsumerMember {
    const member = new ConsumerMember(id, facts, this.#alarmsOf(id))
    this.#put(member)
    this.#unsaved.member(id)
    this.#bump()
    return member
  }

  /** Puts a static member that was away back under a new id: it has what it had. */
  replace(old: ConsumerMember, id: string, facts: ConsumerFacts): ConsumerMember {
    const place = { ...NEWCOMER, assigned: old.assigned }
    const member = new ConsumerMember(id, facts, this.#alarmsOf(id), place)
    const target = new Map(this.#target)
    target.set(id, this.targetOf(old.id))
    if (id !== old.id) target.delete(old.id)
    this.#target = target
    old.close()
    this.#members.delete(old.id)
    this.#put(member)
    this.#unsaved.member(old.id)
    this.#unsaved.member(id)
    if (!asksForSame(old.facts, facts)) this.#bump()
    return member
  }

  /** The member has said something new of itself. */
  update(member: ConsumerMember, facts: ConsumerFacts): void {
    const before = member.facts
    member.facts = facts
    if (!saysSame(before, facts)) this.#unsaved.facts(member.id)
    if (!asksForSame(before, facts)) this.#bump()
  }

  /** A static member leaves for a while, and keeps what it has. */
  sendAside(member: ConsumerMember): void {
    member.goAway()
    this.#unsaved.position(member.id)
    this.#save()
  }

  /** Takes a member out for good: the others share what it had from their next heartbeats on. */
  remove(member: ConsumerMember): void {
    member.close()
    this.#members.delete(member.id)
    const { instanceId } = member.facts
    if (instanceId !== null) this.#statics.delete(instanceId)
    this.#unsaved.member(member.id)
    this.#bump()
    this.#save()
  }

  /**
   * A member's heartbeat: assigns anew if something has changed, then takes the member a step on.
   * `owned` is what it says to have, undefined where it says nothing.
   */
  beat(member: ConsumerMember, owned: PartitionSet | undefined): void {
    const topics = this.#topics()
    this.#see(topics)
    if (this.#epoch > this.#targetEpoch) this.#assign(topics)
    const target = { epoch: this.#targetEpoch, partitions: this.targetOf(member.id) }
    const others = this.members().filter(other => other !== member)
    const isHeld = (place: string) => others.some(other => other.holds(place))
    const next = reconcile(member, target, owned, isHeld)
    if (next) {
      member.moveTo(next)
      this.#unsaved.position(member.id)
    }
    this.#save()
    this.#tellMove()
    member.session.set(this.#host.settingsOf(this.groupId).consumerSessionMs)
  }

  subscribes(topic: string): boolean {
    return this.members().some(({ facts }) => wants(facts, topic))
  }

  commitError(user: OffsetUser, version: number): ErrorName | undefined {
    const error = this.txnCommitError(user)
    if (error === 'UNKNOWN_MEMBER_ID' || user.epoch < 0) return error
    return version < KNOWS_EPOCHS ? 'UNSUPPORTED_VERSION' : error
  }

  txnCommitError(user: OffsetUser): ErrorName | undefined {
    if (user.epoch < 0 && this.isEmpty) return undefined
    return this.#epochError(user)
  }

  fetchError(user: OffsetUser): ErrorName | undefined {
    return user.memberId === null && user.epoch < 0 ? undefined : this.#epochError(user)
  }

  #epochError({ memberId, epoch }: OffsetUser): ErrorName | undefined {
    const member = this.#members.get(memberId ?? '')
    if (!member) return 'UNKNOWN_MEMBER_ID'
    return member.epoch === epoch ? undefined : 'STALE_MEMBER_EPOCH'
  }

  commits(): void {}

  offsetDeleteError(): ErrorName | undefined {
    return undefined
  }

  idleSince(topic: string, commitMs: number): number | undefined {
    return this.subscribes(topic) ? undefined : commitMs
  }

  sendAway(): void {}

  entries(): ConsumerEntry[] {
    return allEntries(this)
  }

  /** Its members are gone, or it would not be deleted. */
  noEntries(): ConsumerEntry[] {
    const { groupId } = this
    return [
      { is: 'target epoch', groupId, epoch: undefined },
      { is: 'consumer group', groupId, state: undefined },
    ]
  }

  close(): void {
    for (const member of this.#members.values()) member.close()
    this.#members.clear()
    this.#statics.clear()
  }

  #put(member: ConsumerMember): void {
    this.#members.set(member.id, member)
    const { instanceId } = member.facts
    if (instanceId !== null) this.#statics.set(instanceId, member.id)
  }

  #restore({ facts, targets, positions }: KeptConsumerGroup<ConsumerFacts>): void {
    this.#target = new Map(targets)
    for (const [id, said] of facts) {
      const member = new ConsumerMember(id, said, this.#alarmsOf(id), positions.get(id))
      this.#put(member)
      member.session.set(this.#host.settingsOf(this.groupId).consumerSessionMs)
      member.awaitRevocation()
    }
    this.#told = this.stateName
  }

  /** The topics as they are now: more of them, or other sizes, ask for another assignment. */
  #see(topics: readonly Topic[]): void {
    const seen = topics.map(({ id, partitions }) => `${id} ${partitions.length}`).join()
    if (seen === this.#topicsSeen) return
    this.#topicsSeen = seen
    const hash = hashOf(seen)
    // As they were before a restart.
    if (hash === this.#topicsHash) return
    this.#topicsHash = hash
    this.#unsaved.group()
    this.#bump()
  }

  #bump(): void {
    // Not twice for one assignment: an epoch is a number under which somebody was assigned.
    if (this.#epoch > this.#targetEpoch && !this.isEmpty) return
    this.#epoch++
    this.#unsaved.group()
    this.#tellMove()
  }

  #save(): void {
    const entries = this.#unsaved.take(this)
    if (entries.length > 0) this.#host.save(this.groupId, entries)
  }

  /** The state follows from the members, so that its moves are seen afterwards. */
  #tellMove(): void {
    const { stateName } = this
    if (stateName === this.#told) return
    this.#host.moved(this.groupId, this.#told, stateName)
    this.#told = stateName
  }

  #assign(topics: readonly Topic[]): void {
    const members: Assignee[] = this.members().map(({ id, facts }) => ({
      id,
      instanceId: facts.instanceId,
      topicIds: new Set(topics.filter(({ name }) => wants(facts, name)).map(topic => topic.id)),
      before: this.targetOf(id),
    }))
    const target = assignors.get(this.assignor)!(members, topics)
    const changed = members.filter(({ id, before }) => !isSame(before, target.get(id)!))
    this.#unsaved.target(changed.map(({ id }) => id))
    this.#target = target
    this.#targetEpoch = this.#epoch
  }

  /** The topics that some member reads, in the order of their names. */
  #topics(): Topic[] {
    const { topics } = this.#host
    const names = new Set(this.members().flatMap(({ facts }) => facts.topicNames))
    const patterns = this.members().flatMap(({ facts }) => facts.pattern ?? [])
    if (patterns.length > 0) {
      const texts = new Map(patterns.map(pattern => [pattern.text, pattern]))
      for (const pattern of texts.values()) {
        for (const name of topics.names()) if (pattern.matches(name)) names.add(name)
      }
    }
    return [...names].sort().flatMap(name => topics.named(name) ?? [])
  }

  #alarmsOf(id: string): { session: Alarm; revocation: Alarm } {
    const { clock } = this.#host
    const putOut = () => {
      const member = this.#members.get(id)
      if (member) this.remove(member)
    }
    return { session: new Alarm(clock, putOut), revocation: new Alarm(clock, putOut) }
  }
}

function wants({ topicNames, pattern }: ConsumerFacts, topic: string): boolean {
  return topicNames.includes(topic) || (pattern?.matches(topic) ?? false)
}

/** A hash that is kept in the place of what may be thousands of topics. */
function hashOf(topicsSeen: string): bigint {
  if (topicsSeen === '') return NO_TOPICS
  return createHash('sha256').update(topicsSeen).digest().readBigInt64BE(0)
}

function saysSame(a: ConsumerFacts, b: ConsumerFacts): boolean {
  return (
    asksForSame(a, b) &&
    a.rackId === b.rackId &&
    a.clientId === b.clientId &&
    a.clientHost === b.clientHost &&
    a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
    a.assignor === b.assignor
  )
}

function asksForSame(a: ConsumerFacts, b: ConsumerFacts): boolean {
  return (
    a.pattern?.text === b.pattern?.text &&
    a.topicNames.length === b.topicNames.length &&
    a.topicNames.every(name => b.topicNames.includes(name))
  )
}
