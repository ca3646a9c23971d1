import { retryBackoff } from '../base/backoff.ts'
import type { Timer } from '../base/clock.ts'
import { Suspects } from '../cluster/suspects.ts'
import { asError, ConnectionError } from '../errors.ts'
import type { Connection } from '../net/connection.ts'
import { Fetch } from '../protocol/index.ts'
import { type AnswersParts, FetchAnswers, SHORT_WAIT_MS, type Source } from './fetch-answers.ts'
import { fetchRequest } from './fetch-request.ts'
import { FetchSession, type SessionStep } from './fetch-session.ts'
import type { ConsumedPartition } from './partition.ts'
import type { Statistics } from './statistics.ts'

export interface FetcherParts extends AnswersParts {
  readonly statistics: Statistics
  /** All partitions of this consumer, the next to be served first. */
  readonly partitions: Iterable<ConsumedPartition>
}

/** What one pass would ask of one broker. */
interface Load {
  readonly source: Source
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
const LONGEST_SHORT_WAIT_MS = 100
const RETRY_FLOOR_MS = 1

/**
 * The loop that fetches: one fetch at a time from each broker, for all partitions that have room.
 * Whatever happens (an answer, room, an assignment, new metadata, a timer) only calls `wake`; one
 * pass per turn of the event loop looks at everything and does what is due.
 */
export class Fetcher {
  readonly #parts: FetcherParts
  readonly #answers: FetchAnswers
  readonly #sources = new Map<number, Source>()
  readonly #suspects: Suspects
  #awake = false
  #closed = false
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  /** When to look again at a broker that could not be reached. */
  #dialAgainAt = Number.POSITIVE_INFINITY

  constructor(parts: FetcherParts) {
    this.#parts = parts
    this.#answers = new FetchAnswers(parts)
    const { config, cluster } = parts
    this.#suspects = new Suspects(cluster.random, retryBackoff(config))
  }

  wake(): void {
    if (this.#awake || this.#closed) return
    this.#awake = true
    this.#parts.cluster.clock.soon(() => this.#pass())
  }

  /** Begins anew for partitions that get nothing: who leads them, the connection, the session. */
  heal(partitions: readonly ConsumedPartition[]): void {
    const { cluster } = this.#parts
    const sources = new Set<number>()
    for (const partition of partitions) {
      const nodeId = this.#sourceOf(partition, cluster.clock.now())
      if (nodeId !== undefined) sources.add(nodeId)
      partition.preferred = undefined
      partition.retryAt = 0
      this.#learn(partition.topic)
    }
    for (const nodeId of sources) {
      this.#sources.get(nodeId)?.session.drop()
      cluster.brokers.ready(nodeId, 'fetch')?.destroy(givenUp(nodeId))
    }
    this.wake()
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
    this.#dialAgainAt = Number.POSITIVE_INFINITY
    let buffered = 0
    for (const partition of this.#parts.partitions) {
      buffered += partition.bufferedBytes
      if (partition.state.is !== 'fetching' || partition.paused || partition.leaving) continue
      if (partition.retryAt > now) lookAgainAt = Math.min(lookAgainAt, partition.retryAt)
      else this.#load(partition, loads, now)
    }
    const shares = Math.max(loads.size, 1)
    for (const load of loads.values()) {
      const muted = load.connection.throttledUntil
      if (muted > now) lookAgainAt = Math.min(lookAgainAt, muted)
      const maxBytes = muted > now ? 0 : this.#allowance(load, shares, buffered)
      for (const partition of load.wanted) partition.heldBack = maxBytes <= 0
      if (maxBytes > 0) this.#send(load, maxBytes)
    }
    this.#setTimer(Math.min(lookAgainAt, this.#dialAgainAt), now)
  }

  /** How much one broker may send now: its share of what may wait here, less what does. */
  #allowance(load: Load, shares: number, buffered: number): number {
    const { prefetchMaxBytes, fetchMaxBytes } = this.#parts.config
    if (buffered >= prefetchMaxBytes) return 0
    return Math.min(fetchMaxBytes, Math.floor(prefetchMaxBytes / shares) - load.buffered)
  }

