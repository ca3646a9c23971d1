import { type Timer, within } from '../base/clock.ts'
import { Machine, type Moves } from '../base/machine.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { asError, ProtocolError } from '../errors.ts'
import type { Connection } from '../net/connection.ts'
import { errorByCode } from '../protocol/errors.ts'
import {
  GetTelemetrySubscriptions,
  type GetTelemetrySubscriptionsResponse,
  PushTelemetry,
} from '../protocol/index.ts'
import { type Codec, codecs } from '../records/compression/index.ts'
import { version } from '../version.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { type ClientKind, type Measured, Measures } from './measures.ts'
import { type Attributes, encodeMetrics } from './otlp.ts'
import { askAgainMs, DEFAULT_INTERVAL_MS } from './refusal.ts'

export interface TelemetryParts {
  readonly cluster: Cluster
  readonly kind: ClientKind
  /** `enable.metrics.push`. */
  readonly enabled: boolean
  /** What the cluster is told of the client, beside its id: KIP-714's labels. */
  labels(): Readonly<Record<string, string | undefined>>
  /** How many partitions a consumer has. */
  partitions?(): number
}

/** What a broker wants, and the measuring of it. */
interface Subscription {
  readonly wanted: GetTelemetrySubscriptionsResponse
  readonly measures: Measures
}

type State =
  /** No broker is known yet. */
  | { readonly is: 'waiting' }
  | { readonly is: 'asking' }
  /** Nothing is wanted, or a broker refused: to be asked again. */
  | { readonly is: 'resting'; readonly timer: Timer }
  | { readonly is: 'measuring'; readonly timer: Timer; readonly subscription: Subscription }
  | { readonly is: 'pushing'; readonly subscription: Subscription }
  | { readonly is: 'off' }

export const telemetryMoves: Moves<State> = {
  waiting: ['asking', 'off'],
  asking: ['resting', 'measuring', 'off'],
  resting: ['asking', 'off'],
  measuring: ['pushing', 'off'],
  pushing: ['measuring', 'asking', 'resting', 'off'],
  off: [],
}

/** Closing waits no longer than this for the last push. */
const LAST_PUSH_MS = 1_000
/** As Kafka has it for the intervals of subscriptions, and what a timer can do. */
const MIN_INTERVAL_MS = 100
const MAX_INTERVAL_MS = 2 ** 31 - 1

/**
 * Pushes a client's metrics to a broker that asks for them (KIP-714): it asks a broker once what is
 * wanted, and where that is nothing, or the broker knows nothing of it, measures nothing. No
 * failure of it is more than a line for debugging.
 */
export class Telemetry {
  readonly #parts: TelemetryParts
  readonly #machine = new Machine<State>('telemetry', telemetryMoves, { is: 'waiting' })
  readonly #unwatch: () => void
  /** The broker that is asked and told, for as long as it is there. */
  #broker: Connection | undefined
  #instanceId = ZERO_UUID
  #compresses = true

  constructor(parts: TelemetryParts) {
    this.#parts = parts
    this.#unwatch = parts.enabled ? parts.cluster.onChange(() => this.#begin()) : () => {}
  }

