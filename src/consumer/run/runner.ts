import { backoffMs } from '../../base/backoff.ts'
import { sleep, type Timer } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { asError } from '../../errors.ts'
import { tap } from '../../events.ts'
import { callHandler } from '../attended.ts'
import { Message } from '../message.ts'
import { MessageBatch, sourceOf } from '../message-batch.ts'
import type { ConsumedPartition } from '../partition.ts'
import type { Portion } from '../portion.ts'
import type { InWork, LoopParts } from '../work.ts'
import type { HandlerContext, RunOptions } from './options.ts'
import { PartitionRun, type Unit } from './partition-run.ts'

const ended = tap('handler:ended')
/** By key, so many messages of a partition may wait behind busy keys for each handler. */
const WINDOW_PER_HANDLER = 16
const BREATHE_AFTER_MS = 5
/** Small batches of the log are handed out together up to so many records. */
const RECORDS_AT_A_TIME = 500

/**
 * Runs handlers over what is fetched, several at a time, and keeps the order that was asked for.
 */
export class Runner<Key, Value> implements InWork {
  readonly #parts: LoopParts
  readonly #options: RunOptions<Key, Value>
  readonly #random: Random
  readonly #runs = new Map<ConsumedPartition, PartitionRun>()
  readonly #concurrency: number
  readonly #window: number
  #active = 0
  #breathedAt = 0
  #failure: Error | undefined
  readonly #rests = new Set<Timer>()
  #idle: (() => void)[] = []

  constructor(parts: LoopParts, options: RunOptions<Key, Value>, random: Random) {
    this.#parts = parts
    this.#options = options
    this.#random = random
    this.#concurrency = options.concurrency ?? 1
    this.#window = options.orderedBy === 'key' ? this.#concurrency * WINDOW_PER_HANDLER : 1
  }

