import { backoffMs, retryBackoff } from '../base/backoff.ts'
import { type Clock, sleep, systemClock, type Timer, within } from '../base/clock.ts'
import { type Random, systemRandom } from '../base/random.ts'
import {
  AuthenticationError,
  asError,
  BrokerError,
  ConnectionError,
  type ErrorPlace,
  KafkaError,
  TimeoutError,
} from '../errors.ts'
import { nextInstance, Publisher } from '../events.ts'
import { consoleLogger, type Logger } from '../logger.ts'
import type { Connection } from '../net/connection.ts'
import type { Dial } from '../net/transport.ts'
import { errorByName } from '../protocol/errors.ts'
import { type Api, Metadata, type RequestInput, type ResponseOf } from '../protocol/index.ts'
import { announce, type OpenClient, type Readings } from '../readings.ts'
import { Brokers, type Lane } from './brokers.ts'
import { Coordinators, type CoordinatorType } from './coordinators.ts'
import { dialAnywhere } from './dial.ts'
import { ClusterView, type TopicInfo } from './metadata.ts'
import { type ClientConfig, parseAddresses } from './options.ts'
import { Refresher } from './refresher.ts'
import { Security } from './security.ts'

const BRIEF_REST_MS = 20
const REBOOTSTRAP_REQUIRED = 129
/** Metadata of so many topics is read in some milliseconds. */
const TOPICS_A_REQUEST = 1_000

/** What a client takes from the world; tests and the simulation give their own. */
export interface Environment {
  readonly clock: Clock
  readonly random: Random
  readonly dial: Dial
}

export const realWorld: Environment = {
  clock: systemClock,
  random: systemRandom,
  dial: dialAnywhere,
}

export interface ClusterOptions {
  readonly config: ClientConfig
  readonly environment?: Partial<Environment> | undefined
  /** Whether asking for a topic may create it, where the broker allows that. */
  readonly autoCreateTopics: boolean
  /** How the client over it stands, beside the connections. */
  readonly readings?: () => Omit<Readings, 'connections'>
}

/** To whom a request must go. */
export type Route =
  | { readonly to: 'any' }
  | { readonly to: 'controller' }
  | { readonly to: 'broker'; readonly nodeId: number }
  | { readonly to: 'coordinator'; readonly of: CoordinatorType; readonly key: string }

/** An error code in an answer. */
export interface Failure {
  readonly errorCode: number
  readonly errorMessage?: string | null
  readonly at?: ErrorPlace
}

export interface CallOptions<A extends Api = Api> {
  /** Finds the error of an answer whose API has none at its top. */
  readonly failure?: (answer: ResponseOf<A>) => Failure | undefined
  readonly route?: Route
  readonly lane?: Lane
  /** The deadline for all tries together; `request.timeout.ms` by default. */
  readonly timeoutMs?: number
  /** How long one answer may take; `request.timeout.ms` by default. */
  readonly answerMs?: number
  readonly maxVersion?: number
  /** Errors for which the caller has a better answer than to try again. */
  readonly giveUpOn?: readonly string[]
  /** Whether another try would still be of use to the caller; always, by default. */
  readonly isWanted?: () => boolean
}

/** One of a call's tries. */
interface TryOptions<A extends Api> extends CallOptions<A> {
  readonly route: Route
  readonly deadline: number
  /** Why the try before had no connection: that tells more than that this one had none in time. */
  readonly unreached: Error | undefined
}

/**
 * A cluster as a client sees it: its metadata, the connections to its brokers, and the one place
 * where requests outside the produce and fetch loops are routed and tried again.
 */
export class Cluster {
  readonly config: ClientConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly publisher: Publisher
  readonly view = new ClusterView()
  readonly brokers: Brokers
  readonly coordinators: Coordinators
  readonly #refresher: Refresher
  readonly #autoCreateTopics: boolean
  readonly #listeners = new Set<() => void>()
  /** The topics that are asked for, and when each was last used. */
  readonly #used = new Map<string, number>()
  /** Those of which nothing was known when they were last used: few, where the others are many. */
  readonly #unknown = new Set<string>()
  /** Held here, and nowhere else for good. */
  readonly #asOpen: OpenClient
  readonly #withdraw: () => void
  #upkeep: Timer | undefined
  #lastUpdateAt = Number.NEGATIVE_INFINITY
  #closed = false
  /** Whether the next ask for metadata is about all topics in use. */
  #wantsAll = true
  /** Why metadata could not be had when it was last asked for. */
  #refreshFailure: Error | undefined

