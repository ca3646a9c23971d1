import type { Clock } from '../base/clock.ts'
import { type Deferred, deferred } from '../base/deferred.ts'
import { StateError } from '../errors.ts'
import type { Publisher } from '../events.ts'
import type { Feed } from './feed.ts'
import type { Deserializers } from './message.ts'
import type { ConsumedPartition } from './partition.ts'
import type { InWork, LoopParts } from './work.ts'

export interface RunningLoop<W extends InWork> {
  readonly parts: LoopParts
  readonly work: W
}

/** The one loop that may run over a consumer, and whether it gets on. */
export class Loops {
  readonly #feed: Feed
  readonly #clock: Clock
  readonly #publisher: Publisher
  readonly #deserializers: Deserializers<unknown, unknown>
  readonly #groupId: string | undefined
  #running: RunningLoop<InWork> | undefined
  /** How often a loop asked for more; and when somebody last saw that change. */
  #steps = 0
  #seen = -1
  #seenAt: number
  #moved: Deferred<void> | undefined

  constructor(
    feed: Feed,
    { clock, publisher }: { readonly clock: Clock; readonly publisher: Publisher },
    deserializers: Deserializers<unknown, unknown>,
    groupId: string | undefined,
  ) {
    this.#groupId = groupId
    this.#feed = feed
    this.#clock = clock
    this.#publisher = publisher
    this.#deserializers = deserializers
    this.#seenAt = clock.now()
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Whether something of the partition is in work. */
  isBusy(partition: ConsumedPartition): boolean {
    return this.#running?.work.isBusy(partition) ?? false
  }

  /** Begins a loop that goes on until it is stopped or `isComplete` says that it has all. */
  begin<W extends InWork>(
    isComplete: () => boolean,
    make: (parts: LoopParts) => W,
  ): RunningLoop<W> {
    if (this.#running) {
      throw new StateError(
        'a second loop over one consumer, while the first is running',
        'end the first (break or stop()), or make another consumer for the second',
      )
    }
    const parts: LoopParts = {
      feed: this.#feed,
      clock: this.#clock,
      publisher: this.#publisher,
      groupId: this.#groupId,
      deserializers: this.#deserializers,
      gate: { open: true },
      isComplete,
      progress: () => this.#progress(),
      ended: () => {
        if (this.#running?.parts === parts) this.#running = undefined
      },
    }
    const running = { parts, work: make(parts) }
    this.#running = running
    return running
  }

  /** Ends the loop at its next step. */
  stop(): void {
    if (this.#running) this.#running.parts.gate.open = false
    this.#feed.wake()
  }

  /**
   * Waits until nothing of these partitions is in work, of any if none are named, for up to so many
   * milliseconds. False if something still is.
   */
  async idle(ms: number, partitions?: readonly ConsumedPartition[]): Promise<boolean> {
    const deadline = this.#clock.now() + ms
    for (;;) {
      const work = this.#running?.work
      const isBusy = work && (partitions?.some(each => work.isBusy(each)) ?? work.isBusy())
      if (!isBusy) return true
      const left = deadline - this.#clock.now()
      if (left <= 0) return false
      await this.#either(work.settled(), left)
    }
  }

  /** How long the program has not asked for more, in ms, as far as was looked; 0 while it waits. */
  stuckMs(): number {
    const now = this.#clock.now()
    const isWaiting = this.#running && !this.#running.work.isBusy()
    if (this.#steps === this.#seen && !isWaiting) return now - this.#seenAt
    this.#seen = this.#steps
    this.#seenAt = now
    return 0
  }

  /** Resolves when a loop asks for more. */
  moved(): Promise<void> {
    this.#moved ??= deferred()
    return this.#moved.promise
  }

  /** Lets go whoever waits for a loop that will not move any more. */
  close(): void {
    this.#progress()
  }

  #progress(): void {
    this.#steps++
    if (!this.#moved) return
    this.#moved.resolve()
    this.#moved = undefined
  }

  #either(promise: Promise<void>, ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#clock.after(ms, resolve)
      void promise.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }
}
