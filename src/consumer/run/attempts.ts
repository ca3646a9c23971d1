import { backoffMs } from '../../base/backoff.ts'
import { sleep } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { asError } from '../../errors.ts'
import { tap } from '../../events.ts'
import type { Message } from '../message.ts'
import type { ConsumedPartition } from '../partition.ts'
import type { LoopParts } from '../work.ts'
import type { FailurePolicy, HandlerContext } from './options.ts'
import type { Rest } from './partition-run.ts'

const ended = tap('handler:ended')

/** What a handler is called with, and what of it goes to the dead letters. */
export interface Task<Key, Value> {
  readonly partition: ConsumedPartition
  readonly records: number
  readonly messages: Iterable<Message<Key, Value>>
  call(context: HandlerContext): void | Promise<void>
}

/** One call of a handler. */
interface Attempt {
  readonly attempt: number
  /** -1 where nobody listened yet, who therefore can't be told how long it took. */
  readonly began: number
}

/** Calls handlers as often as the policy says; what fails for good goes to the dead letters. */
export class Attempts<Key, Value> {
  readonly #parts: LoopParts
  readonly #policy: FailurePolicy<Key, Value>
  readonly #random: Random

  constructor(parts: LoopParts, policy: FailurePolicy<Key, Value>, random: Random) {
    this.#parts = parts
    this.#policy = policy
    this.#random = random
  }

  /**
   * Calls the handler, for the `attempt`th time. Makes a promise only where the handler gave one,
   * or failed. Where nobody shall wait for the next try, gives in how many ms to make it.
   */
  make(task: Task<Key, Value>, attempt: number): Rest | Promise<Rest> {
    const { signal } = task.partition
    const call = { attempt, began: ended.hasSubscribers ? this.#parts.clock.now() : -1 }
    try {
      const working: unknown = task.call({ signal, attempt })
      if (isThenable(working)) return this.#awaited(task, call, working)
    } catch (thrown) {
      return this.#failed(task, call, asError(thrown))
    }
    this.#tellEnd(task, call)
    return undefined
  }

  #awaited(task: Task<Key, Value>, call: Attempt, working: PromiseLike<unknown>): Promise<Rest> {
    return Promise.resolve(working).then(
      () => this.#tellEnd(task, call),
      thrown => this.#failed(task, call, asError(thrown)),
    )
  }

  async #failed(task: Task<Key, Value>, call: Attempt, error: Error): Promise<Rest> {
    this.#tellEnd(task, call, error)
    const { attempts = 1, backoffMs: initialMs = 100, maxBackoffMs: maxMs = 10_000 } = this.#policy
    const { signal } = task.partition
    const { attempt } = call
    if (signal.aborted) throw error
    if (attempt >= attempts) {
      await this.#bury(task, attempts, error)
      return undefined
    }
    const rest = backoffMs({ initialMs, maxMs }, attempt, this.#random)
    if (this.#policy.blocking === false) return rest
    await sleep(this.#parts.clock, rest, signal)
    return this.make(task, attempt + 1)
  }

  async #bury(task: Task<Key, Value>, attempts: number, error: Error): Promise<void> {
    const { deadLetter } = this.#policy
    if (!deadLetter) throw error
    for (const message of task.messages) {
      await deadLetter(message, { error, attempts })
      const { topic, partition, offset } = message
      const facts = { topic, partition, offset, attempts, error }
      this.#parts.publisher.publish('record:dead', facts)
    }
  }

  #tellEnd(task: Task<Key, Value>, { attempt, began }: Attempt, error?: Error): undefined {
    if (began < 0 || !ended.hasSubscribers) return
    const { clock, publisher } = this.#parts
    const { topic, partition } = task.partition
    const { records } = task
    const latencyMs = clock.now() - began
    const facts = { topic, partition, latencyMs, records, attempt }
    publisher.publish('handler:ended', error ? { ...facts, error } : facts)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
