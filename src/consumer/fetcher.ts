import { backoffMs } from '../base/backoff.ts'
import type { Timer } from '../base/clock.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { asError, BrokerError, type KafkaError } from '../errors.ts'
import type { Connection } from '../net/connection.ts'
import { Fetch } from '../protocol/index.ts'
import type { Feed } from './feed.ts'
import {
  type Asked,
  answersOf,
  type FetchAnswer,
  fetchRequest,
  type PartitionAnswer,
  WITH_EPOCHS,
} from './fetch-request.ts'
import { fetchVerdict } from './fetch-verdict.ts'
import type { ConsumerConfig } from './options.ts'
import type { ConsumedPartition } from './partition.ts'
import { sift } from './sift.ts'

export interface FetcherParts {
  readonly cluster: Cluster
  readonly config: ConsumerConfig
  readonly feed: Feed
  /** All partitions of this consumer, the next to be served first. */
  readonly partitions: Iterable<ConsumedPartition>
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

/** What one pass would ask of one broker. */
interface Load {
  readonly connection: Connection
  readonly wanted: ConsumedPartition[]
  /** Bytes of this broker's partitions that wait here already. */
  buffered: number
  /** A partition is left out because enough of it waits. */
  leavesOut: boolean
}

/**
 * While a partition is left out of a fetch because enough of it waits here, the broker must not
 * hold the others' fetch for long: the one left out may want more in a moment. The wait doubles
 * while nothing comes, so that a slow program does not cost a storm of empty fetches.
 */
const SHORT_WAIT_MS = 5
const LONGEST_SHORT_WAIT_MS = 100
const RETRY_FLOOR_MS = 1

/**
 * The loop that fetches: one fetch at a time from each broker, for all partitions that have room.
 * Whatever happens (an answer, room, an assignment, new metadata, a timer) only calls `wake`; one
 * pass per turn of the event loop looks at everything and does what is due.
 */
export class Fetcher {
  readonly #parts: FetcherParts
  /** Brokers that owe an answer. */
  readonly #busy = new Set<number>()
  readonly #shortWaits = new Map<number, number>()
  #awake = false
  #closed = false
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(parts: FetcherParts) {
    this.#parts = parts
  }

  wake(): void {
    if (this.#awake || this.#closed) return
    this.#awake = true
    this.#parts.cluster.clock.soon(() => this.#pass())
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #pass(): void {
    this.#awake = false
    if (this.#closed) return
    const now = this.#parts.cluster.clock.now()
    const loads = new Map<number, Load>()
    let lookAgainAt = Number.POSITIVE_INFINITY
    let buffered = 0
    for (const partition of this.#parts.partitions) {
      buffered += partition.bufferedBytes
      if (partition.state.is !== 'fetching' || partition.paused || partition.leaving) continue
      if (partition.retryAt > now) lookAgainAt = Math.min(lookAgainAt, partition.retryAt)
      else this.#load(partition, loads, now)
    }
    const shares = Math.max(loads.size, 1)
    for (const [nodeId, load] of loads) {
      const muted = load.connection.throttledUntil
      if (muted > now) lookAgainAt = Math.min(lookAgainAt, muted)
      else this.#send(nodeId, load, this.#allowance(load, shares, buffered))
    }
    this.#setTimer(lookAgainAt, now)
  }

  /** How much one broker may send now: its share of what may wait here, less what does. */
  #allowance(load: Load, shares: number, buffered: number): number {
    const { prefetchMaxBytes, fetchMaxBytes } = this.#parts.config
    if (buffered >= prefetchMaxBytes) return 0
    return Math.min(fetchMaxBytes, Math.floor(prefetchMaxBytes / shares) - load.buffered)
  }

  #load(partition: ConsumedPartition, loads: Map<number, Load>, now: number): void {
    const nodeId = this.#sourceOf(partition, now)
    if (nodeId === undefined || this.#busy.has(nodeId)) return
    const load = loads.get(nodeId) ?? this.#newLoad(nodeId, partition)
    if (!load) return
    loads.set(nodeId, load)
    load.buffered += partition.bufferedBytes
    const hasRoom = partition.bufferedBytes < this.#parts.config.maxPartitionFetchBytes
    if (hasRoom && !partition.inFlight) load.wanted.push(partition)
    else load.leavesOut = true
  }

  #newLoad(nodeId: number, { topic }: ConsumedPartition): Load | undefined {
    const { brokers, clock } = this.#parts.cluster
    const connection = brokers.ready(nodeId, 'fetch')
    if (connection) return { connection, wanted: [], buffered: 0, leavesOut: false }
    // A leader that can't be reached may have been replaced: ask, at the refresher's own pace.
    if (brokers.problem(nodeId, 'fetch')) this.#learn(topic)
    brokers.connect(nodeId, 'fetch').catch(() => void clock)
    return undefined
  }

