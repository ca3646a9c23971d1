import { beginTurn, tellReceived } from './attended.ts'
import { MessageBatch } from './message-batch.ts'
import type { Portion } from './portion.ts'
import type { LoopParts, Work } from './work.ts'

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }
/** Small batches of the log, of one partition and ready, are handed out together up to this. */
const RECORDS_AT_A_TIME = 500

type Step<Key, Value> = IteratorResult<MessageBatch<Key, Value>, undefined>

/** A loop over one partition's records at a time. */
export class BatchLoop<Key, Value> implements AsyncIterableIterator<MessageBatch<Key, Value>> {
  readonly #parts: LoopParts
  readonly #work: Work
  readonly #deserializes: boolean
  #portions: Portion[] = []
  #over = false

  constructor(parts: LoopParts, work: Work) {
    this.#parts = parts
    this.#work = work
    this.#deserializes = Boolean(parts.deserializers.key ?? parts.deserializers.value)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<Step<Key, Value>> {
    this.#work.done()
    this.#putAway()
    const askedAt = this.#parts.clock.epoch()
    try {
      while (!this.#over) {
        const first = await this.#work.take()
        if (!first) break
        const batch = await this.#gather(first)
        if (!batch) continue
        tellReceived(this.#parts, batch, askedAt)
        this.#work.attended(beginTurn(this.#parts, { batch }))
        return { done: false, value: batch }
      }
      this.#end()
      return DONE
    } catch (error) {
      this.#end()
      throw error
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#end()
    return DONE
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    const portions = this.#portions
    this.#portions = []
    this.#work.abandon(portions)
  }

  /** What was handed out is processed; of a batch that was cut, the rest comes again. */
  #putAway(): void {
    const portions = this.#portions
    this.#portions = []
    const { partition } = portions[0] ?? {}
    if (!partition) return
    const { position } = partition
    const isRead = (portion: Portion) => portion.nextOffset <= position
    for (const portion of portions.filter(isRead)) this.#parts.feed.finish(portion)
    this.#parts.feed.giveBack(portions.filter(portion => !isRead(portion)))
  }

  /** A batch of what is ready of one partition; undefined where nothing of it can be handed out. */
  async #gather(first: Portion): Promise<MessageBatch<Key, Value> | undefined> {
    const { partition } = first
    const portions = [first]
    let count = first.batch?.count ?? 0
    while (count < RECORDS_AT_A_TIME) {
      const more = this.#parts.feed.takeAlso(partition)
      if (!more) break
      portions.push(more)
      count += more.batch?.count ?? 0
    }
    this.#portions = portions
    const batch = new MessageBatch<Key, Value>(portions, this.#parts.deserializers)
    if (this.#deserializes) await this.#deserialize(batch)
    if (this.#over || !portions.every(portion => portion.isLive) || !this.#parts.gate.open) {
      this.#portions = []
      this.#parts.feed.giveBack(portions)
      return undefined
    }
    if (count > 0) {
      this.#work.begin(partition, batch.nextOffset, count)
      return batch
    }
    partition.position = batch.nextOffset
    partition.processed = batch.nextOffset
    this.#putAway()
    return undefined
  }

  /**
   * A record that can't be made ends the batch before it, so that nothing waits for it; the next
   * batch then begins with it, and there the policy decides.
   */
  #deserialize(batch: MessageBatch<Key, Value>): Promise<void> {
    return batch.deserialize((error, offset, made) => {
      if (made > 0) return 'cut'
      const portions = this.#portions
      this.#portions = []
      this.#parts.feed.bad(portions, error, offset, 'DESERIALIZATION_FAILED')
      this.#portions = portions
      return 'skip'
    })
  }
}
