import { type Clock, systemClock } from '../base/clock.ts'
import { ConfigError } from '../errors.ts'
import { facts } from '../events.ts'
import type { Admin, Consumer, Producer } from '../index.ts'
import { type OpenClient, openClients } from '../readings.ts'
import type { MetricName } from './catalogue.ts'
import { readGauges } from './gauges.ts'
import { type Observation, observe } from './observe.ts'
import { type Reading, Store } from './store.ts'

/** A client that can be measured. */
export type Measured = Producer<never, never> | Producer | Consumer<unknown, unknown> | Admin

/** What is collected, and how much of it. */
export interface CollectorOptions {
  /**
   * How many sets of labels a metric has at most; what comes after is counted under `other`, so
   * that ten thousand topics do not become as many series. Default: 2,000.
   */
  readonly maxSeries?: number
  readonly clock?: Clock
}

/** So long the counts of a client are kept that is closed, for whoever asks the next time. */
const KEPT_AFTER_CLOSE_MS = 300_000

/**
 * Measures clients from when it is made until it is stopped: those that are named, or all of this
 * process, those too that will be made. Counters and distributions follow the clients' events;
 * gauges are read from the clients when somebody asks.
 *
 * What there is of a closed client is forgotten five minutes later. Clients with the same
 * `client.id` share their series.
 *
 * @example
 * using collector = new Collector()
 * const { samples } = collector.read('posthaste_producer_queue_records')
 */
export class Collector {
  readonly #store: Store
  readonly #clock: Clock
  readonly #isWatched: (instance: number) => boolean
  readonly #observation: Observation
  /** Names without an open client, and since when that is known. */
  readonly #closedAt = new Map<string, number>()
  #isFresh = false

  /** Throws a ConfigError where `maxSeries` can't be. */
  constructor(
    clients?: Measured | readonly Measured[],
    { maxSeries = 2_000, clock = systemClock }: CollectorOptions = {},
  ) {
    if (!Number.isInteger(maxSeries) || maxSeries < 1) {
      throw new ConfigError(`maxSeries must be a whole number of at least 1, got ${maxSeries}`)
    }
    this.#store = new Store(maxSeries)
    this.#clock = clock
    if (clients === undefined) this.#isWatched = () => true
    else {
      const instances = new Set([clients].flat().map(each => each[facts].source.instance))
      this.#isWatched = instance => instances.has(instance)
    }
    this.#observation = observe(this.#store, this.#isWatched)
  }

  /** What a metric says now. */
  read(name: MetricName): Reading {
    this.#freshen()
    return this.#store.read(name)
  }

  /** Begins the counts of a metric anew. */
  reset(name: MetricName): void {
    this.#store.reset(name)
  }

  /** Ends it; what was counted can still be read. */
  stop(): void {
    this.#observation.stop()
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  /** Once for all metrics that are read in one turn: clients are asked, closed ones forgotten. */
  #freshen(): void {
    if (this.#isFresh) return
    this.#isFresh = true
    queueMicrotask(() => {
      this.#isFresh = false
    })
    const open = openClients().filter(({ source }) => this.#isWatched(source.instance))
    this.#forgetClosed(open)
    this.#store.clearGauges()
    readGauges(open, (name, labels, value) => this.#store.gauge(name, labels, value))
  }

  #forgetClosed(open: readonly OpenClient[]): void {
    const now = this.#clock.now()
    const openIds = new Set(open.map(({ source }) => source.clientId))
    const known = this.#store.clientIds()
    for (const id of openIds) this.#closedAt.delete(id)
    for (const id of known) {
      if (!openIds.has(id) && !this.#closedAt.has(id)) this.#closedAt.set(id, now)
    }
    const isOver = (id: string) =>
      now - (this.#closedAt.get(id) ?? Number.POSITIVE_INFINITY) >= KEPT_AFTER_CLOSE_MS
    if (![...this.#closedAt.keys()].some(isOver)) return
    this.#store.forget(isOver)
    this.#observation.keepOnly(new Set(open.map(({ source }) => source.instance)))
    for (const id of [...this.#closedAt.keys()]) if (isOver(id)) this.#closedAt.delete(id)
  }
}