  /** Ends it: pushes once more what is wanted, if anything is, which takes a second at most. */
  close(): Promise<void> | undefined {
    const { state } = this.#machine
    this.#off()
    if (state.is !== 'measuring' && state.is !== 'pushing') return undefined
    if (!this.#broker?.isOpen) return undefined
    return this.#pushLast(this.#broker, state.subscription)
  }

  /** The first time that brokers are known, one of them is asked. */
  #begin(): void {
    if (!this.#machine.is('waiting') || this.#parts.cluster.view.brokers.size === 0) return
    this.#unwatch()
    void this.#ask()
  }

  async #ask(): Promise<void> {
    this.#machine.to({ is: 'asking' })
    try {
      const connection = await this.#connection()
      if (!this.#machine.is('asking')) return
      // Brokers without a receiver of metrics don't speak it: they will not be asked again.
      if (connection.versionOf(GetTelemetrySubscriptions) === undefined) return this.#off()
      const request = { clientInstanceId: this.#instanceId }
      const wanted = await connection.send(GetTelemetrySubscriptions, request)
      if (this.#machine.is('asking')) this.#told(wanted)
    } catch (thrown) {
      this.#failed(asError(thrown))
    }
  }

  #told(wanted: GetTelemetrySubscriptionsResponse): void {
    const { errorCode, clientInstanceId, requestedMetrics, pushIntervalMs } = wanted
    if (errorCode !== 0) return this.#refused(errorCode, pushIntervalMs)
    this.#instanceId = clientInstanceId
    if (requestedMetrics.length === 0) return this.#rest(Math.max(pushIntervalMs, MIN_INTERVAL_MS))
    const measures = new Measures(this.#measured(), requestedMetrics)
    // Clients that were started together are not to push together.
    const jitter = 0.5 + this.#parts.cluster.random()
    this.#measure({ wanted, measures }, pushIntervalMs * jitter)
  }

  #measure(subscription: Subscription, ms: number): void {
    const timer = this.#later(Math.max(ms, MIN_INTERVAL_MS), () => void this.#push(subscription))
    this.#machine.to({ is: 'measuring', timer, subscription })
  }

  async #push(subscription: Subscription): Promise<void> {
    this.#machine.to({ is: 'pushing', subscription })
    const { pushIntervalMs } = subscription.wanted
    try {
      const connection = await this.#connection()
      const errorCode = await this.#send(connection, subscription, false)
      if (!this.#machine.is('pushing')) return
      if (errorCode === 0) return this.#measure(subscription, pushIntervalMs)
      subscription.measures.stop()
      this.#refused(errorCode, pushIntervalMs)
    } catch (thrown) {
      subscription.measures.stop()
      this.#failed(asError(thrown))
    }
  }

  async #pushLast(connection: Connection, subscription: Subscription): Promise<void> {
    const { clock } = this.#parts.cluster
    const late = () => new Error(`the last push took more than ${LAST_PUSH_MS} ms`)
    try {
      const push = this.#send(connection, subscription, true)
      subscription.measures.stop()
      await within(clock, LAST_PUSH_MS, push, late)
    } catch (error) {
      this.#log('telemetry.failed', { error })
    }
  }

  /** Sends what was measured; gives the error code of the answer. */
  async #send(
    connection: Connection,
    { wanted, measures }: Subscription,
    terminating: boolean,
  ): Promise<number> {
    const { deltaTemporality: isDelta, telemetryMaxBytes, subscriptionId } = wanted
    const scope = { name: 'posthaste', version }
    const report = { ...measures.read(isDelta), isDelta, scope, resource: this.#labels() }
    const plain = encodeMetrics(report)
    const codec = await this.#codec(wanted.acceptedCompressionTypes)
    const metrics = codec.id === 0 ? plain : await codec.compress(plain)
    if (metrics.length > telemetryMaxBytes) {
      this.#log('telemetry.too.large', { bytes: metrics.length, limit: telemetryMaxBytes })
      return 0
    }
    const request = {
      clientInstanceId: this.#instanceId,
      subscriptionId,
      terminating,
      compressionType: codec.id,
      metrics,
    }
    const { errorCode } = await connection.send(PushTelemetry, request)
    return errorCode
  }

  /** The first of those that the broker takes, in its order, which works here. */
  async #codec(accepted: readonly number[]): Promise<Codec> {
    for (const id of this.#compresses ? accepted : []) {
      const codec = codecs[id]
      const isReady = await codec?.ready().then(
        () => true,
        () => false,
      )
      if (codec && isReady) return codec
    }
    return codecs[0]!
  }

  #refused(errorCode: number, intervalMs: number): void {
    const { name } = errorByCode(errorCode)
    this.#log('telemetry.refused', { error: name })
    if (name === 'UNSUPPORTED_COMPRESSION_TYPE') this.#compresses = false
    const restMs = askAgainMs(errorCode, intervalMs)
    if (restMs === undefined) this.#off()
    else this.#rest(restMs)
  }

  #failed(error: Error): void {
    this.#log('telemetry.failed', { error })
    this.#broker = undefined
    if (this.#machine.is('off')) return
    // An answer that can't be read will be no better the next time.
    if (error instanceof ProtocolError) this.#off()
    else this.#rest(DEFAULT_INTERVAL_MS)
  }

  #rest(ms: number): void {
    const timer = this.#later(ms, () => void this.#ask())
    this.#machine.to({ is: 'resting', timer })
  }

  #off(): void {
    const { state } = this.#machine
    this.#unwatch()
    if ('timer' in state) state.timer.cancel()
    if (state.is !== 'off') this.#machine.to({ is: 'off' })
  }

  /** Nothing of this is a reason for the process to live on. */
  #later(ms: number, task: () => void): Timer {
    const timer = this.#parts.cluster.clock.after(Math.min(ms, MAX_INTERVAL_MS), task)
    timer.unref()
    return timer
  }

  async #connection(): Promise<Connection> {
    if (!this.#broker?.isOpen) this.#broker = await this.#parts.cluster.brokers.any()
    return this.#broker
  }

  #measured(): Measured {
    const { cluster, kind, partitions } = this.#parts
    return {
      kind,
      source: cluster.publisher.source,
      clock: cluster.clock,
      connections: () => cluster.brokers.open().length,
      partitions: () => partitions?.() ?? 0,
    }
  }

  #labels(): Attributes {
    const told = Object.entries(this.#parts.labels()).flatMap(([name, value]) => {
      return value === undefined || value === '' ? [] : [[name, value] as const]
    })
    return Object.fromEntries(told)
  }

  #log(event: string, fields: Record<string, unknown>): void {
    this.#parts.cluster.logger.log('debug', event, fields)
  }
}