  isBusy(partition?: ConsumedPartition): boolean {
    return partition ? (this.#runs.get(partition)?.isBusy ?? false) : this.#active > 0
  }

  settled(): Promise<void> {
    return new Promise(resolve => this.#idle.push(resolve))
  }

  /** Resolves when it was stopped and every handler is done; rejects with what ended it. */
  async run(): Promise<void> {
    const { feed, gate } = this.#parts
    try {
      while (gate.open && !this.#failure && !this.#parts.isComplete()) {
        const wait = this.#pump() ? undefined : Promise.race([feed.waiting(), this.settled()])
        await this.#breathe()
        await wait
      }
    } catch (error) {
      this.#failure ??= asError(error)
    }
    while (this.#active > 0) await this.settled()
    for (const timer of this.#rests) timer.cancel()
    for (const run of this.#runs.values()) this.#leave(run)
    this.#parts.ended()
    if (this.#failure) throw this.#failure
  }

  /** Handlers that never wait must still let timers and sockets have their turn. */
  async #breathe(): Promise<void> {
    const { clock } = this.#parts
    if (clock.now() - this.#breathedAt < BREATHE_AFTER_MS) return
    await new Promise<void>(resolve => clock.soon(resolve))
    this.#breathedAt = clock.now()
  }

  /** Begins what can begin. True if there may be more at once. */
  #pump(): boolean {
    this.#retire()
    let began = false
    for (let more = true; more && this.#active < this.#concurrency; ) {
      more = false
      for (const run of this.#runs.values()) {
        if (this.#active >= this.#concurrency) break
        if (this.#beginOne(run)) more = true
      }
      if (this.#active < this.#concurrency && this.#takePortion()) more = true
      began ||= more
    }
    return began && this.#active < this.#concurrency
  }

  /** Runs of partitions that were taken away or sought in. */
  #retire(): void {
    for (const [partition, run] of this.#runs) {
      if (run.isCurrent && !partition.leaving) continue
      run.drop()
      if (!run.isBusy) this.#runs.delete(partition)
    }
  }

  #takePortion(): boolean {
    const portion = this.#parts.feed.take(partition => {
      const run = this.#runs.get(partition)
      return !run || (run.isCurrent && !run.portion && run.hasRoom(this.#window))
    })
    if (!portion) return false
    const { partition } = portion
    const run = this.#runs.get(partition) ?? new PartitionRun(partition)
    run.portion = portion
    this.#runs.set(partition, run)
    return true
  }

  #beginOne(run: PartitionRun): boolean {
    if (run.partition.paused) return false
    while (run.portion && run.hasRoom(this.#window)) {
      const unit = this.#next(run.portion)
      if (unit) run.pull(unit)
      else this.#finish(run, run.portion)
    }
    const work = run.begin((ms, again) => this.#later(ms, again))
    if (!work) return false
    this.#active++
    void work
      .catch(error => {
        // Who works on a partition that is gone may stop as it likes: others begin there anew.
        if (!run.partition.signal.aborted) this.#failure ??= asError(error)
      })
      .finally(() => {
        this.#active--
        this.#parts.progress()
        this.#tell()
      })
    return true
  }

  /** Tries something again after a rest, in which others go on. */
  #later(ms: number, again: () => void): void {
    const timer = this.#parts.clock.after(ms, () => {
      this.#rests.delete(timer)
      again()
      this.#tell()
    })
    this.#rests.add(timer)
  }

  #next(portion: Portion): Unit | undefined {
    if (!portion.isLive) return undefined
    const { eachMessage, eachBatch } = this.#options
    if (eachBatch)
      return portion.partition.position < portion.nextOffset
        ? this.#batch(portion, eachBatch)
        : undefined
    try {
      const cursor = portion.next()
      if (!cursor || !eachMessage) return undefined
      const message = new Message<Key, Value>(sourceOf(portion, this.#parts.deserializers), cursor)
      return this.#message(portion.partition, message, eachMessage)
    } catch (error) {
      const { partition } = portion
      const refusal = this.#parts.feed.refusal(partition, error, partition.position)
      if (refusal) throw refusal
      return undefined
    }
  }

  #message(
    partition: ConsumedPartition,
    message: Message<Key, Value>,
    handle: (message: Message<Key, Value>, context: HandlerContext) => void | Promise<void>,
  ): Unit {
    const work = async (attempt: number) => {
      try {
        if (attempt === 1) await message.deserialize()
      } catch (error) {
        const code = 'DESERIALIZATION_FAILED'
        const refusal = this.#parts.feed.refusal(partition, error, message.offset, code)
        if (refusal) throw refusal
        return undefined
      }
      const call = (context: HandlerContext) =>
        callHandler(this.#parts, { message }, context.attempt, () => handle(message, context))
      return this.#try(partition, attempt, call, 1, [message])
    }
    const lane = this.#options.orderedBy === 'key' ? message.lane() : ''
    return { nextOffset: message.offset + 1, records: 1, lane, work }
  }

  #batch(
    portion: Portion,
    handle: (batch: MessageBatch<Key, Value>, context: HandlerContext) => void | Promise<void>,
  ): Unit {
    const { partition } = portion
    const portions = [portion]
    let count = portion.batch?.count ?? 0
    while (count < RECORDS_AT_A_TIME) {
      const more = this.#parts.feed.takeAlso(partition)
      if (!more) break
      portions.push(more)
      count += more.batch?.count ?? 0
    }
    const batch = new MessageBatch<Key, Value>(portions, this.#parts.deserializers)
    for (const more of portions.slice(1)) this.#parts.feed.finish(more)
    const work = async (attempt: number) => {
      if (count === 0) return undefined
      const { key, value } = this.#parts.deserializers
      if (attempt === 1 && (key || value))
        await batch.deserialize((error, offset) => {
          const code = 'DESERIALIZATION_FAILED'
          const refusal = this.#parts.feed.refusal(partition, error, offset, code)
          if (refusal) throw refusal
          return 'skip'
        })
      const call = (context: HandlerContext) =>
        callHandler(this.#parts, { batch }, context.attempt, () => handle(batch, context))
      return this.#try(partition, attempt, call, count, batch)
    }
    return { nextOffset: batch.nextOffset, records: count, lane: '', work }
  }

  /**
   * Calls a handler as often as the policy says; what fails for good goes to the dead letters.
   * Where nobody shall wait for it, gives in how many ms to try again.
   */
  async #try(
    partition: ConsumedPartition,
    first: number,
    call: (context: HandlerContext) => void | Promise<void>,
    records: number,
    messages: Iterable<Message<Key, Value>>,
  ): Promise<number | undefined> {
    const { onFailure = {} } = this.#options
    const { attempts = 1, backoffMs: initialMs = 100, maxBackoffMs: maxMs = 10_000 } = onFailure
    const { signal } = partition
    const { clock } = this.#parts
    for (let attempt = first; ; attempt++) {
      const began = ended.hasSubscribers ? clock.now() : -1
      try {
        await call({ signal, attempt })
        if (ended.hasSubscribers) this.#tellEnd(partition, { records, attempt, began })
        return undefined
      } catch (thrown) {
        const error = asError(thrown)
        if (ended.hasSubscribers) this.#tellEnd(partition, { records, attempt, began, error })
        if (signal.aborted) throw error
        if (attempt >= attempts) {
          if (!onFailure.deadLetter) throw error
          for (const message of messages) {
            await onFailure.deadLetter(message, { error, attempts })
            const { topic, partition: index, offset } = message
            const facts = { topic, partition: index, offset, attempts, error }
            this.#parts.publisher.publish('record:dead', facts)
          }
          return undefined
        }
        const rest = backoffMs({ initialMs, maxMs }, attempt, this.#random)
        if (onFailure.blocking === false) return rest
        await sleep(clock, rest, signal)
      }
    }
  }

  #tellEnd(
    { topic, partition }: ConsumedPartition,
    { began, ...facts }: { records: number; attempt: number; began: number; error?: Error },
  ): void {
    // Somebody who began to listen in the middle can't be told how long it took.
    if (began < 0) return
    const { clock, publisher } = this.#parts
    const latencyMs = clock.now() - began
    publisher.publish('handler:ended', { topic, partition, latencyMs, ...facts })
  }

  /** The portion is read to its end, or not to be read any more. */
  #finish(run: PartitionRun, portion: Portion): void {
    run.portion = undefined
    const { partition } = run
    if (!portion.isLive) {
      if (run.isCurrent && !partition.leaving) this.#parts.feed.giveBack([portion])
      return
    }
    this.#parts.feed.finish(portion)
    if (run.outstanding === 0) partition.processed = partition.position
  }

  /** Goes back to what is not done, for whoever reads on. */
  #leave(run: PartitionRun): void {
    const { partition, portion } = run
    if (!run.isCurrent || partition.leaving || partition.state.is !== 'fetching') return
    if (partition.position !== partition.processed) partition.startAt(partition.processed)
    else if (portion) this.#parts.feed.giveBack([portion])
  }

  #tell(): void {
    const heard = this.#idle
    this.#idle = []
    for (const tell of heard) tell()
  }
}
