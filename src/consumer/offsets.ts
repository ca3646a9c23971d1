import { backoffMs, retryBackoff } from '../base/backoff.ts'
import { sleep } from '../base/clock.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { GroupMetadata } from '../cluster/group-metadata.ts'
import { asError, BrokerError, KafkaError } from '../errors.ts'
import { beginOperation, endWith, type Operation } from '../operations.ts'
import { errorByCode } from '../protocol/errors.ts'
import {
  type Api,
  OffsetCommit,
  OffsetFetch,
  type RequestInput,
  type ResponseOf,
} from '../protocol/index.ts'
import { byTopic } from './by-topic.ts'
import { slotName } from './group/assignors/assignor.ts'
import type { TopicPartition } from './partition.ts'

/** An offset to go on from, and what else a commit may hold. */
export interface CommitOffset extends TopicPartition {
  /** Of the next record to be processed: the last one's plus 1. */
  readonly offset: number
  readonly leaderEpoch?: number
  /** Any text, for people and tools. */
  readonly metadata?: string
}

/** What a group has committed for a partition: the offset of the next record to process. */
export interface CommittedOffset extends TopicPartition {
  /** Undefined where nothing is committed. */
  readonly offset: number | undefined
  readonly leaderEpoch: number
  readonly metadata: string
}

export interface OffsetsParts {
  readonly cluster: Cluster
  readonly groupId: string
  /** As who to commit and to ask. */
  identity(): GroupMetadata
  /** Whether the group is being shared out anew, so that we may soon be somebody else in it. */
  isUnsettled(): boolean
  /** Whether the partition is still this consumer's to commit. */
  owns(slot: TopicPartition): boolean
  readonly signal: AbortSignal
}

type Code = { readonly errorCode: number }
type PartitionAnswer = ResponseOf<typeof OffsetFetch>['topics'][number]['partitions'][number]

interface Problem<T> {
  readonly slot: T
  readonly error: KafkaError
  /** Whether another try may mend it. */
  readonly again: boolean
}

