import type { Clock } from '../base/clock.ts'
import { BufferFullError } from '../errors.ts'
import type { Publisher } from '../events.ts'
import { tapOperation } from '../operations.ts'
import type { Accumulator } from './accumulator.ts'
import { type Arrival, Arrivals } from './arrivals.ts'
import type { Content, DeliveryCallback, Moment, ProducerRecord } from './delivery.ts'
import type { ProducerConfig } from './options.ts'
import {
  checkRecord,
  type EncodedRecord,
  encodeNow,
  encodeSoon,
  plainContent,
  type Serializers,
} from './records.ts'
import { Called, type Tracked } from './tracked.ts'
import { type Watched, watch } from './watched.ts'

const producing = tapOperation('produce')

type AnyRecord = ProducerRecord<unknown, unknown>

/** How stale a timestamp may be within one burst of calls, in records. */
const RECORDS_A_READING = 64

/** Where records come in: checked, serialized, stamped, and put into the accumulator. */
export class Intake<Key, Value> {
  /** What `take` could not append at once. */
  readonly arrivals = new Arrivals()
  readonly #accumulator: Accumulator
  readonly #clock: Clock
  readonly #maxBlockMs: number
  readonly #serializers: Serializers<unknown, unknown>
  readonly #hasSerializers: boolean
  readonly #publisher: Publisher
  #burst = 0
  #latest: Moment = { epoch: 0, now: 0 }

  constructor(
    config: ProducerConfig,
    serializers: Serializers<Key, Value>,
    world: { readonly clock: Clock; readonly publisher: Publisher },
    accumulator: Accumulator,
  ) {
    this.#maxBlockMs = config.maxBlockMs
    this.#serializers = serializers as Serializers<unknown, unknown>
    this.#hasSerializers = serializers.key !== undefined || serializers.value !== undefined
    this.#clock = world.clock
    this.#publisher = world.publisher
    this.#accumulator = accumulator
  }

  /** Key, value and headers as they would be sent. */
  async encode(record: AnyRecord): Promise<EncodedRecord> {
    checkRecord(record)
    return encodeSoon(record, this.#serializers)
  }

  /** Takes a record in; throws what `produce()` says it throws. */
  takeNow(
    record: ProducerRecord<Key, Value>,
    callback: DeliveryCallback<unknown, unknown> | undefined,
  ): void {
    const called = callback && new Called(record, callback)
    const watched = producing.hasSubscribers ? this.#watch(record, called) : undefined
    if (!watched) return this.#appendNow(record, this.#contentNow(record), called)
    try {
      this.#appendNow(record, this.#contentNow(watched.shaped), watched)
    } catch (error) {
      watched.operation.end({ error })
      throw error
    }
  }

  /**
   * Takes a record in, waiting for its serializers and for space where it must. Throws, or rejects
   * it, if it can't be taken.
   */
  take(tracked: Tracked): void {
    const { record } = tracked
    const watched = producing.hasSubscribers ? this.#watch(record, tracked) : undefined
    if (!watched) return this.#take(record, tracked)
    try {
      this.#take(watched.shaped, watched)
    } catch (error) {
      watched.operation.end({ error })
      throw error
    }
  }

  /** Refuses whatever is not in the accumulator yet. */
  refuseArrivals(cause: Error): void {
    if (this.arrivals.count === 0) return
    this.arrivals.refuseAll(cause)
    this.#accumulator.memory.askWaiters()
  }

  #watch(record: AnyRecord, tracked: Tracked | undefined): Watched | undefined {
    return watch(record, tracked, this.#publisher.source)
  }

  /** `shaped` is the record itself, or what a tool made of it. */
  #take(shaped: AnyRecord, tracked: Tracked): void {
    if (!this.#hasSerializers) {
      this.#appendOrWait(this.#contentNow(shaped), tracked)
      return
    }
    const arrival = this.arrivals.add(tracked)
    this.encode(shaped).then(
      content => arrival.isOver || this.#appendOrWait(content, tracked, arrival),
      error => arrival.reject(error),
    )
  }

  #appendNow(record: AnyRecord, content: Content, tracked: Tracked | undefined): void {
    try {
      this.#accumulator.append(record, content, this.#moment(), tracked)
    } catch (error) {
      if (error instanceof BufferFullError) this.#tellFull('refused')
      throw error
    }
  }

  #contentNow(record: AnyRecord): Content {
    checkRecord(record)
    if (!this.#hasSerializers && record.headers === undefined) return plainContent(record)
    return encodeNow(record, this.#serializers)
  }

  /** Records that come in one go share a reading: asking the time costs as much as hashing. */
  #moment(): Moment {
    if (this.#burst === 0) {
      this.#latest = { epoch: this.#clock.epoch(), now: this.#clock.now() }
      queueMicrotask(() => {
        this.#burst = 0
      })
    }
    this.#burst = (this.#burst + 1) % RECORDS_A_READING
    return this.#latest
  }

  /** Appends now, or as soon as there is space and those who wait already have had theirs. */
  #appendOrWait(content: Content, tracked: Tracked, arrival?: Arrival): void {
    const { record } = tracked
    const { memory } = this.#accumulator
    const taken = this.#moment()
    if (!memory.hasWaiters) {
      try {
        this.#accumulator.append(record, content, taken, tracked)
        return arrival?.end()
      } catch (error) {
        if (!(error instanceof BufferFullError)) return (arrival ?? tracked).reject(error)
      }
    }
    this.#tellFull('waits')
    const append = () => this.#accumulator.append(record, content, taken, tracked)
    this.#appendLater(append, arrival ?? this.arrivals.add(tracked))
  }

  #tellFull(then: 'refused' | 'waits'): void {
    const { used: bytes, limit } = this.#accumulator.memory
    this.#publisher.publish('buffer:full', { bytes, limit, then })
  }

  #appendLater(append: () => void, arrival: Arrival): void {
    const { memory } = this.#accumulator
    let full: unknown
    const attempt = () => {
      if (arrival.isOver) return true
      try {
        append()
        arrival.end()
      } catch (error) {
        full = error
        if (error instanceof BufferFullError) return false
        arrival.reject(error)
      }
      return true
    }
    this.#accumulator.hurry()
    memory.whenSpace(this.#maxBlockMs, attempt, () => arrival.reject(full ?? memory.full(0)))
  }
}
