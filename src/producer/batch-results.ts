import { type Deferred, deferred } from '../base/deferred.ts'
import type { DeliveryReport, ProducerRecord } from './delivery.ts'
import { NOT_YET, type Tracked } from './tracked.ts'

type Result<Key, Value> = PromiseSettledResult<DeliveryReport<Key, Value>>

/** Gathers the results of several records, in their order, as `Promise.allSettled` gives them. */
export class BatchResults<Key, Value> {
  readonly #results: Result<Key, Value>[]
  readonly #all: Deferred<Result<Key, Value>[]> = deferred()
  #left: number

  constructor(records: number) {
    this.#results = new Array(records)
    this.#left = records
    if (records === 0) this.#all.resolve(this.#results)
  }

  get all(): Promise<Result<Key, Value>[]> {
    return this.#all.promise
  }

  /** A record whose result has its place among them. */
  track(record: ProducerRecord<unknown, unknown>, place: number): Tracked {
    return new Placed(record, this, place)
  }

  settle(place: number, result: Result<Key, Value>): void {
    this.#results[place] = result
    if (--this.#left === 0) this.#all.resolve(this.#results)
  }
}

class Placed<Key, Value> implements Tracked {
  readonly record: ProducerRecord<unknown, unknown>
  taken = NOT_YET
  index = -1
  readonly #results: BatchResults<Key, Value>
  readonly #place: number

  constructor(
    record: ProducerRecord<unknown, unknown>,
    results: BatchResults<Key, Value>,
    place: number,
  ) {
    this.record = record
    this.#results = results
    this.#place = place
  }

  resolve(value: DeliveryReport<Key, Value>): void {
    this.#results.settle(this.#place, { status: 'fulfilled', value })
  }

  reject(reason: unknown): void {
    this.#results.settle(this.#place, { status: 'rejected', reason })
  }
}