/** What a rebalance explains. */
const passing = new Set(['ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'STALE_MEMBER_EPOCH'])
const ILLEGAL_GENERATION = 22

/** From version 10 on topics are named by ids; names are kept to, which all brokers take. */
const BY_NAME = 9
const REQUIRE_STABLE = 7
const SEVERAL_GROUPS = 8
const UNKNOWN_SERVER_ERROR = -1

const hints: Readonly<Record<string, string>> = {
  REBALANCE_IN_PROGRESS: 'commit again when the group has settled; nothing is lost',
  ILLEGAL_GENERATION:
    "the partitions may be another member's by now, which will process them again",
  UNKNOWN_MEMBER_ID: "the partitions may be another member's by now, which will process them again",
  OFFSET_METADATA_TOO_LARGE: 'see offset.metadata.max.bytes of the broker',
  STALE_MEMBER_EPOCH: 'commit again; the group is being shared out anew',
}

/**
 * The offsets of a group, kept by its coordinator. What fails for a while is tried again; what
 * can't succeed is an error, and never taken for "nothing is committed".
 */
export class GroupOffsets {
  readonly #parts: OffsetsParts
  /** Commits go one after the other, so that none overtakes a later one. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: OffsetsParts) {
    this.#parts = parts
  }

  /** Resolves when all are stored. Rejects with the first error that no try can mend. */
  commit(offsets: readonly CommitOffset[], timeoutMs: number): Promise<void> {
    if (offsets.length === 0) return Promise.resolve()
    const operation = this.#operation(offsets)
    const commit = this.#last.then(() => this.#told(offsets, timeoutMs))
    if (operation) endWith(operation, commit)
    this.#last = commit.catch(() => {})
    return commit
  }

  /** What the group has committed of each partition, in order. Tries for as long as it takes. */
  async fetch(
    partitions: readonly TopicPartition[],
    timeoutMs = Number.POSITIVE_INFINITY,
  ): Promise<CommittedOffset[]> {
    if (partitions.length === 0) return []
    const found = new Map<string, CommittedOffset>()
    const { groupId } = this.#parts
    await this.#untilDone(timeoutMs, partitions, async open => {
      const answer = await this.#sendFetch(open)
      const group = answer.groups.find(each => each.groupId === groupId) ?? answer
      if (group.errorCode !== 0) return open.map(() => group)
      const codes = new Map<string, Code>()
      for (const topic of group.topics) {
        for (const each of topic.partitions) {
          const slot = { topic: topic.name, partition: each.partitionIndex }
          codes.set(slotName(slot), each)
          found.set(slotName(slot), committed(slot, each))
        }
      }
      return open.map(slot => codes.get(slotName(slot)) ?? { errorCode: UNKNOWN_SERVER_ERROR })
    })
    return partitions.map(slot => found.get(slotName(slot))!)
  }

  #operation(offsets: readonly CommitOffset[]): Operation<'commit'> | undefined {
    const { groupId: group, cluster } = this.#parts
    return beginOperation('commit', { source: cluster.publisher.source, group, offsets })
  }

  async #told(offsets: readonly CommitOffset[], timeoutMs: number): Promise<void> {
    const { groupId: group, cluster } = this.#parts
    const { clock, publisher } = cluster
    const { length: partitions } = offsets
    const began = clock.now()
    try {
      await this.#commit(offsets, timeoutMs)
    } catch (thrown) {
      const [error, latencyMs] = [asError(thrown), clock.now() - began]
      publisher.publish('offsets:refused', { group, partitions, error, latencyMs })
      throw thrown
    }
    if (!publisher.heard('offsets:committed')) return
    publisher.publish('offsets:committed', {
      group,
      partitions,
      offsets: offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
      latencyMs: clock.now() - began,
    })
  }

  async #commit(offsets: readonly CommitOffset[], timeoutMs: number): Promise<void> {
    let first = true
    await this.#untilDone(timeoutMs, offsets, async wanted => {
      // What went to another member since the first try is that member's to commit.
      const open = first ? wanted : wanted.filter(slot => this.#parts.owns(slot))
      first = false
      if (open.length === 0) return wanted.map(() => ({ errorCode: ILLEGAL_GENERATION }))
      const answer = await this.#sendCommit(open)
      const codes = new Map<string, Code>()
      for (const { name, partitions } of answer.topics) {
        for (const each of partitions) {
          codes.set(slotName({ topic: name, partition: each.partitionIndex }), each)
        }
      }
      return wanted.map(slot => codes.get(slotName(slot)) ?? { errorCode: ILLEGAL_GENERATION })
    })
  }

  /** Asks for what is open, again for what may be had later, until nothing is open. */
  async #untilDone<T extends TopicPartition>(
    timeoutMs: number,
    slots: readonly T[],
    ask: (open: readonly T[]) => Promise<readonly Code[]>,
  ): Promise<void> {
    const { cluster, signal } = this.#parts
    const { clock, config } = cluster
    const deadline = clock.now() + timeoutMs
    let open = slots
    for (let attempt = 1; ; attempt++) {
      const failed = await this.#problems(open, ask)
      if (failed.length === 0) return
      const rest = backoffMs(retryBackoff(config), attempt, cluster.random)
      const isLate = signal.aborted || clock.now() + rest >= deadline
      const worst = failed.find(({ again }) => !again) ?? (isLate ? failed[0] : undefined)
      if (worst) throw worst.error
      await sleep(clock, rest, signal)
      open = failed.map(({ slot }) => slot)
    }
  }

  /** Asks once; what failed, and whether a try may mend it. */
  async #problems<T extends TopicPartition>(
    open: readonly T[],
    ask: (open: readonly T[]) => Promise<readonly Code[]>,
  ): Promise<Problem<T>[]> {
    const { cluster, groupId, identity, isUnsettled } = this.#parts
    const before = identity()
    try {
      const answers = await ask(open)
      return open.flatMap((slot, i) => {
        const code = answers[i]?.errorCode ?? UNKNOWN_SERVER_ERROR
        if (code === 0) return []
        const error = offsetsError(code, slot, groupId)
        if (error.retriable) cluster.coordinators.forget('group', groupId)
        // Asked as a member of a generation that is over or not begun: as who we become, it works.
        const hasMoved = isUnsettled() || identity().generationId !== before.generationId
        return [{ slot, error, again: error.retriable || (hasMoved && passing.has(error.code)) }]
      })
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      return open.map(slot => ({ slot, error, again: error.retriable }))
    }
  }

  #sendCommit(offsets: readonly CommitOffset[]) {
    const { groupId } = this.#parts
    const { generationId, memberId, groupInstanceId } = this.#parts.identity()
    const details = new Map(offsets.map(each => [slotName(each), each]))
    const topics = byTopic(offsets).map(({ topic: name, partitions }) => ({
      name,
      partitions: partitions.map(partitionIndex => {
        const each = details.get(slotName({ topic: name, partition: partitionIndex }))!
        return {
          partitionIndex,
          committedOffset: each.offset,
          committedLeaderEpoch: each.leaderEpoch ?? -1,
          committedMetadata: each.metadata ?? '',
        }
      }),
    }))
    return this.#call(OffsetCommit, {
      groupId,
      generationIdOrMemberEpoch: generationId,
      memberId,
      groupInstanceId,
      topics,
    })
  }

  async #sendFetch(partitions: readonly TopicPartition[]) {
    const { groupId, cluster } = this.#parts
    const topics = byTopic(partitions)
    const nodeId = await cluster.coordinators.find('group', groupId)
    if (!cluster.view.brokers.has(nodeId)) await cluster.refresh()
    const connection = await cluster.brokers.connect(nodeId)
    const version = connection.versionOf(OffsetFetch, BY_NAME) ?? BY_NAME
    // A broker of before 2.5 does not know of it, and one of before 3.0 takes one group at a time.
    const requireStable = version >= REQUIRE_STABLE
    const asked = topics.map(({ topic, partitions: partitionIndexes }) => ({
      name: topic,
      partitionIndexes,
    }))
    return version < SEVERAL_GROUPS
      ? this.#call(OffsetFetch, { groupId, topics: asked, requireStable })
      : this.#call(OffsetFetch, { groups: [{ groupId, topics: asked }], requireStable })
  }

  #call<A extends Api>(api: A, request: RequestInput<A>): Promise<ResponseOf<A>> {
    const { cluster, groupId } = this.#parts
    const route = { to: 'coordinator', of: 'group', key: groupId } as const
    return cluster.call(api, request, { route, maxVersion: BY_NAME })
  }
}

function committed(slot: TopicPartition, answer: PartitionAnswer): CommittedOffset {
  const { committedOffset, committedLeaderEpoch: leaderEpoch, metadata } = answer
  const offset = committedOffset < 0 ? undefined : committedOffset
  return { ...slot, offset, leaderEpoch, metadata: metadata ?? '' }
}

function offsetsError(code: number, at: TopicPartition, groupId: string): BrokerError {
  const { topic, partition } = at
  const hint = hints[errorByCode(code).name]
  return new BrokerError(code, { topic, partition }, `group ${groupId}`, hint)
}
