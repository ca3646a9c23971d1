import type { ErrorName } from '../../../protocol/errors.ts'
import type { Topic } from '../../model/topic.ts'
import { Alarm } from '../alarm.ts'
import type { AnyGroup, GroupHost, OffsetUser } from '../group.ts'
import { type Assignee, assignors, DEFAULT_ASSIGNOR, type TargetAssignment } from './assignors.ts'
import { type ConsumerFacts, ConsumerMember } from './member.ts'
import { NO_PARTITIONS, type PartitionSet } from './partition-set.ts'
import { reconcile } from './reconcile.ts'

/** The first version of OffsetCommit that knows member epochs. */
const KNOWS_EPOCHS = 9

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
  #topicsSeen = ''
  #told: ConsumerGroupState = 'Empty'

  /** `epoch` is that of a group that was kept; it must not count from the start again. */
  constructor(groupId: string, host: GroupHost, epoch = 0) {
    this.groupId = groupId
    this.#host = host
    this.#epoch = epoch
    this.#targetEpoch = epoch
  }

  get epoch(): number {
    return this.#epoch
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
    this.#bump()
    return member
  }

  /** Puts a static member that was away back under a new id: it has what it had. */
  replace(old: ConsumerMember, id: string, facts: ConsumerFacts): ConsumerMember {
    const member = new ConsumerMember(id, facts, this.#alarmsOf(id), old.assigned)
    const target = new Map(this.#target)
    target.set(id, this.targetOf(old.id))
    if (id !== old.id) target.delete(old.id)
    this.#target = target
    old.close()
    this.#members.delete(old.id)
    this.#put(member)
    if (!asksForSame(old.facts, facts)) this.#bump()
    return member
  }

  /** The member has said something new of itself. */
  update(member: ConsumerMember, facts: ConsumerFacts): void {
    const isSame = asksForSame(member.facts, facts)
    member.facts = facts
    if (!isSame) this.#bump()
  }

  /** Takes a member out for good: the others share what it had from their next heartbeats on. */
  remove(member: ConsumerMember): void {
    member.close()
    this.#members.delete(member.id)
    const { instanceId } = member.facts
    if (instanceId !== null) this.#statics.delete(instanceId)
    this.#bump()
  }

  /**
   * A member's heartbeat: assigns anew if something has changed, then takes the member a step on.
   * `owned` is what it says to have, undefined where it says nothing.
   */
  beat(member: ConsumerMember, owned: PartitionSet | undefined): void {
    const topics = this.#topics()
    const topicsSeen = topics.map(({ id, partitions }) => `${id} ${partitions.length}`).join()
    if (topicsSeen !== this.#topicsSeen) this.#bump()
    this.#topicsSeen = topicsSeen
    if (this.#epoch > this.#targetEpoch) this.#assign(topics)
    const target = { epoch: this.#targetEpoch, partitions: this.targetOf(member.id) }
    const others = this.members().filter(other => other !== member)
    const isHeld = (place: string) => others.some(other => other.holds(place))
    const next = reconcile(member, target, owned, isHeld)
    if (next) member.moveTo(next)
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

  #bump(): void {
    // Not twice for one assignment: an epoch is a number under which somebody was assigned.
    if (this.#epoch > this.#targetEpoch && !this.isEmpty) return
    this.#epoch++
    this.#host.save(this.groupId)
    this.#tellMove()
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
    this.#target = assignors.get(this.assignor)!(members, topics)
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

function asksForSame(a: ConsumerFacts, b: ConsumerFacts): boolean {
  return (
    a.pattern?.text === b.pattern?.text &&
    a.topicNames.length === b.topicNames.length &&
    a.topicNames.every(name => b.topicNames.includes(name))
  )
}
