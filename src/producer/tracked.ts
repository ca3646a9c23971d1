import type { DeliveryError } from '../errors.ts'
import type { DeliveryCallback, DeliveryReport, Moment, ProducerRecord } from './delivery.ts'

/**
 * A record whose outcome somebody waits for, kept beside its batch; for others nothing is made. One
 * object for each, and of one class for each way of waiting: the collector copies whatever lives
 * until the answer, and V8 would make literals in the old generation once it has seen some survive.
 */
export interface Tracked {
  readonly record: ProducerRecord<unknown, unknown>
  /** When it was taken in, from then on. */
  taken: Moment
  /** Its place in its batch, from which its offset follows. */
  index: number
  resolve(report: DeliveryReport<unknown, unknown>): void
  reject(error: unknown): void
}

/** What `taken` is before that. */
export const NOT_YET: Moment = { epoch: 0, now: 0 }

/** A record with a callback. */
export class Called implements Tracked {
  readonly record: ProducerRecord<unknown, unknown>
  taken = NOT_YET
  index = -1
  readonly #callback: DeliveryCallback<unknown, unknown>

  constructor(
    record: ProducerRecord<unknown, unknown>,
    callback: DeliveryCallback<unknown, unknown>,
  ) {
    this.record = record
    this.#callback = callback
  }

  resolve(report: DeliveryReport<unknown, unknown>): void {
    this.#callback(null, report)
  }

  reject(error: unknown): void {
    this.#callback(error as DeliveryError, undefined)
  }
}

type Settle = (
  outcome: DeliveryReport<unknown, unknown> | Promise<DeliveryReport<unknown, unknown>>,
) => void

// As in `deferred`: the executor runs within `new Promise`, so its function can be handed over.
let settleLatest: Settle
const handOver = (resolve: Settle) => {
  settleLatest = resolve
}

/**
 * A record with a promise. Of the promise's two functions only one is kept, since both can be said
 * through it: 10,000 records that wait cost a quarter less so.
 */
export class Promised implements Tracked {
  readonly record: ProducerRecord<unknown, unknown>
  taken = NOT_YET
  index = -1
  readonly promise = new Promise<DeliveryReport<unknown, unknown>>(handOver)
  readonly #settle = settleLatest

  constructor(record: ProducerRecord<unknown, unknown>) {
    this.record = record
  }

  resolve(report: DeliveryReport<unknown, unknown>): void {
    this.#settle(report)
  }

  reject(error: unknown): void {
    this.#settle(Promise.reject(error))
  }
}
