import { backoffMs, retryBackoff } from '../../base/backoff.ts'
import { sleep } from '../../base/clock.ts'
import { deferred } from '../../base/deferred.ts'
import { Machine, type Moves } from '../../base/machine.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { GroupMetadata } from '../../cluster/group-metadata.ts'
import { asError, type KafkaError } from '../../errors.ts'
import {
  type Api,
  Heartbeat,
  JoinGroup,
  LeaveGroup,
  type RequestInput,
  type ResponseOf,
  SyncGroup,
} from '../../protocol/index.ts'
import { flatten } from '../by-topic.ts'
import type { ConsumerConfig } from '../options.ts'
import type { TopicPartition } from '../partition.ts'
import { askCoordinator, failure } from './ask.ts'
import { type Assignor, slotName } from './assignors/assignor.ts'
import { fatalGroupError, groupVerdict, pollTimeout } from './group-verdict.ts'
import { whileBeating } from './heartbeats.ts'
import { Leader } from './leader.ts'
import type { Membership, ShareKeeper } from './membership.ts'
import { decodeAssignment, encodeSubscription } from './subscription.ts'

/** Where a member of a classic group stands. */
export type ClassicState =
  | { readonly is: 'out' }
  | { readonly is: 'joining' }
  | { readonly is: 'syncing'; readonly generationId: number }
  | { readonly is: 'stable'; readonly generationId: number }
  /** The program works for longer than `max.poll.interval.ms`: out until it asks for more. */
  | { readonly is: 'stuck' }
  | { readonly is: 'left' }
  | { readonly is: 'failed'; readonly error: KafkaError }

export const classicMoves: Moves<ClassicState> = {
  out: ['joining', 'left', 'failed'],
  joining: ['syncing', 'joining', 'out', 'left', 'failed'],
  syncing: ['stable', 'joining', 'out', 'left', 'failed'],
  stable: ['joining', 'stuck', 'out', 'left', 'failed'],
  stuck: ['joining', 'out', 'left', 'failed'],
  left: [],
  failed: ['left'],
}

export interface ClassicParts {
  readonly cluster: Cluster
  readonly config: ConsumerConfig
  readonly groupId: string
  readonly assignors: readonly Assignor[]
  readonly keeper: ShareKeeper
}

type JoinAnswer = ResponseOf<typeof JoinGroup>

const NO_GENERATION = -1
/** More than the coordinator itself waits for the others. */
const JOIN_GRACE_MS = 5_000

/**
 * A member of a group by the classic protocol: one loop that joins, then beats until it must join
 * again. Heartbeats go over a connection of their own and never wait for the program; what does
 * wait for it is giving up partitions, which the loop lets the consumer do.
 */
export class ClassicMembership implements Membership {
  readonly #parts: ClassicParts
  readonly #machine: Machine<ClassicState>
  readonly #leader: Leader
  readonly #cooperative: boolean
  readonly #closing = new AbortController()
  readonly #joined = deferred<void>()
  /** Who waits to be a member shall know by then why it is not. */
  readonly #firstJoinBy: number
  #topics: readonly string[]
  #memberId = ''
  #generationId = NO_GENERATION
  /** The last share, which the eager sticky assignor tells of after it was given up. */
  #lastShare: readonly TopicPartition[] = []
  #failures = 0
  /** Aborted to wake the loop: join again, for this reason. */
  #rejoin = new AbortController()
  #rejoinReason: string | null = null

