import { tapOperation } from '../operations.ts'
import { beginTurn } from './attended.ts'
import { Message, type MessageSource } from './message.ts'
import { sourceOf } from './message-batch.ts'
import type { Portion } from './portion.ts'
import type { LoopParts, Work } from './work.ts'

const processing = tapOperation('process')
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }
const LOOK_AT_CLOCK_EVERY = 64

type Step<Key, Value> = IteratorResult<Message<Key, Value>, undefined>

/** A loop over one message at a time. */
export class MessageLoop<Key, Value> implements AsyncIterableIterator<Message<Key, Value>> {
  readonly #parts: LoopParts
  readonly #work: Work
  readonly #deserializes: boolean
  #portion: Portion | undefined
  #source: MessageSource | undefined
  #steps = 0
  #over = false

  constructor(parts: LoopParts, work: Work) {
    this.#parts = parts
    this.#work = work
    this.#deserializes = Boolean(parts.deserializers.key ?? parts.deserializers.value)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Step<Key, Value>> {
    this.#work.done()
    // Most steps end here: nothing is awaited, and nothing made but the message and its wrapping.
    if (!this.#deserializes && ++this.#steps % LOOK_AT_CLOCK_EVERY !== 0) {
      const message = this.#tryStep()
      if (message) return Promise.resolve({ done: false, value: message })
    }
    return this.#advance()
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#end()
    return DONE
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    const portion = this.#portion
    this.#portion = undefined
    this.#work.abandon(portion ? [portion] : [])
  }

  async #advance(): Promise<Step<Key, Value>> {
    try {
      await this.#work.breathe()
      while (!this.#over && this.#parts.gate.open) {
        const portion = this.#portion
        if (!portion) {
          if (!(await this.#takePortion())) break
          continue
        }
        const message = this.#step(portion)
        if (!message) this.#putAway(portion)
        else if (!this.#deserializes || (await this.#deserialize(portion, message))) {
          this.#work.begin(portion.partition, message.offset + 1)
          if (processing.hasSubscribers) this.#work.attended(beginTurn(this.#parts, { message }))
          return { done: false, value: message }
        }
      }
      this.#end()
      return DONE
    } catch (error) {
      this.#end()
      throw error
    }
  }

  async #takePortion(): Promise<boolean> {
    const portion = await this.#work.take()
    if (!portion) return false
    this.#portion = portion
    this.#source = sourceOf(portion.partition, portion.batch, this.#parts.deserializers)
    return true
  }

  /** The portion is read to its end, or nobody may go on reading it. */
  #putAway(portion: Portion): void {
    this.#portion = undefined
    if (!portion.isLive) return this.#parts.feed.giveBack([portion])
    this.#parts.feed.finish(portion)
    portion.partition.processed = portion.partition.position
  }

  /** A step that needs no waiting, if there is one. */
  #tryStep(): Message<Key, Value> | undefined {
    const portion = this.#portion
    if (!portion?.isLive || !this.#parts.gate.open) return undefined
    try {
      const cursor = portion.next()
      if (!cursor) return undefined
      this.#work.begin(portion.partition, cursor.offset + 1)
      const message = new Message<Key, Value>(this.#source!, cursor)
      if (processing.hasSubscribers) this.#work.attended(beginTurn(this.#parts, { message }))
      return message
    } catch {
      // The slow way meets the same again, and knows what to do.
      portion.rewind()
      return undefined
    }
  }

  #step(portion: Portion): Message<Key, Value> | undefined {
    if (!portion.isLive) return undefined
    try {
      const cursor = portion.next()
      return cursor && new Message<Key, Value>(this.#source!, cursor)
    } catch (error) {
      this.#bad(portion, error, portion.partition.position)
      return undefined
    }
  }

  /** Whether the message can be handed out. Meanwhile the partition may have been taken away. */
  async #deserialize(portion: Portion, message: Message<Key, Value>): Promise<boolean> {
    const { partition } = portion
    try {
      const wait = message.deserialize()
      if (wait) await wait
      return portion.isLive && this.#parts.gate.open && !this.#over
    } catch (error) {
      if (!portion.isLive || this.#over) return false
      this.#bad(portion, error, message.offset, 'DESERIALIZATION_FAILED')
      partition.position = message.offset + 1
      partition.processed = partition.position
      return false
    }
  }

  #bad(portion: Portion, error: unknown, offset: number, code?: string): void {
    this.#portion = undefined
    this.#parts.feed.bad([portion], error, offset, code)
    this.#portion = portion
  }
}
