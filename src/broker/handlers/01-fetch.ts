/**
 * Fetch, versions 4 to 18.
 *
 * - Waits up to `maxWaitMs` until `minBytes` can be given; an error or a change of leader answers
 *   at once. Whole batches are given, by reference. The first one found comes whole even if it is
 *   larger than all limits (KIP-74).
 * - Fetch sessions (KIP-227) are not kept: a request for a new session gets a full answer with
 *   session id 0, by which Kafka itself says that it keeps none.
 * - read_committed (isolation level 1) ends at the last stable offset and names the aborted
 *   transactions.
 * - 9: leader epochs are checked. 12: a reader whose log diverged is told where (KIP-595).
 *   13: topic ids. 16: NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH tell the leader (KIP-951).
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { Fetch, type FetchRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { type Context, on } from '../handler.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { NOTHING, type Slice } from '../log/segment.ts'
import type { Partition } from '../model/partition.ts'
import { moreBytes } from '../more-bytes.ts'
import { code, currentLeader, leaderEndpoints, leadershipError } from './answers.ts'

type Answer = ResponseInput<typeof Fetch>
type PartitionAnswer = Answer['responses'][number]['partitions'][number]
type Wanted = FetchRequest['topics'][number]['partitions'][number]

const NO_SESSION = 0
/** The first version that tells the leader with an error about it. */
const TELLS_LEADERS = 16
const READ_COMMITTED = 1

export const fetch = on(
  Fetch,
  [4, 18],
  async (request, context) => {
    if (request.sessionId !== NO_SESSION) {
      return { errorCode: code('FETCH_SESSION_ID_NOT_FOUND'), sessionId: NO_SESSION, responses: [] }
    }
    const { clock } = context.cluster
    const deadline = clock.now() + request.maxWaitMs
    for (;;) {
      // To be watched before it is read: what is appended in between must not be missed.
      const missing = { bytes: Math.max(request.minBytes, 1) }
      const more = moreBytes(clock, watched(request, context), missing, deadline, context.signal)
      const pass = new FetchPass(request, context)
      const answer = await pass.run()
      missing.bytes -= pass.bytes
      const isDone = pass.isUrgent || missing.bytes <= 0 || clock.now() >= deadline
      if (isDone || context.signal.aborted || !watchable(request)) {
        more.cancel()
        return answer
      }
      await more.promise
    }
  },
  { fails: 'inside' },
)

function watchable(request: FetchRequest): boolean {
  return request.topics.some(topic => topic.partitions.length > 0)
}

function watched(request: FetchRequest, context: Context): Partition[] {
  return request.topics.flatMap(({ topic: name, topicId, partitions }) => {
    const topic = context.cluster.topics.find(name, topicId)
    return partitions.flatMap(({ partition }) => topic?.partitions[partition] ?? [])
  })
}

/** One look at all partitions of a request. */
class FetchPass {
  /** Bytes of records in the answer. */
  bytes = 0
  /** Whether the answer must not wait: it tells an error. */
  isUrgent = false
  readonly #request: FetchRequest
  readonly #context: Context
  readonly #leaders = new Set<number>()

  constructor(request: FetchRequest, context: Context) {
    this.#request = request
    this.#context = context
  }

  async run(): Promise<Answer> {
    const responses: Answer['responses'][number][] = []
    for (const { topic: name, topicId, partitions } of this.#request.topics) {
      const answers: PartitionAnswer[] = []
      for (const wanted of partitions) answers.push(await this.#partition(name, topicId, wanted))
      responses.push({ topic: name, topicId, partitions: answers })
    }
    const nodeEndpoints = leaderEndpoints(this.#context, this.#leaders)
    return { sessionId: NO_SESSION, responses, nodeEndpoints }
  }

  async #partition(name: string, topicId: string, wanted: Wanted): Promise<PartitionAnswer> {
    const { cluster, version } = this.#context
    const topic = cluster.topics.find(name, topicId)
    if (!topic) {
      const error = version >= 13 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
      return this.#failed(wanted, error)
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
    const isCommitted = this.#request.isolationLevel === READ_COMMITTED
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
    const left = Math.max(0, this.#request.maxBytes - this.bytes)
    const maxBytes = Math.min(wanted.partitionMaxBytes, left)
    return log.read(wanted.fetchOffset, { maxBytes, atLeastOne: this.bytes === 0, end })
  }

  #failed(wanted: Wanted, error: ErrorName, partition?: Partition): PartitionAnswer {
    this.isUrgent = true
    const knowsBetter = error === 'NOT_LEADER_OR_FOLLOWER' || error === 'FENCED_LEADER_EPOCH'
    const leader = knowsBetter && this.#context.version >= TELLS_LEADERS ? partition : undefined
    if (leader) this.#leaders.add(leader.leader)
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
