import { backoffMs, retryBackoff } from '../../base/backoff.ts'
import { sleep } from '../../base/clock.ts'
import { deferred } from '../../base/deferred.ts'
import { Machine, type Moves } from '../../base/machine.ts'
import { randomBelow } from '../../base/random.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { GroupMetadata } from '../../cluster/group-metadata.ts'
import { asError, type KafkaError } from '../../errors.ts'
import { ConsumerGroupHeartbeat, type RequestInput, type ResponseOf } from '../../protocol/index.ts'
import { formatUuid } from '../../wire/uuid.ts'
import type { ConsumerConfig } from '../options.ts'
import type { TopicPartition } from '../partition.ts'
import { askCoordinator, failure } from './ask.ts'
import { slotName } from './assignors/assignor.ts'
import { fatalGroupError, groupVerdict, pollTimeout } from './group-verdict.ts'
import type { Membership, ShareKeeper } from './membership.ts'
import { TopicIds } from './topic-ids.ts'

/** Where a member of a group of the new protocol stands. */
export type NextState =
  | { readonly is: 'out' }
  | { readonly is: 'joining' }
  | { readonly is: 'stable' }
  /** Giving up and taking on partitions, while the heartbeats go on. */
  | { readonly is: 'reconciling' }
  | { readonly is: 'stuck' }
  | { readonly is: 'left' }
  | { readonly is: 'failed'; readonly error: KafkaError }

export const nextMoves: Moves<NextState> = {
  out: ['joining', 'left', 'failed'],
  joining: ['joining', 'stable', 'reconciling', 'out', 'left', 'failed'],
  stable: ['reconciling', 'stuck', 'out', 'left', 'failed'],
  reconciling: ['stable', 'stuck', 'out', 'left', 'failed'],
  stuck: ['joining', 'left', 'failed'],
  left: [],
  failed: ['left'],
}

/** What a member wants to read: topics by name, or a pattern that the broker matches (RE2). */
export type NextSubscription = { readonly names: readonly string[] } | { readonly pattern: string }

export interface NextParts {
  readonly cluster: Cluster
  readonly config: ConsumerConfig
  readonly groupId: string
  readonly keeper: ShareKeeper
}

type Answer = ResponseOf<typeof ConsumerGroupHeartbeat>

const JOINING = 0
const LEAVING = -1
const AWAY = -2
const FIRST_INTERVAL_MS = 3_000
const LEAVE_TIMEOUT_MS = 5_000
const TELL_AFTER_FAILURES = 5

/**
 * A member of a group of the new protocol (KIP-848): the coordinator shares the partitions out, and
 * a heartbeat carries everything. One loop beats; what the coordinator assigns is reconciled beside
 * it, and when that is done the next heartbeat says so, at once.
 */
export class NextMembership implements Membership {
  readonly #parts: NextParts
  readonly #machine: Machine<NextState>
  readonly #ids: TopicIds
  readonly #memberId: string
  readonly #closing = new AbortController()
  readonly #joined = deferred<void>()
  readonly #firstJoinBy: number
  #subscription: NextSubscription
  #epoch = JOINING
  #intervalMs = FIRST_INTERVAL_MS
  #failures = 0
  /** What the coordinator wants us to own, once its ids have names. */
  #target: Answer['assignment'] = null
  /** Counts the times that we lost everything, so that what was begun before stops. */
  #life = 0
  /** Fields that the next heartbeat must carry, though the coordinator may know them. */
  #saysAll = true
  #saysOwned = false
  /** Aborted to beat now. */
  #nudge = new AbortController()

