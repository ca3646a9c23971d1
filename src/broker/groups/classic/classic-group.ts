import { Machine } from '../../../base/machine.ts'
import { type ErrorName, errorByName } from '../../../protocol/errors.ts'
import { Alarm } from '../alarm.ts'
import type { AnyGroup, GroupHost, OffsetUser } from '../group.ts'
import type { Entry } from '../log/entry.ts'
import { assignmentFor, generationFor } from './answers.ts'
import { firstState, type KeptClassicGroup, keptOf } from './kept.ts'
import { ClassicMember, joinFailure, type MemberFacts, syncFailure } from './member.ts'
import { commitError } from './offset-rules.ts'
import { Roster } from './roster.ts'
import { type ClassicState, classicMoves } from './states.ts'
import { CONSUMER, topicsRead } from './subscriptions.ts'

/** How long a newcomer whose id is not known to it may wait for the join phase to end. */
const NEWCOMER_PATIENCE_MS = 300_000

/**
 * A group of the classic protocol: its members join, their leader assigns, each syncs. The state
 * moves along a table; the join phase, the sync phase and each member have an alarm of their own.
 */
export class ClassicGroup implements AnyGroup {
  readonly type = 'classic'
  readonly groupId: string
  readonly roster = new Roster()
  /** Members that have been given an id and are to join with it (KIP-394). */
  readonly #pending = new Map<string, Alarm>()
  readonly #host: GroupHost
  readonly #machine: Machine<ClassicState>
  readonly #joinAlarm: Alarm
  readonly #syncAlarm: Alarm
  /** Members that have joined this generation, but not synced yet. */
  readonly #unsynced = new Set<string>()
  #protocolType = ''
  #generationId = 0
  /** While the first members come: how much longer they are waited for, and whether more came. */
  #first: { leftMs: number; hasGrown: boolean } | undefined
  #kept: KeptClassicGroup | undefined
  /** What the members of this generation read; undefined where they don't say so. */
  #subscribed: ReadonlySet<string> | undefined

