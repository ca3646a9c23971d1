import type { Clock } from '../base/clock.ts'
import type { Publisher } from '../events.ts'
import type { Operation } from '../operations.ts'
import type { Feed } from './feed.ts'
import type { Deserializers } from './message.ts'
import type { ConsumedPartition } from './partition.ts'
import type { Portion } from './portion.ts'

/** What a loop over a consumer needs of it. */
export interface LoopParts {
  readonly feed: Feed
  readonly clock: Clock
  readonly publisher: Publisher
  readonly deserializers: Deserializers<unknown, unknown>
  readonly groupId: string | undefined
  /** Shut when the loop shall end at its next step. */
  readonly gate: { open: boolean }
  /** Whether the loop has reached what it was to reach; asked between batches. */
  isComplete(): boolean
  /** The loop asked for more: it is alive. */
  progress(): void
  /** The loop is over, for whatever reason. */
  ended(): void
}

/** Whether something is being worked on, for whoever must wait for that. */
export interface InWork {
  /** Whether something is in work: of `partition`, or of any. */
  isBusy(partition?: ConsumedPartition): boolean
  /** Resolves when something in work was finished or left. */
  settled(): Promise<void>
}

/** A loop that never waits must still let timers and sockets have their turn. */
const YIELD_AFTER_MS = 5

/**
 * What a loop works on at this moment, and the rule of what is processed: what was handed out
 * counts as processed when the loop asks for more; what the loop was left with (by break or throw)
 * does not, and comes again.
 */
export class Work implements InWork {
  readonly #parts: LoopParts
  #partition: ConsumedPartition | undefined
  #generation = 0
  /** What is in work, where tools take part in it. */
  #turn: Operation<'process'> | undefined
  #idle: (() => void)[] = []
  #yieldedAt: number

  constructor(parts: LoopParts) {
    this.#parts = parts
    this.#yieldedAt = parts.clock.now()
  }

  /** Records of `partition` are handed out; behind them, it goes on at `nextOffset`. */
  begin(partition: ConsumedPartition, nextOffset: number, records = 1): void {
    this.#partition = partition
    this.#generation = partition.generation
    partition.handOut(nextOffset, records)
  }

  /** Tools take part in what the loop does with what was handed out. */
  attended(turn: Operation<'process'> | undefined): void {
    this.#turn = turn
  }

  /** The loop asks for more. */
  done(): void {
    this.#parts.progress()
    const partition = this.#partition
    if (!partition) return
    this.#partition = undefined
    if (this.#turn) this.#endTurn(false)
    if (partition.generation === this.#generation) partition.processed = partition.position
    if (this.#idle.length > 0) this.#tellIdle()
  }

  /** The loop was left: what it had in work comes again, as do the portions that it held. */
  abandon(portions: readonly Portion[]): void {
    const partition = this.#partition
    this.#partition = undefined
    if (this.#turn) this.#endTurn(true)
    if (partition && partition.generation === this.#generation) {
      partition.position = partition.processed
    }
    this.#parts.feed.giveBack(portions)
    this.#tellIdle()
    this.#parts.ended()
  }

  isBusy(partition?: ConsumedPartition): boolean {
    return this.#partition !== undefined && (!partition || partition === this.#partition)
  }

  settled(): Promise<void> {
    return new Promise(resolve => this.#idle.push(resolve))
  }

  /** The next batch, as soon as there is one; undefined when the loop is to end. */
  async take(): Promise<Portion | undefined> {
    const { feed, gate } = this.#parts
    await this.breathe()
    while (gate.open && !this.#parts.isComplete()) {
      const portion = feed.take()
      if (portion) return portion
      await feed.waiting()
      this.#yieldedAt = this.#parts.clock.now()
    }
    return undefined
  }

  /** Gives the event loop a turn if it had none for some time. */
  async breathe(): Promise<void> {
    const { clock } = this.#parts
    if (clock.now() - this.#yieldedAt < YIELD_AFTER_MS) return
    await new Promise<void>(resolve => clock.soon(resolve))
    this.#yieldedAt = clock.now()
  }

  #endTurn(isLeft: boolean): void {
    const turn = this.#turn
    this.#turn = undefined
    turn?.end(isLeft ? { isLeft } : {})
  }

  #tellIdle(): void {
    const heard = this.#idle
    this.#idle = []
    for (const tell of heard) tell()
  }
}
