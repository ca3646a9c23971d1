import type { RecordBatch, RecordCursor } from '../records/index.ts'
import { type Deserializers, Message, type MessageSource } from './message.ts'
import type { ConsumedPartition } from './partition.ts'
import { cursorFrom, type Portion, type Readable } from './portion.ts'

/**
 * Records of one partition, in order, as they were fetched. Nothing is made of them before they are
 * looked at: as messages by iterating, or in place through `cursors()`, which costs least.
 *
 * @example
 * for await (const batch of consumer.batches()) {
 *   await database.insert(batch.topic, [...batch].map(message => message.value))
 * }
 */
export class MessageBatch<Key = Buffer, Value = Buffer> implements Iterable<Message<Key, Value>> {
  /** The topic that they were read from. */
  readonly topic: string
  /** The partition that they were read from. */
  readonly partition: number
  /** The end of the partition's log when it was fetched. */
  readonly highWatermark: number
  /** The number of records, at most: those before the position it began at are not handed out. */
  readonly count: number
  readonly #partition: ConsumedPartition
  /** Not the portions themselves, which are closed when this is read. */
  readonly #parts: readonly Readable[]
  readonly #deserializers: Deserializers<unknown, unknown>
  /** Where the first of them begins, lest iterating anew later begin elsewhere. */
  readonly #from: number
  #nextOffset: number
  #made: Message<Key, Value>[] | undefined

  constructor(portions: readonly Portion[], deserializers: Deserializers<unknown, unknown>) {
    const { partition } = portions[0]!
    this.topic = partition.topic
    this.partition = partition.partition
    this.highWatermark = partition.highWatermark
    this.#nextOffset = portions.at(-1)!.nextOffset
    this.count = portions.reduce((sum, { batch }) => sum + (batch?.count ?? 0), 0)
    this.#partition = partition
    this.#parts = portions.flatMap(({ readable }) => readable ?? [])
    this.#deserializers = deserializers
    this.#from = partition.position
  }

  /** Where the partition goes on behind this batch: what a commit of all of it says. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /** Aborts when the partition is taken away and the time to finish is over. */
  get signal(): AbortSignal {
    return this.#partition.signal
  }

  /**
   * The records in place, without an object for each; one cursor for each batch of the log.
   *
   * @example
   * for (const cursor of batch.cursors()) {
   *   while (cursor.next()) bytes += cursor.valueEnd - cursor.valueStart
   * }
   */
  *cursors(): Generator<RecordCursor, void, undefined> {
    for (const part of this.#parts) yield cursorFrom(part, this.#from)
  }

  [Symbol.iterator](): Iterator<Message<Key, Value>> {
    if (this.#made) return this.#made[Symbol.iterator]()
    return this.#walk()
  }

  #walk(): Walk<Key, Value> {
    return new Walk<Key, Value>(this.#partition, this.#parts, this.#deserializers, this.#from)
  }

  /**
   * Makes every message with its key and value. Of one that can't be made `bad` is asked, with what
   * is already there: 'skip' leaves it out, 'cut' lets the batch end before it.
   */
  async deserialize(
    bad: (error: unknown, offset: number, made: number) => 'skip' | 'cut',
  ): Promise<void> {
    const made: Message<Key, Value>[] = []
    this.#made = made
    for (const message of this.#walk()) {
      try {
        const wait = message.deserialize()
        if (wait) await wait
        made.push(message)
      } catch (error) {
        if (bad(error, message.offset, made.length) === 'skip') continue
        this.#nextOffset = message.offset
        return
      }
    }
  }
}

/**
 * The messages of some batches, each made as it is asked for. A generator would do the same, but
 * can't be compiled into the loop that runs it, which costs more than the message itself.
 */
class Walk<Key, Value> implements IterableIterator<Message<Key, Value>> {
  readonly #partition: ConsumedPartition
  readonly #parts: readonly Readable[]
  readonly #deserializers: Deserializers<unknown, unknown>
  readonly #from: number
  #at = 0
  #source: MessageSource | undefined
  #cursor: RecordCursor | undefined

  constructor(
    partition: ConsumedPartition,
    parts: readonly Readable[],
    deserializers: Deserializers<unknown, unknown>,
    from: number,
  ) {
    this.#partition = partition
    this.#parts = parts
    this.#deserializers = deserializers
    this.#from = from
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<Message<Key, Value>, undefined> {
    const cursor = this.#cursor
    if (cursor?.next()) return { done: false, value: new Message(this.#source!, cursor) }
    return this.#nextPart()
  }

  #nextPart(): IteratorResult<Message<Key, Value>, undefined> {
    for (;;) {
      const part = this.#parts[this.#at++]
      if (!part) {
        this.#cursor = undefined
        return { done: true, value: undefined }
      }
      const source = sourceOf(this.#partition, part.batch, this.#deserializers)
      const cursor = cursorFrom(part, this.#from)
      this.#source = source
      this.#cursor = cursor
      if (cursor.next()) return { done: false, value: new Message(source, cursor) }
    }
  }
}

export function sourceOf(
  partition: ConsumedPartition,
  batch: RecordBatch | undefined,
  deserializers: Deserializers<unknown, unknown>,
): MessageSource {
  const isStamped = batch?.timestampType === 'LogAppendTime'
  return {
    partition,
    leaderEpoch: batch?.partitionLeaderEpoch ?? -1,
    baseTimestamp: batch?.baseTimestamp ?? -1,
    appendTime: isStamped ? batch.maxTimestamp : undefined,
    deserializers,
  }
}