  /** From which broker to fetch: the nearer replica that was named, or else the leader. */
  #sourceOf(partition: ConsumedPartition, now: number): number | undefined {
    const { view } = this.#parts.cluster
    const { preferred } = partition
    if (preferred && preferred.until > now && view.brokers.has(preferred.nodeId)) {
      return preferred.nodeId
    }
    partition.preferred = undefined
    const leader = view.partition(partition.topic, partition.partition)?.leader ?? -1
    if (leader >= 0) return leader
    this.#learn(partition.topic)
    return undefined
  }

  /** Asks for metadata; the answer, or the failure to get one, wakes this loop again. */
  #learn(topic: string): void {
    this.#parts.cluster.use(topic)
    this.#parts.cluster.refreshSoon()
  }

  #send(nodeId: number, { connection, wanted, leavesOut }: Load, maxBytes: number): void {
    if (wanted.length === 0 || maxBytes <= 0) return
    const { cluster, config } = this.#parts
    const asked = wanted.map(partition => {
      partition.inFlight = true
      return { partition, generation: partition.generation, offset: partition.fetchOffset }
    })
    for (const topic of new Set(wanted.map(({ topic }) => topic))) cluster.use(topic)
    const maxWaitMs = leavesOut ? this.#shortWait(nodeId) : config.fetchMaxWaitMs
    const { request, maxVersion } = fetchRequest(asked, config, cluster.view, {
      maxWaitMs,
      maxBytes,
      tellsEpochs: (connection.versionOf(Fetch) ?? 0) >= WITH_EPOCHS,
    })
    this.#busy.add(nodeId)
    const timeoutMs = config.requestTimeoutMs + maxWaitMs
    connection
      .send(Fetch, request, { maxVersion, timeoutMs })
      .then(
        answer => this.#answered(nodeId, asked, answer),
        error => this.#broke(asked, asError(error)),
      )
      .finally(() => {
        for (const { partition } of asked) partition.inFlight = false
        this.#busy.delete(nodeId)
        this.wake()
      })
  }

  #shortWait(nodeId: number): number {
    const wait = this.#shortWaits.get(nodeId) ?? SHORT_WAIT_MS
    this.#shortWaits.set(nodeId, Math.min(2 * wait, LONGEST_SHORT_WAIT_MS))
    return Math.min(wait, this.#parts.config.fetchMaxWaitMs)
  }

  #answered(nodeId: number, asked: readonly Asked[], answer: FetchAnswer): void {
    const { cluster } = this.#parts
    if (answer.errorCode !== 0) return this.#broke(asked, new BrokerError(answer.errorCode))
    for (const [each, partitionAnswer] of answersOf(asked, answer, cluster.view)) {
      const { partition } = each
      // Sought, paused and sought, or taken away meanwhile: what came is not wanted any more.
      if (partition.generation !== each.generation || partition.state.is !== 'fetching') continue
      this.#judge(nodeId, partition, partitionAnswer, answer)
    }
  }

  #judge(
    nodeId: number,
    partition: ConsumedPartition,
    answer: PartitionAnswer,
    whole: FetchAnswer,
  ): void {
    const { cluster } = this.#parts
    const { topic, partition: index } = partition
    const fromFollower = partition.preferred?.nodeId === nodeId
    switch (fetchVerdict(answer.errorCode, fromFollower)) {
      case 'take':
        if (answer.divergingEpoch.endOffset >= 0) {
          return this.#parts.truncated(partition, answer.divergingEpoch.endOffset)
        }
        return this.#take(nodeId, partition, answer)
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

  #take(nodeId: number, partition: ConsumedPartition, answer: PartitionAnswer): void {
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
      const { portions, nextOffset, leaderEpoch } = sift(partition, records, aborted)
      partition.fetchOffset = nextOffset
      partition.fetchedEpoch = leaderEpoch
      this.#shortWaits.delete(nodeId)
      this.#parts.served(partition)
      if (cluster.publisher.heard('fetch:received')) {
        const { topic, partition: index } = partition
        const facts = { topic, partition: index, bytes: records.length, highWatermark }
        cluster.publisher.publish('fetch:received', facts)
      }
      feed.push(partition, portions)
    }
    this.#parts.answered(partition)
  }

  /** No answer: a connection broke, or was too slow. Nothing is known, so nothing is changed. */
  #broke(asked: readonly Asked[], error: Error): void {
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
    const backoff = { initialMs: config.retryBackoffMs, maxMs: config.retryBackoffMaxMs }
    const wait = backoffMs(backoff, ++partition.failures, cluster.random)
    partition.retryAt = cluster.clock.now() + wait
  }

  #setTimer(at: number, now: number): void {
    if (this.#timer && this.#timerAt <= at && this.#timerAt > now) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAt = at
    if (at === Number.POSITIVE_INFINITY) return
    this.#timer = this.#parts.cluster.clock.after(Math.max(at - now, RETRY_FLOOR_MS), () => {
      this.#timer = undefined
      this.wake()
    })
  }
}