  constructor(parts: ClassicParts, topics: readonly string[]) {
    this.#parts = parts
    this.#topics = topics
    this.#cooperative = parts.assignors.every(({ protocol }) => protocol === 'cooperative')
    const { groupId: group, cluster } = parts
    this.#machine = new Machine('group', classicMoves, { is: 'out' }, (from, to) =>
      cluster.publisher.publish('group:moved', {
        group,
        from: from.is,
        to: to.is,
        ...(to.is === 'failed' && { cause: to.error }),
      }),
    )
    this.#leader = new Leader(cluster, parts.assignors, () =>
      this.#askToRejoin('the partitions of a topic changed'),
    )
    this.#firstJoinBy = cluster.clock.now() + parts.config.requestTimeoutMs
    this.#joined.promise.catch(() => {})
    void this.#live()
  }

  get joined(): Promise<void> {
    return this.#joined.promise
  }

  get metadata(): GroupMetadata {
    return {
      groupId: this.#parts.groupId,
      generationId: this.#generationId,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
    }
  }

  get isUnsettled(): boolean {
    return this.#machine.is('joining') || this.#machine.is('syncing')
  }

  resubscribe(topics: readonly string[]): void {
    this.#topics = topics
    this.#askToRejoin('the subscription changed')
  }

  async leave(): Promise<void> {
    if (this.#machine.is('left')) return
    const wasMember = this.#memberId !== '' && !this.#machine.is('failed')
    this.#machine.to({ is: 'left' })
    this.#closing.abort()
    this.#leader.close()
    if (wasMember && this.#instanceId === null) await this.#sendLeave('the consumer was closed')
  }

  get #instanceId(): string | null {
    return this.#parts.config.groupInstanceId ?? null
  }

  get #isOver(): boolean {
    return this.#closing.signal.aborted
  }

  #askToRejoin(reason: string): void {
    this.#rejoinReason ??= reason
    this.#rejoin.abort()
  }

  /** The life of a member. Each error of the coordinator leads back to its start, or ends it. */
  async #live(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#join()
        this.#failures = 0
        await this.#stay()
      } catch (thrown) {
        if (this.#isOver) return
        await this.#recover(asError(thrown))
      }
    }
  }

  async #join(): Promise<void> {
    const { keeper } = this.#parts
    if (!this.#cooperative) await this.#giveUp(keeper.owned())
    if (this.#isOver) return
    this.#rejoin = new AbortController()
    this.#machine.to({ is: 'joining' })
    const answer = await this.#sendJoin()
    const { generationId } = answer
    this.#machine.to({ is: 'syncing', generationId })
    this.#generationId = generationId
    const share = await this.#sync(answer)
    if (this.#isOver) return
    this.#machine.to({ is: 'stable', generationId })
    await this.#take(share)
    this.#joined.resolve()
  }

  /** Gives up what went to others, then takes what is new; after giving up, joins once more. */
  async #take(share: readonly TopicPartition[]): Promise<void> {
    const { keeper } = this.#parts
    this.#lastShare = share
    const mine = new Set(share.map(slotName))
    const gone = keeper.owned().filter(slot => !mine.has(slotName(slot)))
    if (gone.length > 0) {
      await this.#giveUp(gone)
      this.#askToRejoin('gave up partitions for another member')
    }
    if (this.#isOver) return
    const owned = new Set(keeper.owned().map(slotName))
    await keeper.assigned(share.filter(slot => !owned.has(slotName(slot))))
  }

  /** Lets the program finish with partitions; the coordinator hears from us meanwhile. */
  async #giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    const { cluster, config, keeper } = this.#parts
    let problem: Error | undefined
    const beat = async () => {
      if (problem || this.#isOver) return
      await this.#beat().catch(error => {
        if (groupVerdict(error) !== 'rejoin' && groupVerdict(error) !== 'retry') problem = error
      })
    }
    const done = keeper.revoked(partitions)
    await whileBeating(cluster.clock, config.heartbeatIntervalMs, beat, done)
    if (problem) throw problem
  }

  /** Heartbeats until something calls for another join. */
  async #stay(): Promise<void> {
    const { cluster, config, keeper } = this.#parts
    const { signal } = this.#rejoin
    const until = AbortSignal.any([signal, this.#closing.signal])
    while (!until.aborted) {
      await sleep(cluster.clock, config.heartbeatIntervalMs, until)
      if (until.aborted) return
      for (const topic of this.#topics) cluster.use(topic)
      if (keeper.stuckMs() > config.maxPollIntervalMs) return this.#stepOut()
      await this.#beatPatiently()
    }
  }

  /**
   * A coordinator out of reach does not end the membership: it is asked again, or its successor,
   * who knows the group's members. To join instead would make all of them rebalance.
   */
  async #beatPatiently(): Promise<void> {
    try {
      await this.#beat()
      this.#failures = 0
    } catch (thrown) {
      const error = asError(thrown)
      if (groupVerdict(error) !== 'retry') throw error
      await this.#recover(error)
    }
  }

  /** The program has not asked for more in too long a time: others shall have its partitions. */
  async #stepOut(): Promise<void> {
    const { config, keeper } = this.#parts
    keeper.problem(pollTimeout(config.maxPollIntervalMs, keeper.stuckMs()))
    this.#machine.to({ is: 'stuck' })
    if (this.#instanceId === null) await this.#sendLeave('max.poll.interval.ms is over')
    this.#memberId = ''
    await this.#loseAll()
    await keeper.unstuck()
  }

  async #recover(error: Error): Promise<void> {
    const { cluster, config, keeper } = this.#parts
    const verdict = groupVerdict(error)
    cluster.logger.log('debug', 'group.problem', { error, verdict })
    if (verdict === 'rejoin') return
    if (verdict === 'fatal') return this.#fail(error)
    if (verdict === 'forget') this.#memberId = ''
    if (verdict === 'forget' || verdict === 'lose') {
      await this.#loseAll()
      if (this.#failures++ === 0) return
    } else {
      this.#failures++
      cluster.coordinators.forget('group', this.#parts.groupId)
      if (this.#failures > TELL_AFTER_FAILURES) keeper.problem(error)
      if (cluster.clock.now() > this.#firstJoinBy) this.#joined.reject(error)
    }
    const rest = backoffMs(retryBackoff(config), this.#failures, cluster.random)
    await sleep(cluster.clock, rest, this.#closing.signal)
  }

  async #loseAll(): Promise<void> {
    if (this.#machine.may('out')) this.#machine.to({ is: 'out' })
    this.#generationId = NO_GENERATION
    const owned = this.#parts.keeper.owned()
    if (owned.length > 0) await this.#parts.keeper.lost(owned)
  }

  async #fail(cause: Error): Promise<void> {
    const error = fatalGroupError(this.#parts.groupId, cause)
    this.#machine.to({ is: 'failed', error })
    this.#closing.abort()
    this.#leader.close()
    await this.#loseAll()
    this.#joined.reject(error)
    this.#parts.keeper.failed(error)
  }

  /**
   * Joins with what we are; asked to, comes again with the id that the coordinator gave (KIP-394).
   */
  async #sendJoin(): Promise<JoinAnswer> {
    const { groupId, config, assignors, keeper } = this.#parts
    const owned = this.#cooperative ? keeper.owned() : []
    const reason = this.#rejoinReason
    this.#rejoinReason = null
    for (;;) {
      const answer = await this.#ask(
        JoinGroup,
        {
          groupId,
          sessionTimeoutMs: config.sessionTimeoutMs,
          rebalanceTimeoutMs: config.maxPollIntervalMs,
          memberId: this.#memberId,
          groupInstanceId: this.#instanceId,
          protocolType: 'consumer',
          protocols: assignors.map(assignor => ({
            name: assignor.name,
            metadata: this.#metadataFor(assignor, owned),
          })),
          reason,
        },
        config.maxPollIntervalMs + JOIN_GRACE_MS,
      )
      if (answer.memberId !== '') this.#memberId = answer.memberId
      if (answer.errorCode === 0) return answer
      if (answer.errorCode !== MEMBER_ID_REQUIRED) throw failure(JoinGroup, answer.errorCode)
    }
  }

  #metadataFor(assignor: Assignor, owned: readonly TopicPartition[]): Buffer {
    const had = this.#cooperative ? owned : this.#lastShare
    return encodeSubscription({
      topics: [...this.#topics],
      userData: assignor.userData?.(had, this.#generationId) ?? null,
      ownedPartitions: this.#leader.named(owned),
      generationId: this.#generationId,
      rackId: this.#parts.config.clientRack ?? null,
    })
  }

  /** Brings the shares if we lead, and gives ours. */
  async #sync(joined: JoinAnswer): Promise<readonly TopicPartition[]> {
    const { groupId } = this.#parts
    const leads = joined.leader === this.#memberId && !joined.skipAssignment
    const assignments = leads ? await this.#leader.assign(joined) : []
    const answer = await this.#ask(SyncGroup, {
      groupId,
      generationId: joined.generationId,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
      protocolType: 'consumer',
      protocolName: joined.protocolName,
      assignments,
    })
    if (answer.errorCode !== 0) throw failure(SyncGroup, answer.errorCode)
    return flatten(decodeAssignment(answer.assignment).assignedPartitions)
  }

  async #beat(): Promise<void> {
    const { groupId, config } = this.#parts
    const answer = await this.#ask(
      Heartbeat,
      {
        groupId,
        generationId: this.#generationId,
        memberId: this.#memberId,
        groupInstanceId: this.#instanceId,
      },
      Math.min(config.requestTimeoutMs, config.sessionTimeoutMs),
    )
    if (answer.errorCode !== 0) throw failure(Heartbeat, answer.errorCode)
  }

  async #sendLeave(reason: string): Promise<void> {
    const { groupId, cluster, config } = this.#parts
    const memberId = this.#memberId
    const members = [{ memberId, groupInstanceId: null, reason }]
    const route = { to: 'coordinator', of: 'group', key: groupId } as const
    const timeoutMs = Math.min(config.requestTimeoutMs, LEAVE_TIMEOUT_MS)
    try {
      const nodeId = await cluster.coordinators.find(route.of, groupId)
      const connection = await cluster.brokers.connect(nodeId)
      const plural = (connection.versionOf(LeaveGroup) ?? 0) >= PLURAL_LEAVE
      const request = plural ? { groupId, members } : { groupId, memberId }
      await connection.send(LeaveGroup, request, { timeoutMs })
    } catch (error) {
      // The coordinator will notice by itself, after session.timeout.ms.
      cluster.logger.log('debug', 'group.leave.failed', { error: asError(error) })
    }
  }

  #ask<A extends Api>(
    api: A,
    request: RequestInput<A>,
    timeoutMs = this.#parts.config.requestTimeoutMs,
  ): Promise<ResponseOf<A>> {
    const { cluster, groupId } = this.#parts
    return askCoordinator(cluster, groupId, api, request, { timeoutMs })
  }
}

const MEMBER_ID_REQUIRED = 79
const PLURAL_LEAVE = 3
const LEAVE_TIMEOUT_MS = 5_000
/** A coordinator that moves or loads its state is nothing to tell people about. */
const TELL_AFTER_FAILURES = 5
