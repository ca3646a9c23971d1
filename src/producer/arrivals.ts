import { type Deferred, deferred } from '../base/deferred.ts'
import type { Tracked } from './tracked.ts'

interface Wait {
  readonly left: Set<Arrival>
  readonly done: Deferred<void>
}

/** One record on its way in. It ends once: taken, or refused. */
export class Arrival {
  readonly #tracked: Tracked
  readonly #ended: (arrival: Arrival) => void
  #isOver = false

  constructor(tracked: Tracked, ended: (arrival: Arrival) => void) {
    this.#tracked = tracked
    this.#ended = ended
  }

  /** Whether it has ended: it may have been refused while it waited. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** It was taken; who waits hears of its delivery. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#ended(this)
  }

  reject(cause: unknown): void {
    if (this.#isOver) return
    this.#tracked.reject(cause)
    this.end()
  }
}

/**
 * Records that were sent and are nowhere yet, since they wait for a serializer or for space. They
 * belong to what was going on when they were sent:
 *
 *   send() waits for space; the transaction is committed; there is space, and the next begins.
 *   Taken then, the record would be part of the next transaction, or of none.
 */
export class Arrivals {
  readonly #all = new Set<Arrival>()
  readonly #waits = new Set<Wait>()

  get count(): number {
    return this.#all.size
  }

  add(tracked: Tracked): Arrival {
    const arrival = new Arrival(tracked, ended => this.#ended(ended))
    this.#all.add(arrival)
    return arrival
  }

  /** Resolves when those that are on their way now have ended. */
  over(): Promise<void> {
    if (this.#all.size === 0) return Promise.resolve()
    const wait = { left: new Set(this.#all), done: deferred<void>() }
    this.#waits.add(wait)
    return wait.done.promise
  }

  refuseAll(cause: Error): void {
    for (const arrival of [...this.#all]) arrival.reject(cause)
  }

  #ended(arrival: Arrival): void {
    this.#all.delete(arrival)
    for (const wait of this.#waits) {
      wait.left.delete(arrival)
      if (wait.left.size > 0) continue
      this.#waits.delete(wait)
      wait.done.resolve()
    }
  }
}
