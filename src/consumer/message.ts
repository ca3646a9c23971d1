import type { ReadHeader, RecordCursor } from '../records/index.ts'
import { readHeaders } from '../records/record-cursor.ts'
import type { Views } from '../records/views.ts'
import type { Deserializer } from '../serializers.ts'
import { Reader } from '../wire/reader.ts'
import type { ConsumedPartition } from './partition.ts'

/** How bytes become keys and values; without one they come as Buffers. */
export interface Deserializers<Key, Value> {
  readonly key?: Deserializer<Key>
  readonly value?: Deserializer<Value>
}

/** Stands where nobody looked yet, since a deserializer may give anything, undefined too. */
const UNREAD = Symbol('unread')

/** What the messages of one batch have in common. */
export interface MessageSource {
  readonly partition: ConsumedPartition
  readonly leaderEpoch: number
  /** Of the first record; the others are told by how much later they are. */
  readonly baseTimestamp: number
  /** Of all records, where the broker stamped them. */
  readonly appendTime: number | undefined
  readonly deserializers: Deserializers<unknown, unknown>
}

/**
 * One record, as it is handed out. Key, value and headers are views of the fetched bytes, made when
 * they are looked at, unless a deserializer made something else of them; they keep the whole batch
 * in memory, so copy what is to stay for long.
 *
 * @example
 * for await (const message of consumer) {
 *   console.log(`${message.topic} [${message.partition}] @ ${message.offset}`, message.value)
 * }
 */
export class Message<Key = Buffer, Value = Buffer> {
  /** Its place in the partition's log. */
  readonly offset: number
  readonly #source: MessageSource
  readonly #views: Views
  readonly #keyStart: number
  readonly #keyEnd: number
  readonly #valueStart: number
  readonly #valueEnd: number
  /** Its headers are looked for where they are looked at: most records have none. */
  readonly #end: number
  /** A time takes a number of its own on the heap; a small difference does not. */
  readonly #timestampDelta: number
  #key: unknown
  #value: unknown

  constructor(source: MessageSource, cursor: RecordCursor) {
    this.offset = cursor.offset
    this.#source = source
    this.#views = cursor.views
    this.#keyStart = cursor.keyStart
    this.#keyEnd = cursor.keyEnd
    this.#valueStart = cursor.valueStart
    this.#valueEnd = cursor.valueEnd
    this.#end = cursor.end
    this.#timestampDelta = cursor.timestampDelta
    this.#key = UNREAD
    this.#value = UNREAD
  }

  /** Milliseconds since 1970: the producer's, or the broker's under LogAppendTime; -1 for none. */
  get timestamp(): number {
    return this.#source.appendTime ?? this.#source.baseTimestamp + this.#timestampDelta
  }

  /** The topic that it was read from. */
  get topic(): string {
    return this.#source.partition.topic
  }

  /** The partition that it was read from. */
  get partition(): number {
    return this.#source.partition.partition
  }

  /** The epoch of the leader that took the record (KIP-320); -1 where it is not known. */
  get leaderEpoch(): number {
    return this.#source.leaderEpoch
  }

  /** The key, as the deserializer gives it; null where the record has none. */
  get key(): Key | null {
    if (this.#key === UNREAD) this.#key = this.#bytes(this.#keyStart, this.#keyEnd)
    return this.#key as Key | null
  }

  /** Null is a tombstone, and not the same as empty. */
  get value(): Value | null {
    if (this.#value === UNREAD) this.#value = this.#bytes(this.#valueStart, this.#valueEnd)
    return this.#value as Value | null
  }

  /** The key's own bytes, whatever the deserializer made of them. */
  get rawKey(): Buffer | null {
    return this.#bytes(this.#keyStart, this.#keyEnd)
  }

  /** The value's own bytes, whatever the deserializer made of them. */
  get rawValue(): Buffer | null {
    return this.#bytes(this.#valueStart, this.#valueEnd)
  }

  /** In the order in which they were written; keys may repeat. */
  get headers(): ReadHeader[] {
    // Their number stands behind the value, and takes one byte where it is none.
    if (this.#end - this.#valueEnd === 1) return []
    const reader = new Reader(this.#views.bytes, this.#valueEnd, this.#end)
    const count = reader.varint()
    return readHeaders(this.#views.bytes, reader.offset, this.#end, count)
  }

  /** The last header of that name: its bytes, null, or undefined where there is none. */
  header(name: string): Buffer | null | undefined {
    return this.headers.findLast(header => header.key === name)?.value
  }

  /**
   * Aborts when this message's partition is taken away from this consumer and the time to finish
   * is over: whoever works on it had better stop.
   */
  get signal(): AbortSignal {
    return this.#source.partition.signal
  }

  /** What messages of the same key have in common, and no others; none have that without a key. */
  lane(): string | symbol {
    return this.#keyStart < 0
      ? Symbol()
      : this.#views.bytes.toString('latin1', this.#keyStart, this.#keyEnd)
  }

  /** Runs the deserializers; gives a promise where one of them does. */
  deserialize(): void | Promise<void> {
    const { key, value } = this.#source.deserializers
    if (!key && !value) return
    const headers = this.headers
    if (key && this.#keyStart >= 0)
      this.#key = key.deserialize(this.key as Buffer, this.#context('key', headers))
    if (value && this.#valueStart >= 0) {
      this.#value = value.deserialize(this.value as Buffer, this.#context('value', headers))
    }
    if (this.#key instanceof Promise || this.#value instanceof Promise) return this.#awaited()
  }

  /** Its place, time, key, value and headers, for logs and tests. */
  toJSON(): object {
    const { topic, partition, offset, timestamp, key, value, headers } = this
    return { topic, partition, offset, timestamp, key, value, headers }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON()
  }

  async #awaited(): Promise<void> {
    const [key, value] = await Promise.all([this.#key, this.#value])
    this.#key = key
    this.#value = value
  }

  #context(field: 'key' | 'value', headers: readonly ReadHeader[]) {
    return { topic: this.topic, field, headers }
  }

  #bytes(start: number, end: number): Buffer | null {
    return start < 0 ? null : this.#views.part(start, end)
  }
}
