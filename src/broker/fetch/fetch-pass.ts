import type { ErrorName } from '../../protocol/errors.ts'
import type { Context } from '../handler.ts'
import { code, currentLeader, leadershipError } from '../handlers/answers.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { NOTHING, type Slice } from '../log/segment.ts'
import type { Partition } from '../model/partition.ts'
import type { Answered, Asked, PartitionAnswer, Wanted } from './fetch-session.ts'
import { FIRST_VERSION_WITH_IDS } from './session-cache.ts'

/** The first version that tells the leader with an error about it. */
const TELLS_LEADERS = 16
const READ_COMMITTED = 1

/** What holds for a fetch as a whole. */
export interface FetchLimits {
  readonly maxBytes: number
  readonly isolationLevel: number
}

/** One look at all partitions of a fetch. */
export class FetchPass {
  /** Bytes of records in the answers. */
  bytes = 0
  /** Whether they must not wait: there is an error among them. */
  isUrgent = false
  /** The brokers that the answers name as leaders. */
  readonly leaders = new Set<number>()
  readonly #limits: FetchLimits
  readonly #context: Context

  constructor(limits: FetchLimits, context: Context) {
    this.#limits = limits
    this.#context = context
  }

  async run(all: readonly Asked[]): Promise<Answered[]> {
    const answers: Answered[] = []
    for (const asked of all) answers.push({ asked, answer: await this.#answer(asked) })
    return answers
  }

  async #answer({ topic: name, topicId, wanted }: Asked): Promise<PartitionAnswer> {
    const { cluster, version } = this.#context
    const topic = cluster.topics.find(name, topicId)
    if (!topic) {
      const usesIds = version >= FIRST_VERSION_WITH_IDS
      return this.#failed(wanted, usesIds ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
    }
    const partition = topic.partitions[wanted.partition]
    if (!partition) return this.#failed(wanted, 'UNKNOWN_TOPIC_OR_PARTITION')
    const error =
      this.#context.failureOf(topic.name, wanted.partition) ??
      leadershipError(partition, this.#context, wanted.currentLeaderEpoch)
    if (error) return this.#failed(wanted, error, partition)
    if (partition.log.failure) return this.#failed(wanted, 'KAFKA_STORAGE_ERROR')
    const { fetchOffset } = wanted
    const { startOffset, endOffset } = partition.log
    if (fetchOffset < startOffset || fetchOffset > endOffset) {
      return this.#failed(wanted, 'OFFSET_OUT_OF_RANGE')
    }
    return this.#read(partition.log, wanted)
  }

  async #read(log: PartitionLog, wanted: Wanted): Promise<PartitionAnswer> {
    const isCommitted = this.#limits.isolationLevel === READ_COMMITTED
    const { highWatermark, lastStableOffset, startOffset: logStartOffset } = log
    const end = isCommitted ? lastStableOffset : highWatermark
    const divergingEpoch = divergence(log, wanted)
    if (divergingEpoch) this.isUrgent = true
    const slice = divergingEpoch ? NOTHING : await this.#slice(log, wanted, end)
    this.bytes += slice.size
    return {
      partitionIndex: wanted.partition,
      errorCode: 0,
      highWatermark,
      lastStableOffset,
      logStartOffset,
      ...(divergingEpoch && { divergingEpoch }),
      abortedTransactions: isCommitted
        ? log.transactions.abortedIn(wanted.fetchOffset, slice.nextOffset)
        : null,
      records: slice.chunks,
    }
  }

  #slice(log: PartitionLog, wanted: Wanted, end: number): Promise<Slice> {
    const left = Math.max(0, this.#limits.maxBytes - this.bytes)
    const maxBytes = Math.min(wanted.partitionMaxBytes, left)
    return log.read(wanted.fetchOffset, { maxBytes, atLeastOne: this.bytes === 0, end })
  }

  #failed(wanted: Wanted, error: ErrorName, partition?: Partition): PartitionAnswer {
    this.isUrgent = true
    const knowsBetter = error === 'NOT_LEADER_OR_FOLLOWER' || error === 'FENCED_LEADER_EPOCH'
    const leader = knowsBetter && this.#context.version >= TELLS_LEADERS ? partition : undefined
    if (leader) this.leaders.add(leader.leader)
    return {
      partitionIndex: wanted.partition,
      errorCode: code(error),
      highWatermark: -1,
      ...(leader && { currentLeader: currentLeader(leader) }),
      abortedTransactions: null,
      records: null,
    }
  }
}

/** Where the reader's log left ours, if it says under which epoch it read last (KIP-595). */
function divergence(log: PartitionLog, { lastFetchedEpoch, fetchOffset }: Wanted) {
  if (lastFetchedEpoch < 0) return undefined
  const ours = log.epochs.endOf(lastFetchedEpoch, log.endOffset)
  if (!ours) return undefined
  return ours.epoch < lastFetchedEpoch || ours.endOffset < fetchOffset ? ours : undefined
}
