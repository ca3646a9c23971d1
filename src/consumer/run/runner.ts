import type { Timer } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { asError } from '../../errors.ts'
import { callHandler } from '../attended.ts'
import { Message, type MessageSource } from '../message.ts'
import { MessageBatch, sourceOf } from '../message-batch.ts'
import type { ConsumedPartition } from '../partition.ts'
import type { Portion } from '../portion.ts'
import type { InWork, LoopParts } from '../work.ts'
import { Attempts, type Task } from './attempts.ts'
import type { HandlerContext, RunOptions } from './options.ts'
import { PartitionRun, type Rest, type Unit } from './partition-run.ts'

/** By key, so many messages of a partition may wait behind busy keys for each handler. */
const WINDOW_PER_HANDLER = 16
const BREATHE_AFTER_MS = 5
const LOOK_AT_CLOCK_EVERY = 64
/** Small batches of the log are handed out together up to so many records. */
const RECORDS_AT_A_TIME = 500

/**
 * Runs handlers over what is fetched, several at a time, and keeps the order that was asked for.
 */
export class Runner<Key, Value> implements InWork {
  readonly #parts: LoopParts
  readonly #options: RunOptions<Key, Value>
  readonly #attempts: Attempts<Key, Value>
  readonly #deserializes: boolean
  readonly #runs = new Map<ConsumedPartition, PartitionRun>()
  readonly #concurrency: number
  readonly #window: number
  #active = 0
  #begun = 0
  /** Nothing begins any more; what is in work is waited for. */
  #isOver = false
  #breathedAt = 0
  #failure: Error | undefined
  readonly #rests = new Set<Timer>()
  #idle: (() => void)[] = []
  /** Lets the loop look what can begin. */
  #wake: () => void = () => {}