  /** A new group, or one that was kept: its members go on without a rebalance if they live. */
  constructor(groupId: string, host: GroupHost, kept?: KeptClassicGroup) {
    this.groupId = groupId
    this.#host = host
    this.#kept = kept
    const first = firstState(host.clock.epoch(), kept)
    this.#machine = new Machine(`group ${groupId}`, classicMoves, first, (from, to) =>
      host.moved(groupId, from.is, to.is),
    )
    this.#joinAlarm = new Alarm(host.clock, () => this.#joinTimedOut())
    this.#syncAlarm = new Alarm(host.clock, () => this.#syncTimedOut())
    if (kept) this.#restore(kept)
  }

  get state(): ClassicState {
    return this.#machine.state
  }

  get stateName(): ClassicState['is'] {
    return this.state.is
  }

  get isEmpty(): boolean {
    return this.state.is === 'Empty'
  }

  get generationId(): number {
    return this.#generationId
  }

  /** Such as 'consumer'; '' as long as nobody has joined. */
  get protocolType(): string {
    return this.#protocolType
  }

  /** The chosen protocol, in a generation that has one. */
  get protocol(): string | null {
    return 'protocol' in this.state ? this.state.protocol : null
  }

  isPending(memberId: string): boolean {
    return this.#pending.has(memberId)
  }

  /** Why a newcomer's protocols don't go with those of the others. */
  canTake({ protocolType, protocols }: MemberFacts): boolean {
    if (protocolType === '' || protocols.length === 0) return false
    if (this.isEmpty) return true
    return protocolType === this.#protocolType && this.roster.canTake(protocols)
  }

  /** Whether the group is full for somebody who would join. */
  isFullFor(memberId: string): boolean {
    const { maxSize } = this.#host.settings
    const member = this.roster.get(memberId)
    switch (this.state.is) {
      case 'PreparingRebalance':
        // Those who wait count, not those who are listed: so the last to come are left out.
        return !member?.isJoining && this.roster.joining >= maxSize
      case 'CompletingRebalance':
      case 'Stable':
        return !member && this.roster.size >= maxSize
      default:
        return false
    }
  }

  /** Gives a newcomer an id with which it must join before its session times out (KIP-394). */
  expect(memberId: string, sessionTimeoutMs: number): void {
    const alarm = new Alarm(this.#host.clock, () => this.drop(memberId))
    this.#pending.set(memberId, alarm)
    alarm.set(sessionTimeoutMs)
  }

  /** Takes a new member in; the group rebalances. */
  add(id: string, facts: MemberFacts): ClassicMember {
    this.#forget(id)
    if (this.roster.size === 0) this.#protocolType = facts.protocolType
    const member = this.#newMember(id, facts)
    this.roster.add(member)
    if (this.#first) this.#first.hasGrown = true
    // Its client can't heartbeat before it knows its id, and we don't see it disconnect.
    member.session.set(NEWCOMER_PATIENCE_MS)
    return member
  }

  /** Puts a static member in the place of the one that had its `group.instance.id` (KIP-345). */
  replace(old: ClassicMember, id: string, facts: MemberFacts): ClassicMember {
    const fenced = codeOf('FENCED_INSTANCE_ID')
    old.endJoin(joinFailure(fenced, old.id))
    old.endSync(syncFailure(fenced))
    old.session.clear()
    const member = this.#newMember(id, facts)
    member.assignment = old.assignment
    member.isNew = false
    this.roster.replace(old.id, member)
    if (this.#unsynced.delete(old.id)) this.#unsynced.add(id)
    this.beat(member)
    return member
  }

  /** Begins a rebalance where the state allows it, or looks whether the join phase is over. */
  rebalance(): void {
    if (!this.#machine.may('PreparingRebalance')) return this.checkJoined()
    for (const member of this.roster.all()) {
      if (this.state.is === 'CompletingRebalance') member.assignment = Buffer.alloc(0)
      if (!member.isSyncing) continue
      member.endSync(syncFailure(codeOf('REBALANCE_IN_PROGRESS')))
      this.beat(member)
    }
    this.#syncAlarm.clear()
    this.#unsynced.clear()
    const wasEmpty = this.isEmpty
    this.#machine.to({ is: 'PreparingRebalance' })
    if (!wasEmpty) return this.#awaitJoins()
    const { initialDelayMs } = this.#host.settings
    const leftMs = Math.max(0, this.roster.rebalanceTimeoutMs - initialDelayMs)
    this.#first = { leftMs, hasGrown: false }
    if (initialDelayMs === 0) this.#firstDelayOver()
    else this.#joinAlarm.set(initialDelayMs)
  }

  /** Ends the join phase if everybody is there, save that the first members wait for more. */
  checkJoined(): void {
    if (this.state.is === 'PreparingRebalance' && !this.#first && this.#haveAllJoined) {
      this.#endJoinPhase()
    }
  }

  /** Takes a member, or somebody who was to become one, out; without rebalancing yet. */
  remove(id: string): void {
    this.#forget(id)
    const member = this.roster.get(id)
    if (!member) return
    member.endJoin(joinFailure(codeOf('UNKNOWN_MEMBER_ID'), ''))
    member.endSync(syncFailure(codeOf('UNKNOWN_MEMBER_ID')))
    member.session.clear()
    this.#unsynced.delete(id)
    this.roster.remove(id)
  }

  /** Takes somebody out whose session has timed out. */
  drop(id: string): void {
    const wasMember = this.roster.get(id) !== undefined
    this.remove(id)
    if (wasMember) this.settle()
    else this.checkJoined()
  }

  /** After members have gone: those who are left share anew. */
  settle(): void {
    if (!this.isEmpty) this.rebalance()
  }

  /** The member is alive. */
  beat(member: ClassicMember): void {
    member.session.set(member.facts.sessionTimeoutMs)
  }

  /** The leader's assignment: those who wait for theirs get it, those left out an empty one. */
  assign(assignments: ReadonlyMap<string, Buffer>): void {
    const { state } = this
    if (state.is !== 'CompletingRebalance') return
    for (const member of this.roster.all()) {
      member.assignment = assignments.get(member.id) ?? Buffer.alloc(0)
    }
    this.#machine.to({ is: 'Stable', protocol: state.protocol })
    for (const member of this.roster.all()) {
      if (!member.isSyncing) continue
      member.endSync(assignmentFor(this, member))
      this.beat(member)
    }
    this.keep()
  }

  /** The member has synced: when all have, nobody is put out for not doing so. */
  synced(member: ClassicMember): void {
    this.#unsynced.delete(member.id)
    if (this.#unsynced.size === 0) this.#syncAlarm.clear()
  }

  /** Why somebody who says to be a member is not one. */
  memberError(memberId: string, instanceId: string | null): ErrorName | undefined {
    if (instanceId !== null) {
      const known = this.roster.staticId(instanceId)
      if (known === undefined) return 'UNKNOWN_MEMBER_ID'
      if (known !== memberId) return 'FENCED_INSTANCE_ID'
    }
    return this.roster.get(memberId) ? undefined : 'UNKNOWN_MEMBER_ID'
  }

  subscribes(topic: string): boolean {
    return this.#subscribed?.has(topic) ?? this.#protocolType === CONSUMER
  }

  commitError(user: OffsetUser): ErrorName | undefined {
    return commitError(this, user, 'plain')
  }

  txnCommitError(user: OffsetUser): ErrorName | undefined {
    return commitError(this, user, 'transactional')
  }

  commits({ memberId }: OffsetUser): void {
    const member = this.roster.get(memberId ?? '')
    if (member) this.beat(member)
  }

  fetchError(): ErrorName | undefined {
    return undefined
  }

  offsetDeleteError(): ErrorName | undefined {
    return this.isEmpty || this.#protocolType === CONSUMER ? undefined : 'NON_EMPTY_GROUP'
  }

  idleSince(topic: string, commitMs: number): number | undefined {
    const { state } = this
    if (this.#protocolType === '') return commitMs
    if (state.is === 'Empty') return Math.max(state.sinceMs, commitMs)
    const isReadNoMore = state.is === 'Stable' && this.#subscribed && !this.#subscribed.has(topic)
    return isReadNoMore ? commitMs : undefined
  }

  sendAway(coordinator: number): void {
    const notCoordinator = codeOf('NOT_COORDINATOR')
    for (const member of this.roster.all()) {
      if (!member.sendAway(coordinator, notCoordinator)) continue
      // A newcomer was never told its id, so it will come as somebody else.
      if (member.isNew) this.drop(member.id)
      else this.beat(member)
    }
  }

  close(): void {
    for (const alarm of this.#pending.values()) alarm.clear()
    this.#pending.clear()
    for (const member of this.roster.all()) this.remove(member.id)
    this.#joinAlarm.clear()
    this.#syncAlarm.clear()
    if (this.#machine.may('Dead')) this.#machine.to({ is: 'Dead' })
  }

  /** Keeps it as it is now. */
  keep(): void {
    this.#kept = keptOf(this, this.#host.clock.epoch())
    this.#host.save(this.groupId, this.entries())
  }

  /** As it was kept last, not as it is: in the middle of a rebalance it has no assignment. */
  entries(): Entry[] {
    const { groupId } = this
    return this.#kept ? [{ is: 'group', groupId, group: this.#kept }] : []
  }

  noEntries(): Entry[] {
    return [{ is: 'no group', groupId: this.groupId }]
  }

  #restore(kept: KeptClassicGroup): void {
    this.#protocolType = kept.protocolType
    this.#generationId = kept.generationId
    for (const { id, facts, assignment } of kept.members) {
      const member = this.#newMember(id, facts)
      member.assignment = assignment
      member.isNew = false
      this.roster.add(member)
      this.beat(member)
    }
    if (kept.leader !== null && this.roster.get(kept.leader)) this.roster.elect(kept.leader)
    this.#subscribed = topicsRead(this)
  }

  #newMember(id: string, facts: MemberFacts): ClassicMember {
    const session = new Alarm(this.#host.clock, () => {
      // Whoever waits for our answer can't heartbeat; its session goes on when it is answered.
      if (member.isNew || !member.isWaiting) this.drop(id)
    })
    const member = new ClassicMember(id, facts, session)
    return member
  }

  #forget(pendingId: string): void {
    this.#pending.get(pendingId)?.clear()
    this.#pending.delete(pendingId)
  }

  get #haveAllJoined(): boolean {
    return this.#pending.size === 0 && this.roster.all().every(member => member.isJoining)
  }

  #awaitJoins(): void {
    if (this.#haveAllJoined) this.#endJoinPhase()
    else this.#joinAlarm.set(this.roster.rebalanceTimeoutMs)
  }

  #joinTimedOut(): void {
    if (this.#first) this.#firstDelayOver()
    else this.#endJoinPhase()
  }

  /** The first members of a group wait on while more come, up to the rebalance timeout. */
  #firstDelayOver(): void {
    const first = this.#first
    const { initialDelayMs } = this.#host.settings
    if (first?.hasGrown && first.leftMs > 0 && initialDelayMs > 0) {
      const delay = Math.min(initialDelayMs, first.leftMs)
      this.#first = { leftMs: first.leftMs - delay, hasGrown: false }
      this.#joinAlarm.set(delay)
    } else this.#endJoinPhase()
  }

  #endJoinPhase(): void {
    this.#first = undefined
    this.#joinAlarm.clear()
    for (const member of this.roster.all()) {
      if (!member.isJoining && member.facts.instanceId === null) this.remove(member.id)
    }
    if (this.roster.size > 0 && !this.roster.electJoined()) {
      // Static members alone, none of which has come back: their sessions may still run out.
      this.#joinAlarm.set(this.roster.rebalanceTimeoutMs)
      return
    }
    this.#generationId++
    this.#unsynced.clear()
    if (this.roster.size === 0) this.#becomeEmpty()
    else this.#completeJoins()
  }

  #becomeEmpty(): void {
    this.#subscribed = new Set()
    this.#machine.to({ is: 'Empty', sinceMs: this.#host.clock.epoch() })
    this.keep()
  }

  #completeJoins(): void {
    this.#machine.to({ is: 'CompletingRebalance', protocol: this.roster.vote() })
    this.#subscribed = topicsRead(this)
    for (const member of this.roster.all()) {
      this.#unsynced.add(member.id)
      member.endJoin(generationFor(this, member))
      member.isNew = false
      this.beat(member)
    }
    this.#syncAlarm.set(this.roster.rebalanceTimeoutMs)
  }

  /** Puts those out who have joined but never synced, though they may heartbeat. */
  #syncTimedOut(): void {
    if (this.#unsynced.size === 0) return
    for (const id of [...this.#unsynced]) this.remove(id)
    this.rebalance()
  }
}

function codeOf(error: ErrorName): number {
  return errorByName(error).code
}
