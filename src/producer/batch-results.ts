import { type Deferred, deferred } from '../base/deferred.ts'
import type { DeliveryReport, DeliveryWaiter } from './delivery.ts'

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

  /** Who waits for the result of one record. */
  at(index: number): DeliveryWaiter {
    return new Place(this, index)
  }

  settle(index: number, result: Result<Key, Value>): void {
    this.#results[index] = result
    if (--this.#left === 0) this.#all.resolve(this.#results)
  }
}

class Place<Key, Value> implements DeliveryWaiter {
  readonly #results: BatchResults<Key, Value>
  readonly #index: number

  constructor(results: BatchResults<Key, Value>, index: number) {
    this.#results = results
    this.#index = index
  }

  resolve(value: DeliveryReport<Key, Value>): void {
    this.#results.settle(this.#index, { status: 'fulfilled', value })
  }

  reject(reason: unknown): void {
    this.#results.settle(this.#index, { status: 'rejected', reason })
  }
}