  constructor(parts: LoopParts, options: RunOptions<Key, Value>, random: Random) {
    this.#parts = parts
    this.#options = options
    this.#attempts = new Attempts(parts, options.onFailure ?? {}, random)
    this.#deserializes = Boolean(parts.deserializers.key ?? parts.deserializers.value)
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
        const wait = this.#pump() ? undefined : Promise.race([feed.waiting(), this.#woken()])
        await this.#breathe()
        await wait
      }
    } catch (error) {
      this.#failure ??= asError(error)
    }
    this.#isOver = true
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

  /** Whether to begin more without a breath between: asking the time costs as much as a record. */
  #hasBreath(): boolean {
    if (++this.#begun % LOOK_AT_CLOCK_EVERY !== 0) return true
    return this.#parts.clock.now() - this.#breathedAt < BREATHE_AFTER_MS
  }

  /** Begins what can begin. True if there may be more at once. */
  #pump(): boolean {
    this.#retire()
    let began = false
    for (let more = true; more && this.#active < this.#concurrency; ) {
      more = false
      for (const run of this.#runs.values()) {
        if (this.#active >= this.#concurrency) break
        if (!this.#hasBreath()) return true
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
    if (this.#parts.isComplete()) return false
    const portion = this.#parts.feed.take(partition => {
      const run = this.#runs.get(partition)
      return !run || (run.isCurrent && !run.portion && run.hasRoom(this.#window))
    })
    if (!portion) return false
    const { partition } = portion
    const run = this.#runs.get(partition) ?? new PartitionRun(partition)
    run.portion = portion
    run.source = sourceOf(partition, portion.batch, this.#parts.deserializers)
    this.#runs.set(partition, run)
    return true
  }

  /** A handler that gives no promise is over when this returns, and may have changed anything. */
  #beginOne(run: PartitionRun): boolean {
    const { partition } = run
    if (this.#isOver || !this.#parts.gate.open || this.#failure) return false
    if (partition.paused || partition.leaving || !run.isCurrent) return false
    while (run.portion && run.hasRoom(this.#window)) {
      const unit = this.#next(run.portion, run.source)
      if (unit) run.pull(unit)
      else this.#finish(run, run.portion)
    }
    const work = run.begin((ms, again) => this.#later(ms, again))
    if (!work) return false
    if (work === 'ended') {
      this.#parts.progress()
      return true
    }
    this.#active++
    void work.then(
      () => this.#ended(run),
      error => {
        // Who works on a partition that is gone may stop as it likes: others begin there anew.
        if (!partition.signal.aborted) this.#failure ??= asError(error)
        this.#ended(run)
      },
    )
    return true
  }

  /** Its place goes to the next of the same partition; where there is none, the loop looks. */
  #ended(run: PartitionRun): void {
    this.#active--
    this.#parts.progress()
    this.#tell()
    try {
      if (!this.#goesOn(run)) this.#wake()
    } catch (error) {
      this.#failure ??= asError(error)
      this.#wake()
    }
  }

  /** Begins what a place that came free lets begin. False if the loop had better look. */
  #goesOn(run: PartitionRun): boolean {
    let began = false
    while (this.#active < this.#concurrency) {
      if (!this.#hasBreath()) return false
      if (!this.#beginOne(run)) return began
      began = true
    }
    return true
  }

  /** Tries something again after a rest, in which others go on. */
  #later(ms: number, again: () => void): void {
    const timer = this.#parts.clock.after(ms, () => {
      this.#rests.delete(timer)
      again()
      this.#wake()
    })
    this.#rests.add(timer)
  }

  #next(portion: Portion, source: MessageSource | undefined): Unit | undefined {
    if (!portion.isLive) return undefined
    const { eachMessage, eachBatch } = this.#options
    if (eachBatch)
      return portion.partition.position < portion.nextOffset
        ? this.#batch(portion, eachBatch)
        : undefined
    try {
      const cursor = portion.next()
      if (!cursor || !source || !eachMessage) return undefined
      const message = new Message<Key, Value>(source, cursor)
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
    const task: Task<Key, Value> = {
      partition,
      records: 1,
      messages: [message],
      call: context =>
        callHandler(this.#parts, { message }, context.attempt, () => handle(message, context)),
    }
    const work = (attempt: number) =>
      this.#deserializes && attempt === 1
        ? this.#deserialized(task, message)
        : this.#attempts.make(task, attempt)
    const lane = this.#options.orderedBy === 'key' ? message.lane() : ''
    return { nextOffset: message.offset + 1, records: 1, lane, work }
  }

  async #deserialized(task: Task<Key, Value>, message: Message<Key, Value>): Promise<Rest> {
    try {
      await message.deserialize()
    } catch (error) {
      this.#passOver(task.partition, error, message.offset)
      return undefined
    }
    return this.#attempts.make(task, 1)
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
    const task: Task<Key, Value> = {
      partition,
      records: count,
      messages: batch,
      call: context =>
        callHandler(this.#parts, { batch }, context.attempt, () => handle(batch, context)),
    }
    const work = (attempt: number) => {
      if (count === 0) return undefined
      return this.#deserializes && attempt === 1
        ? this.#deserializedBatch(task, batch)
        : this.#attempts.make(task, attempt)
    }
    return { nextOffset: batch.nextOffset, records: count, lane: '', work }
  }

  async #deserializedBatch(task: Task<Key, Value>, batch: MessageBatch<Key, Value>): Promise<Rest> {
    await batch.deserialize((error, offset) => {
      this.#passOver(task.partition, error, offset)
      return 'skip'
    })
    return this.#attempts.make(task, 1)
  }

  /** Throws where the policy wants a record that no deserializer takes to end the run. */
  #passOver(partition: ConsumedPartition, error: unknown, offset: number): void {
    const code = 'DESERIALIZATION_FAILED'
    const refusal = this.#parts.feed.refusal(partition, error, offset, code)
    if (refusal) throw refusal
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

  #woken(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  #tell(): void {
    const heard = this.#idle
    this.#idle = []
    for (const tell of heard) tell()
  }
}