  constructor(parts: NextParts, subscription: NextSubscription) {
    const { groupId: group, cluster, config } = parts
    this.#parts = parts
    this.#subscription = subscription
    this.#ids = new TopicIds(cluster)
    this.#memberId = randomId(cluster)
    this.#firstJoinBy = cluster.clock.now() + config.requestTimeoutMs
    this.#machine = new Machine('group', nextMoves, { is: 'out' }, (from, to) =>
      cluster.publisher.publish('group:moved', {
        group,
        from: from.is,
        to: to.is,
        ...(to.is === 'failed' && { cause: to.error }),
      }),
    )
    this.#joined.promise.catch(() => {})
    void this.#live()
  }

  get joined(): Promise<void> {
    return this.#joined.promise
  }

  /** The epoch may be raised by any heartbeat, and a commit of the one before be refused. */
  get isUnsettled(): boolean {
    return !this.#isOver
  }

  get metadata(): GroupMetadata {
    return {
      groupId: this.#parts.groupId,
      generationId: this.#epoch,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
    }
  }

  resubscribe(subscription: NextSubscription): void {
    this.#subscription = subscription
    this.#saysAll = true
    this.#nudge.abort()
  }

  async leave(): Promise<void> {
    if (this.#machine.is('left')) return
    const wasMember = this.#epoch > 0 && !this.#machine.is('failed')
    this.#machine.to({ is: 'left' })
    this.#closing.abort()
    if (wasMember) await this.#sendLeave()
  }

  get #instanceId(): string | null {
    return this.#parts.config.groupInstanceId ?? null
  }

  get #isOver(): boolean {
    return this.#closing.signal.aborted
  }

  async #live(): Promise<void> {
    const { cluster, config, keeper } = this.#parts
    while (!this.#isOver) {
      try {
        if (keeper.stuckMs() > config.maxPollIntervalMs) await this.#stepOut()
        this.#nudge = new AbortController()
        await this.#beat()
        this.#failures = 0
        const until = AbortSignal.any([this.#nudge.signal, this.#closing.signal])
        await sleep(cluster.clock, this.#intervalMs, until)
      } catch (thrown) {
        if (this.#isOver) return
        await this.#recover(asError(thrown))
      }
    }
  }

  async #beat(): Promise<void> {
    const { cluster, config, groupId } = this.#parts
    const isJoin = this.#epoch === JOINING
    if (isJoin && !this.#machine.is('joining')) this.#machine.to({ is: 'joining' })
    const request = this.#heartbeat(isJoin)
    const timeoutMs = config.requestTimeoutMs
    const answer = await askCoordinator(cluster, groupId, ConsumerGroupHeartbeat, request, {
      timeoutMs,
    })
    if (this.#isOver) return
    if (answer.errorCode !== 0) {
      throw failure(ConsumerGroupHeartbeat, answer.errorCode, answer.errorMessage)
    }
    this.#epoch = answer.memberEpoch
    this.#intervalMs = answer.heartbeatIntervalMs
    this.#ids.keepInUse(this.#subscription)
    if (answer.assignment) this.#target = answer.assignment
    if (this.#target && !this.#machine.is('reconciling')) void this.#reconcile()
    else if (this.#machine.is('joining')) this.#machine.to({ is: 'stable' })
  }

  /** All there is to say when joining or after a failure, else only what has changed. */
  #heartbeat(isJoin: boolean): RequestInput<typeof ConsumerGroupHeartbeat> {
    const { groupId, config, keeper } = this.#parts
    const saysAll = isJoin || this.#saysAll
    const saysOwned = isJoin || this.#saysOwned || saysAll
    this.#saysAll = false
    this.#saysOwned = false
    const subscription = this.#subscription
    return {
      groupId,
      memberId: this.#memberId,
      memberEpoch: this.#epoch,
      instanceId: this.#instanceId,
      ...(saysAll && {
        rackId: config.clientRack ?? null,
        rebalanceTimeoutMs: config.maxPollIntervalMs,
        serverAssignor: config.groupRemoteAssignor ?? null,
        subscribedTopicNames: 'names' in subscription ? [...subscription.names] : [],
        ...('pattern' in subscription && { subscribedTopicRegex: subscription.pattern }),
      }),
      ...(saysOwned && { topicPartitions: isJoin ? [] : this.#ids.named(keeper.owned()) }),
    }
  }

  /** Makes what we own what the coordinator wants, again as long as it wants something new. */
  async #reconcile(): Promise<void> {
    const life = this.#life
    const { keeper } = this.#parts
    this.#machine.to({ is: 'reconciling' })
    try {
      while (this.#target && life === this.#life && !this.#isOver) {
        const wanted = this.#target
        const target = await this.#ids.resolve(wanted.topicPartitions, this.#closing.signal)
        if (wanted !== this.#target) continue
        this.#target = null
        if (life !== this.#life || this.#isOver) return
        await this.#become(target, () => life === this.#life && !this.#isOver)
      }
    } catch (error) {
      keeper.problem(asError(error))
    }
    if (life !== this.#life || this.#isOver) return
    this.#machine.to({ is: 'stable' })
    this.#joined.resolve()
  }

  async #become(target: readonly TopicPartition[], isStillUs: () => boolean): Promise<void> {
    const { keeper } = this.#parts
    const mine = new Set(target.map(slotName))
    const owned = keeper.owned()
    const gone = owned.filter(slot => !mine.has(slotName(slot)))
    if (gone.length > 0) await keeper.revoked(gone)
    if (!isStillUs()) return
    const had = new Set(owned.map(slotName))
    await keeper.assigned(target.filter(slot => !had.has(slotName(slot))))
    this.#saysOwned = true
    this.#nudge.abort()
  }

  async #stepOut(): Promise<void> {
    const { config, keeper } = this.#parts
    keeper.problem(pollTimeout(config.maxPollIntervalMs, keeper.stuckMs()))
    if (!this.#machine.may('stuck')) return
    this.#machine.to({ is: 'stuck' })
    await this.#sendLeave()
    await this.#loseAll()
    await keeper.unstuck()
  }

  async #recover(error: Error): Promise<void> {
    const { cluster, config, keeper, groupId } = this.#parts
    const verdict = groupVerdict(error)
    cluster.logger.log('debug', 'group.problem', { error, verdict })
    if (verdict === 'fatal') return this.#fail(error)
    this.#saysAll = true
    this.#failures++
    if (verdict === 'lose' || verdict === 'forget') {
      await this.#loseAll()
      if (this.#failures === 1) return
    } else {
      cluster.coordinators.forget('group', groupId)
      if (this.#failures > TELL_AFTER_FAILURES) keeper.problem(error)
      if (cluster.clock.now() > this.#firstJoinBy) this.#joined.reject(error)
    }
    const rest = backoffMs(retryBackoff(config), this.#failures, cluster.random)
    await sleep(cluster.clock, rest, this.#closing.signal)
  }

  async #loseAll(): Promise<void> {
    this.#life++
    this.#epoch = JOINING
    this.#target = null
    if (this.#machine.may('out')) this.#machine.to({ is: 'out' })
    const owned = this.#parts.keeper.owned()
    if (owned.length > 0) await this.#parts.keeper.lost(owned)
  }

  async #fail(cause: Error): Promise<void> {
    const error = fatalGroupError(this.#parts.groupId, cause)
    this.#machine.to({ is: 'failed', error })
    this.#closing.abort()
    await this.#loseAll()
    this.#joined.reject(error)
    this.#parts.keeper.failed(error)
  }

  async #sendLeave(): Promise<void> {
    const { cluster, groupId } = this.#parts
    const request = {
      groupId,
      memberId: this.#memberId,
      instanceId: this.#instanceId,
      memberEpoch: this.#instanceId === null ? LEAVING : AWAY,
    }
    const options = { timeoutMs: LEAVE_TIMEOUT_MS }
    try {
      await askCoordinator(cluster, groupId, ConsumerGroupHeartbeat, request, options)
    } catch (error) {
      // The coordinator will notice by itself, after its session timeout.
      cluster.logger.log('debug', 'group.leave.failed', { error: asError(error) })
    }
  }
}

function randomId({ random }: Cluster): string {
  const bytes = Buffer.alloc(16)
  for (let i = 0; i < bytes.length; i++) bytes[i] = randomBelow(random, 256)
  return formatUuid(bytes, 0)
}
