import { backoffMs, retryBackoff } from '../base/backoff.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { BrokerError, type KafkaError } from '../errors.ts'
import { errorByCode } from '../protocol/errors.ts'
import type { Feed } from './feed.ts'
import {
  type Asked,
  answersBySlot,
  type FetchAnswer,
  type PartitionAnswer,
} from './fetch-request.ts'
import type { FetchSession, SessionStep } from './fetch-session.ts'
import { fetchVerdict } from './fetch-verdict.ts'
import { FetchedMemory } from './fetched-memory.ts'
import type { ConsumerConfig } from './options.ts'
import type { ConsumedPartition } from './partition.ts'
import { sift } from './sift.ts'

export interface AnswersParts {
  readonly cluster: Cluster
  readonly config: ConsumerConfig
  readonly feed: Feed
  /** This one was served: others go first now. */
  served(partition: ConsumedPartition): void
  /** The position is not in the log. */
  outOfRange(partition: ConsumedPartition): void
  /** What was read from `offset` on was taken out of the log: its leader was lost (KIP-320). */
  truncated(partition: ConsumedPartition, offset: number): void
  /** Nothing more will come of a partition by itself. */
  failed(partition: ConsumedPartition, error: KafkaError): void
  /** News of the end of a partition's log. */
  answered(partition: ConsumedPartition): void
}

/** A broker that is fetched from. */
export interface Source {
  readonly nodeId: number
  readonly session: FetchSession
  /** It owes an answer. */
  busy: boolean
  shortWaitMs: number
}

/** The first of the short waits, see the fetcher. */
export const SHORT_WAIT_MS = 5

/** What is done about the answers to fetches, partition by partition. */
export class FetchAnswers {
  readonly #parts: AnswersParts

  constructor(parts: AnswersParts) {
    this.#parts = parts
  }

  /** A broker answered what it was asked in this step of its session. */
  take(source: Source, asked: readonly Asked[], step: SessionStep, answer: FetchAnswer): void {
    const { cluster } = this.#parts
    const { session } = source
    const wasFull = step.sessionEpoch === 0
    session.answered(answer)
    if (answer.errorCode !== 0) {
      // A session that the broker gave up is nobody's fault: the next request names everything.
      if (!wasFull && isOfSession(answer.errorCode)) return
      return this.broke(asked, new BrokerError(answer.errorCode))
    }
    const answers = answersBySlot(answer, cluster.view)
    const memory = this.#memoryOf(answers.values())
    const now = cluster.clock.now()
    for (const { partition, generation } of asked) {
      // Sought, paused and sought, or taken away meanwhile: what came is not wanted any more.
      if (partition.generation !== generation || partition.state.is !== 'fetching') continue
      const found = answers.get(partition.slot)
      if (found) {
        if (found.errorCode === 0) partition.heardAt = now
        this.#judge(source, partition, found, answer, memory)
      } else if (!wasFull) {
        // Left out of the answer: there is no news of it.
        partition.heardAt = now
        partition.failures = 0
        this.#parts.answered(partition)
      }
    }
    memory?.release()
  }

  #judge(
    source: Source,
    partition: ConsumedPartition,
    answer: PartitionAnswer,
    whole: FetchAnswer,
    memory: FetchedMemory | undefined,
  ): void {
    const { cluster } = this.#parts
    const { topic, partition: index } = partition
    const fromFollower = partition.preferred?.nodeId === source.nodeId
    switch (fetchVerdict(answer.errorCode, fromFollower)) {
      case 'take':
        if (answer.divergingEpoch.endOffset >= 0) {
          return this.#parts.truncated(partition, answer.divergingEpoch.endOffset)
        }
        return this.#accept(source, partition, answer, memory)
      case 'askLeader':
        partition.preferred = undefined
        return
      case 'reset':
        return this.#parts.outOfRange(partition)
      case 'fail': {
        const at = { api: 'Fetch', topic, partition: index }
        return this.#parts.failed(partition, new BrokerError(answer.errorCode, at))
      }
      case 'refresh': {
        partition.preferred = undefined
        const { leaderId: leader, leaderEpoch } = answer.currentLeader
        const named = whole.nodeEndpoints.find(node => node.nodeId === leader)
        if (cluster.view.hint({ topic, partition: index, leader, leaderEpoch }, named)) return
        this.#learn(topic)
        return this.#rest(partition)
      }
      case 'retry':
        return this.#rest(partition)
    }
  }

  /** What all records of an answer lie in; undefined where none came. */
  #memoryOf(answers: Iterable<PartitionAnswer>): FetchedMemory | undefined {
    const { memory } = this.#parts.cluster.brokers
    for (const { records } of answers) {
      if (records && records.length > 0) return new FetchedMemory(() => memory.giveBack(records))
    }
    memory.rest()
    return undefined
  }

  #accept(
    source: Source,
    partition: ConsumedPartition,
    answer: PartitionAnswer,
    memory: FetchedMemory | undefined,
  ): void {
    const { config, cluster, feed } = this.#parts
    const { highWatermark, records } = answer
    partition.failures = 0
    partition.highWatermark = highWatermark
    partition.lastStableOffset = answer.lastStableOffset
    partition.logStartOffset = answer.logStartOffset
    if (answer.preferredReadReplica >= 0) {
      const until = cluster.clock.now() + config.metadataMaxAgeMs
      partition.preferred = { nodeId: answer.preferredReadReplica, until }
    }
    if (records && records.length > 0) {
      const isCommitted = config.isolationLevel === 'read_committed'
      const aborted = isCommitted ? (answer.abortedTransactions ?? []) : undefined
      const { portions, nextOffset, leaderEpoch } = sift(partition, records, aborted, memory)
      partition.fetchOffset = nextOffset
      partition.fetchedEpoch = leaderEpoch
      source.shortWaitMs = SHORT_WAIT_MS
      this.#parts.served(partition)
      if (cluster.publisher.heard('fetch:received')) {
        const { topic, partition: index } = partition
        cluster.publisher.publish('fetch:received', {
          topic,
          partition: index,
          records: portions.reduce((sum, { batch }) => sum + (batch?.count ?? 0), 0),
          bytes: records.length,
          highWatermark,
        })
      }
      feed.push(partition, portions)
    }
    this.#parts.answered(partition)
  }

  /** No answer: a connection broke, or was too slow. Nothing is known, so nothing is changed. */
  broke(asked: readonly Asked[], error: Error): void {
    this.#parts.cluster.logger.log('debug', 'fetch.failed', { error })
    for (const { partition } of asked) {
      partition.preferred = undefined
      this.#rest(partition)
    }
    const first = asked[0]
    if (first) this.#learn(first.partition.topic)
  }

  #rest(partition: ConsumedPartition): void {
    const { cluster, config } = this.#parts
    const wait = backoffMs(retryBackoff(config), ++partition.failures, cluster.random)
    partition.retryAt = cluster.clock.now() + wait
  }

  /** Asks for metadata; the answer, or the failure to get one, wakes the fetcher again. */
  #learn(topic: string): void {
    this.#parts.cluster.use(topic)
    this.#parts.cluster.refreshSoon()
  }
}

/** Errors that only say that the broker's session is not what we take it for. */
function isOfSession(errorCode: number): boolean {
  return sessionErrors.has(errorByCode(errorCode).name)
}

const sessionErrors: ReadonlySet<string> = new Set([
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'FETCH_SESSION_TOPIC_ID_ERROR',
  'INCONSISTENT_TOPIC_ID',
])
