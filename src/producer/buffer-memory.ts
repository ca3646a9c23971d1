import type { Clock, Timer } from '../base/clock.ts'
import { type Deferred, deferred } from '../base/deferred.ts'
import { BufferFullError } from '../errors.ts'
import type { Publisher } from '../events.ts'

/**
 * `produce()` answers false from the high-water mark on: a quarter of `buffer.memory`, which by
 * default is 8 MiB: five requests in flight and some more, enough to keep a broker busy. What waits
 * beyond that is only copied by the collector, and pushed out of the caches. With very many
 * partitions it is up to a half, so that their batches need not go out half empty.
 */
const LEAST_HIGH_WATER = 0.25
const MOST_HIGH_WATER = 0.5
/** `drain()` waits until so much of the mark is left. */
const LOW_WATER = 0.5
/** Freed buffers are kept for the next batches up to so many bytes, lest a burst stays for ever. */
const MOST_POOLED = 32 * 1024 * 1024
const SMALLEST = 1024

interface Waiter {
  readonly attempt: () => boolean
  readonly timer: Timer
}

/**
 * The waiting room of `buffer.memory` bytes: every buffer of every batch is taken from here and
 * given back when its batch is settled. Buffers come in powers of two, so that one can serve again:
 * those that are free are kept as long as all together stay within the limit.
 */
export class BufferMemory {
  readonly limit: number
  #highWater: number
  #used = 0
  #pooled = 0
  readonly #pool = new Map<number, Buffer[]>()
  /** Who waits for space, in the order of asking. */
  readonly #waiters = new Set<Waiter>()
  #telling = false
  #drained: Deferred<void> | undefined
  readonly #clock: Clock
  readonly #publisher: Publisher | undefined
  /** It was past its high-water mark, and has not emptied since. */
  #wasHigh = false

  constructor(limit: number, clock: Clock, publisher?: Publisher) {
    this.limit = limit
    this.#highWater = limit * LEAST_HIGH_WATER
    this.#clock = clock
    this.#publisher = publisher
  }

  /** Bytes that are taken. */
  get used(): number {
    return this.#used
  }

  get isPastHighWater(): boolean {
    return this.#used >= this.#highWater
  }

  /** Sets the mark by what a full batch of each partition in use would take. */
  serve(bytes: number): void {
    const most = Math.min(bytes, this.limit * MOST_HIGH_WATER)
    this.#highWater = Math.max(most, this.limit * LEAST_HIGH_WATER)
  }

  /** Whether somebody waits for space: whoever comes now must wait behind. */
  get hasWaiters(): boolean {
    return this.#waiters.size > 0
  }

  /** A buffer of at least `size` bytes, or undefined when that would pass the limit. */
  take(size: number, most = size): Buffer | undefined {
    const left = this.limit - this.#used
    if (size > left) return undefined
    const wanted = Math.min(roundUp(size), Math.max(size, most), left)
    const pooled = this.#pool.get(wanted)?.pop()
    if (pooled) this.#pooled -= wanted
    this.#use(wanted)
    if (this.isPastHighWater) this.#wasHigh = true
    return pooled ?? Buffer.allocUnsafeSlow(wanted)
  }

  #use(size: number): void {
    this.#used += size
    this.#trim()
  }

  /** Lets go of free buffers: first those of sizes that came first, which are small most often. */
  #trim(): void {
    const most = Math.min(MOST_POOLED, this.limit - this.#used)
    if (this.#pooled <= most) return
    for (const [size, shelf] of this.#pool) {
      while (this.#pooled > most && shelf.pop()) this.#pooled -= size
      if (this.#pooled <= most) return
      this.#pool.delete(size)
    }
  }

  /** A buffer for what can't wait for space, since it is what will make space. */
  takeEvenPastLimit(size: number): Buffer {
    const buffer = this.take(size)
    if (buffer) return buffer
    this.#use(size)
    return Buffer.allocUnsafeSlow(size)
  }

  /** Notes bytes that are held elsewhere, such as records that wait for their topic. */
  reserve(size: number, evenPastLimit = false): boolean {
    if (!evenPastLimit && size > this.limit - this.#used) return false
    this.#use(size)
    return true
  }

  release(size: number): void {
    this.#used -= size
    this.#released()
  }

  #released(): void {
    if (this.#used <= this.#highWater * LOW_WATER) this.#tellDrained()
    this.askWaiters()
  }

  #tellDrained(): void {
    if (this.#wasHigh) {
      this.#wasHigh = false
      this.#publisher?.publish('buffer:drained', { bytes: this.#used, limit: this.limit })
    }
    this.#drained?.resolve()
    this.#drained = undefined
  }

  /** Takes a buffer back. `reusable` is false while the system may still read from it. */
  give(buffer: Buffer, reusable = true): void {
    const size = buffer.length
    this.#used -= size
    if (reusable) {
      const shelf = this.#pool.get(size)
      if (shelf) shelf.push(buffer)
      else this.#pool.set(size, [buffer])
      this.#pooled += size
      this.#trim()
    }
    this.#released()
  }

  full(wanted: number): BufferFullError {
    return new BufferFullError({
      code: 'BUFFER_FULL',
      message: `the buffer holds ${this.#used} of ${this.limit} bytes; ${wanted} more do not fit`,
      retriable: true,
      hint: 'await producer.drain() or use send(), or raise buffer.memory',
    })
  }

  /**
   * Calls `attempt` when space has come free, until it answers true; those who asked before go
   * first. After `ms` without success `late` is called instead.
   */
  whenSpace(ms: number, attempt: () => boolean, late: () => void): void {
    const timer = this.#clock.after(ms, () => {
      this.#waiters.delete(waiter)
      late()
      this.askWaiters()
    })
    const waiter = { attempt, timer }
    this.#waiters.add(waiter)
  }

  /** Resolves when the buffer has emptied below its low-water mark; at once if it never filled. */
  drained(): Promise<void> {
    if (!this.isPastHighWater) return Promise.resolve()
    this.#drained ??= deferred()
    return this.#drained.promise
  }

  /**
   * Lets those who wait try again. In a microtask, so that whoever gives back may first finish what
   * it is at.
   */
  askWaiters(): void {
    if (this.#telling || this.#waiters.size === 0) return
    this.#telling = true
    queueMicrotask(() => {
      this.#telling = false
      for (const waiter of this.#waiters) {
        if (!waiter.attempt()) return
        waiter.timer.cancel()
        this.#waiters.delete(waiter)
      }
    })
  }
}

function roundUp(size: number): number {
  return size <= SMALLEST ? SMALLEST : 2 ** Math.ceil(Math.log2(size))
}