  constructor({ config, environment, autoCreateTopics, readings }: ClusterOptions) {
    const world = { ...realWorld, ...environment }
    this.config = config
    this.clock = world.clock
    this.random = world.random
    this.logger = config.logger ?? consoleLogger(config.logLevel)
    const source = { instance: nextInstance(), clientId: config.clientId }
    this.publisher = new Publisher(source, () => this.clock.now())
    this.#autoCreateTopics = autoCreateTopics
    this.brokers = new Brokers({
      config,
      bootstrap: parseAddresses(config.bootstrapServers),
      view: this.view,
      ...world,
      publisher: this.publisher,
      logger: this.logger,
      security: new Security({ ...world, config, logger: this.logger }),
      changed: () => this.#changed(),
    })
    this.coordinators = new Coordinators(this.brokers)
    this.#refresher = new Refresher({
      ...world,
      backoff: retryBackoff(config),
      ask: () => this.#askMetadata(),
    })
    this.#asOpen = {
      source,
      readings: () => ({ connections: this.brokers.open(), ...readings?.() }),
    }
    this.#withdraw = announce(this.#asOpen)
  }

  /** The level at which the cluster has a feature finalized (KIP-584), as far as it is known. */
  feature(name: string): number | undefined {
    return this.brokers.features.get(name)
  }

  /** Calls `listener` after each change of metadata or of a connection. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What is known of a topic, noting that it is in use; the first use asks for it. */
  use(topic: string): TopicInfo | undefined {
    const isNew = !this.#used.has(topic)
    this.#used.set(topic, this.clock.now())
    const known = this.view.topics.get(topic)
    if (!known) this.#unknown.add(topic)
    if (isNew) this.refreshSoon('unknown')
    return known
  }

  /** A topic's metadata, waiting for it up to `timeoutMs`; a topic that is missing is an error. */
  async topic(name: string, timeoutMs = this.config.requestTimeoutMs): Promise<TopicInfo> {
    const deadline = this.clock.now() + timeoutMs
    let last: Error | undefined
    for (;;) {
      const known = this.use(name)
      if (known) return known
      const left = deadline - this.clock.now()
      if (left <= 0) throw last ?? this.whyUnknown(name)
      try {
        await within(this.clock, left, this.refresh('unknown'), () => this.whyUnknown(name))
        last = undefined
      } catch (error) {
        last = asError(error)
        await sleep(this.clock, Math.min(left, this.config.retryBackoffMs))
      }
    }
  }

  /** Why a topic is not known, as an error for whoever wanted it. */
  whyUnknown(topic: string): Error {
    if (this.#refreshFailure && !this.view.problems.has(topic)) return this.#refreshFailure
    const code = this.view.problems.get(topic) ?? 3
    const hint =
      code === 3
        ? 'create it first (posthaste topics create), or allow auto.create.topics.enable on the broker'
        : undefined
    const at = code === 3 ? { topic } : { api: Metadata.name, topic }
    return new BrokerError(code, at, null, hint)
  }

  /**
   * Asks for metadata once more, of all topics in use or (KIP-526) just of those that are not known
   * yet; resolves when the answer to an ask begun now has come.
   */
  async refresh(topics: 'all' | 'unknown' = 'all'): Promise<void> {
    if (topics === 'all') this.#wantsAll = true
    try {
      await this.#refresher.refresh()
      this.#refreshFailure = undefined
    } catch (error) {
      this.#refreshFailure = asError(error)
      throw error
    }
  }

  /** The same for somebody who will notice the change, or ask again. */
  refreshSoon(topics: 'all' | 'unknown' = 'all'): void {
    this.refresh(topics).catch(error => {
      this.logger.log('debug', 'metadata.failed', { error })
      this.#changed()
    })
  }

  /** Sends a request to where it belongs, again while that can help and time is left. */
  async call<A extends Api>(
    api: A,
    request: RequestInput<A>,
    options: CallOptions<A> = {},
  ): Promise<ResponseOf<A>> {
    const { route = { to: 'any' }, timeoutMs = this.config.requestTimeoutMs } = options
    const deadline = this.clock.now() + timeoutMs
    let unreached: Error | undefined
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#callOnce(api, request, { ...options, route, deadline, unreached })
      } catch (thrown) {
        const error = asError(thrown)
        unreached = isUnreached(error) ? error : undefined
        const rest = this.#backoffMs(attempt, error)
        if (!this.#mayRetry(error, options)) throw error
        if (this.clock.now() + rest >= deadline) throw outOfTime(api, timeoutMs, error)
        this.logger.log('debug', 'request.retried', { api: api.name, attempt, error })
        this.#unlearn(route, error)
        await sleep(this.clock, rest)
      }
    }
  }

  close(): void {
    this.#closed = true
    this.#withdraw()
    this.#upkeep?.cancel()
    this.#listeners.clear()
    this.brokers.close()
  }

  async #callOnce<A extends Api>(
    api: A,
    request: RequestInput<A>,
    options: TryOptions<A>,
  ): Promise<ResponseOf<A>> {
    const { clock } = this
    const { route, deadline, unreached } = options
    const late = () =>
      unreached ??
      new TimeoutError({
        code: 'REQUEST_TIMED_OUT',
        message: `${api.name}: no connection in time`,
        retriable: true,
      })
    const connection = await within(
      clock,
      deadline - clock.now(),
      this.#route(route, options.lane),
      late,
    )
    const muted = connection.throttledUntil - clock.now()
    if (muted > 0) await sleep(clock, Math.min(muted, deadline - clock.now()))
    const left = Math.max(1, deadline - clock.now())
    const timeoutMs = Math.min(left, options.answerMs ?? this.config.requestTimeoutMs)
    const { maxVersion } = options
    const answer = await connection.send(api, request, { timeoutMs, maxVersion })
    const failure = failureOf(answer) ?? options.failure?.(answer)
    if (!failure) return answer
    const at = { api: api.name, broker: connection.name, ...failure.at }
    throw new BrokerError(failure.errorCode, at, failure.errorMessage)
  }

  async #route(route: Route, lane: Lane = 'main'): Promise<Connection> {
    switch (route.to) {
      case 'any':
        return this.brokers.any()
      case 'broker':
        return this.brokers.connect(route.nodeId, lane)
      case 'controller':
        if (!this.view.brokers.has(this.view.controllerId)) await this.refresh()
        return this.brokers.connect(this.view.controllerId, lane)
      case 'coordinator': {
        const nodeId = await this.coordinators.find(route.of, route.key)
        if (!this.view.brokers.has(nodeId)) await this.refresh()
        return this.brokers.connect(nodeId, lane)
      }
    }
  }

  #mayRetry(error: Error, options: Pick<CallOptions, 'giveUpOn' | 'isWanted'>): boolean {
    const { giveUpOn, isWanted = () => true } = options
    if (this.#closed || !isWanted()) return false
    return error instanceof KafkaError && error.retriable && !giveUpOn?.includes(error.code)
  }

  /** Forgets what an error shows to be wrong, so that the next try goes elsewhere. */
  #unlearn(route: Route, error: Error): void {
    if (route.to === 'coordinator') this.coordinators.forget(route.of, route.key)
    if (route.to === 'controller') this.view.controllerId = -1
    if (error instanceof BrokerError && errorByName(error.code)?.refreshesMetadata) {
      this.refreshSoon()
    }
  }

  #backoffMs(attempt: number, error: Error): number {
    const { retryBackoffMs, retryBackoffMaxMs: maxMs } = this.config
    // The transaction before is still being ended, which takes the coordinator but a moment.
    const brief = error instanceof KafkaError && error.code === 'CONCURRENT_TRANSACTIONS'
    const initialMs = brief ? Math.min(BRIEF_REST_MS, retryBackoffMs) : retryBackoffMs
    return backoffMs({ initialMs, maxMs }, attempt, this.random)
  }

  async #askMetadata(): Promise<void> {
    const isForAll = this.#wantsAll
    this.#wantsAll = false
    this.#forgetKnown()
    const names = [...(isForAll ? this.#used.keys() : this.#unknown)]
    if (!isForAll && names.length === 0) return this.#refresher.satisfied()
    try {
      await this.#askFor(names)
    } catch (error) {
      this.#wantsAll ||= isForAll
      throw error
    }
    if (isForAll) this.#lastUpdateAt = this.clock.now()
    if (names.every(name => this.#isWhole(name))) this.#refresher.satisfied()
    this.publisher.publish('metadata:updated', {
      brokers: this.view.brokers.size,
      topics: this.view.topics.size,
    })
    this.#keepUp()
    this.#changed()
  }

  #forgetKnown(): void {
    for (const name of this.#unknown) if (this.view.topics.has(name)) this.#unknown.delete(name)
  }

  /** Asks for some topics at a time: an answer of all that are in use could hold up the loop. */
  async #askFor(names: readonly string[]): Promise<void> {
    for (let from = 0; from === 0 || from < names.length; from += TOPICS_A_REQUEST) {
      const connection = await this.brokers.any()
      const topics = names.slice(from, from + TOPICS_A_REQUEST).map(name => ({ name }))
      const answer = await connection.send(Metadata, {
        topics,
        allowAutoTopicCreation: this.#autoCreateTopics,
      })
      if (answer.errorCode === REBOOTSTRAP_REQUIRED) {
        // These brokers have left the cluster (KIP-1102): begin anew at the bootstrap addresses.
        this.view.brokers.clear()
        connection.close()
        throw new BrokerError(answer.errorCode, { api: Metadata.name, broker: connection.name })
      }
      this.view.update(answer)
    }
  }

  #isWhole(topic: string): boolean {
    const info = this.view.topics.get(topic)
    return info?.partitions.every(partition => partition.leader >= 0) ?? false
  }

  /** From the first answer on: asks again when it has aged, forgets topics, closes idle links. */
  #keepUp(): void {
    if (this.#upkeep || this.#closed) return
    const { metadataMaxAgeMs, metadataMaxIdleMs, connectionsMaxIdleMs } = this.config
    const period = Math.min(metadataMaxAgeMs, metadataMaxIdleMs, connectionsMaxIdleMs || Infinity)
    this.#upkeep = this.clock.after(period / 2, () => {
      this.#upkeep = undefined
      const now = this.clock.now()
      for (const [topic, usedAt] of this.#used) {
        if (now - usedAt < metadataMaxIdleMs) continue
        this.#used.delete(topic)
        this.#unknown.delete(topic)
        this.view.forget(topic)
      }
      if (connectionsMaxIdleMs > 0) this.brokers.closeIdle(now - connectionsMaxIdleMs)
      if (now - this.#lastUpdateAt >= metadataMaxAgeMs / 2) this.refreshSoon()
      this.#keepUp()
    })
    this.#upkeep.unref()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** The error at the top of an answer, where its API has one there. */
function failureOf(answer: object): Failure | undefined {
  if (!('errorCode' in answer) || typeof answer.errorCode !== 'number') return undefined
  if (answer.errorCode === 0) return undefined
  const words = 'errorMessage' in answer ? answer.errorMessage : null
  const errorMessage = typeof words === 'string' ? words : null
  return { errorCode: answer.errorCode, errorMessage }
}

function outOfTime(api: Api, timeoutMs: number, last: Error): Error {
  if (isUnreached(last)) return last
  return new TimeoutError({
    code: 'REQUEST_TIMED_OUT',
    message: `${api.name} did not succeed within ${Math.round(timeoutMs)} ms: ${last.message}`,
    retriable: true,
    cause: last,
  })
}

function isUnreached(error: Error): boolean {
  return error instanceof ConnectionError || error instanceof AuthenticationError
}
