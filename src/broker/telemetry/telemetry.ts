import type { Clock } from '../../base/clock.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { crc32c } from '../../records/index.ts'
import { clientMetricsConfigs } from '../config/client-metrics-configs.ts'
import type { ConfigOverrides } from '../config/topic-settings.ts'
import { type ClientFacts, type ClientMatch, isMeant, parseMatch } from './client-match.ts'

/** Clients that are remembered; the one that was silent longest gives way. */
const MAX_CLIENTS = 10_000
/** Asks for all metrics, whatever other subscriptions name. */
const ALL_METRICS = '*'

interface Subscription {
  readonly match: ClientMatch
  readonly metrics: readonly string[]
  readonly intervalMs: number
}

/** What one client is to push. */
export interface WantedMetrics {
  /** Another one says that something changed. */
  readonly subscriptionId: number
  readonly intervalMs: number
  /** Beginnings of metrics' names; none: nothing is to be pushed. */
  readonly metrics: readonly string[]
}

interface Client {
  readonly wanted: WantedMetrics
  /** The state of the subscriptions by which that was decided. */
  readonly revision: number
  askedMs: number
  pushedMs: number
  /** It was sent back to ask again, and need not wait to do so. */
  mayAsk: boolean
  /** It has just asked what to push. */
  mayPush: boolean
  isTerminating: boolean
}

/** Metrics that a client pushed, as {@link EmbeddedCluster.onTelemetry} tells them. */
export interface PushedTelemetry {
  /** The broker that took them. */
  readonly broker: number
  readonly clientInstanceId: string
  readonly clientId: string | null
  /** The client's address, `host:port`. */
  readonly peer: string
  /** Whether the client is about to end. */
  readonly isTerminating: boolean
  /** A `MetricsData` message of OpenTelemetry's protocol (OTLP), decompressed. */
  readonly metrics: Buffer
}

/** Hears of the metrics that a client pushed (KIP-714). */
export type TelemetryListener = (pushed: PushedTelemetry) => void

/** Which metrics the cluster wants of its clients, and what they pushed (KIP-714). */
export class Telemetry {
  readonly #clock: Clock
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #clients = new Map<string, Client>()
  readonly #listeners = new Set<TelemetryListener>()
  #revision = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes up the settings of a subscription. A text says what is wrong with them. */
  async subscribe(name: string, config: ConfigOverrides): Promise<string | undefined> {
    const match = await parseMatch(config.get('match') ?? '')
    if (typeof match === 'string') return match
    const interval = config.get('interval.ms') ?? clientMetricsConfigs['interval.ms'].fallback
    const metrics = (config.get('metrics') ?? '').split(',').map(each => each.trim())
    this.#revision++
    if (config.size === 0) this.#subscriptions.delete(name)
    else {
      this.#subscriptions.set(name, {
        match,
        metrics: metrics.filter(each => each !== ''),
        intervalMs: Number(interval),
      })
    }
    return undefined
  }

  /** A client asks what is wanted of it: an error if that is too soon. */
  ask(facts: ClientFacts): WantedMetrics | ErrorName {
    const now = this.#clock.now()
    const client = this.#client(facts)
    const since = now - Math.max(client.askedMs, client.pushedMs)
    if (since < client.wanted.intervalMs && !client.mayAsk) return 'THROTTLING_QUOTA_EXCEEDED'
    client.askedMs = now
    client.mayAsk = false
    client.mayPush = true
    return client.wanted
  }

  /** Whether a client may push now, under the subscription that it has; else an error. */
  admit(
    facts: ClientFacts,
    { subscriptionId, terminating }: { subscriptionId: number; terminating: boolean },
  ): ErrorName | undefined {
    const now = this.#clock.now()
    const client = this.#client(facts)
    if (client.isTerminating) return 'INVALID_REQUEST'
    // After it has asked anew it may push at once, later only so often.
    const isDue = client.mayPush || now - client.pushedMs >= client.wanted.intervalMs
    if (!isDue && !terminating) return 'THROTTLING_QUOTA_EXCEEDED'
    client.pushedMs = now
    client.mayPush = false
    if (subscriptionId !== client.wanted.subscriptionId) {
      client.mayAsk = true
      return 'UNKNOWN_SUBSCRIPTION_ID'
    }
    client.isTerminating = terminating
    return undefined
  }

  /** Tells the listeners. */
  pushed(telemetry: PushedTelemetry): void {
    for (const listener of this.#listeners) listener(telemetry)
  }

  /** Whether anybody would hear of it. */
  get isHeard(): boolean {
    return this.#listeners.size > 0
  }

  /** `listener` hears of all that is pushed, until the function is called. */
  listen(listener: TelemetryListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #client(facts: ClientFacts): Client {
    const id = facts.client_instance_id
    const known = this.#clients.get(id)
    this.#clients.delete(id)
    const isCurrent = known?.revision === this.#revision
    const client = isCurrent ? known : newClient(this.#wanted(facts), this.#revision)
    this.#clients.set(id, client)
    const [oldest] = this.#clients.keys()
    if (this.#clients.size > MAX_CLIENTS && oldest !== undefined) this.#clients.delete(oldest)
    return client
  }

  #wanted(facts: ClientFacts): WantedMetrics {
    const meant = [...this.#subscriptions.values()].filter(({ match }) => isMeant(match, facts))
    const named = new Set(meant.flatMap(({ metrics }) => metrics))
    const metrics = named.has(ALL_METRICS) ? [ALL_METRICS] : [...named]
    const fallback = Number(clientMetricsConfigs['interval.ms'].fallback)
    const intervals = meant.map(each => each.intervalMs)
    const intervalMs = intervals.length === 0 ? fallback : Math.min(...intervals)
    const text = `${metrics} ${intervalMs} ${this.#revision}`
    return { subscriptionId: crc32c(Buffer.from(text)) | 0, intervalMs, metrics }
  }
}

function newClient(wanted: WantedMetrics, revision: number): Client {
  const never = Number.NEGATIVE_INFINITY
  return {
    wanted,
    revision,
    askedMs: never,
    pushedMs: never,
    mayAsk: false,
    mayPush: false,
    isTerminating: false,
  }
}