  #load(partition: ConsumedPartition, loads: Map<number, Load>, now: number): void {
    const nodeId = this.#sourceOf(partition, now)
    if (nodeId === undefined || this.#sources.get(nodeId)?.busy) return
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
    const source = this.#source(nodeId)
    if (connection) {
      this.#suspects.clear(nodeId)
      return { source, connection, wanted: [], buffered: 0, leavesOut: false }
    }
    const now = clock.now()
    if (brokers.problem(nodeId, 'fetch')) {
      if (this.#suspects.isDue(nodeId, now)) this.#learn(topic)
      this.#dialAgainAt = Math.min(this.#dialAgainAt, this.#suspects.askAgainAt(nodeId))
    }
    const restMs = brokers.restMs(nodeId, 'fetch')
    if (restMs > 0) this.#dialAgainAt = Math.min(this.#dialAgainAt, now + restMs)
    else {
      brokers.connect(nodeId, 'fetch').catch(() => {
        if (brokers.restMs(nodeId, 'fetch') > 0) this.wake()
      })
    }
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

  #source(nodeId: number): Source {
    const known = this.#sources.get(nodeId)
    if (known) return known
    const session = new FetchSession()
    const source: Source = { nodeId, session, busy: false, shortWaitMs: SHORT_WAIT_MS }
    this.#sources.set(nodeId, source)
    return source
  }

  #send({ source, connection, wanted, leavesOut }: Load, maxBytes: number): void {
    if (wanted.length === 0) return
    const { cluster, config, statistics } = this.#parts
    const asked = wanted.map(partition => {
      partition.inFlight = true
      return { partition, generation: partition.generation }
    })
    for (const topic of new Set(wanted.map(({ topic }) => topic))) cluster.use(topic)
    const maxWaitMs = leavesOut ? this.#shortWait(source) : config.fetchMaxWaitMs
    const version = connection.versionOf(Fetch) ?? 0
    const limits = { maxWaitMs, maxBytes, version }
    const { session } = source
    const { request, maxVersion, step } = fetchRequest(asked, config, cluster.view, session, limits)
    this.#tell(connection.name, asked.length, step)
    source.busy = true
    const sentAt = cluster.clock.now()
    const timeoutMs = config.requestTimeoutMs + maxWaitMs
    connection
      .send(Fetch, request, { maxVersion, timeoutMs })
      .then(
        answer => {
          statistics.fetched(cluster.clock.now() - sentAt)
          this.#answers.take(source, asked, step, answer)
        },
        error => {
          statistics.fetchesFailed++
          session.drop()
          this.#answers.broke(asked, asError(error))
        },
      )
      .finally(() => {
        for (const { partition } of asked) partition.inFlight = false
        source.busy = false
        this.wake()
      })
  }

  #tell(broker: string, partitions: number, step: SessionStep): void {
    const { publisher } = this.#parts.cluster
    if (!publisher.heard('fetch:sent')) return
    const { sessionId, sessionEpoch, told, forgotten } = step
    publisher.publish('fetch:sent', {
      broker,
      partitions,
      sessionId,
      sessionEpoch,
      told: told.length,
      forgotten: forgotten.length,
    })
  }

  #shortWait(source: Source): number {
    const wait = source.shortWaitMs
    source.shortWaitMs = Math.min(2 * wait, LONGEST_SHORT_WAIT_MS)
    return Math.min(wait, this.#parts.config.fetchMaxWaitMs)
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

function givenUp(nodeId: number): ConnectionError {
  return new ConnectionError({
    code: 'STALLED',
    message: `partitions of broker ${nodeId} did not get on, and are fetched anew`,
    retriable: true,
  })
}
