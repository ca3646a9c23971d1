import type { Clock } from '../base/clock.ts'
import { BufferFullError } from '../errors.ts'
import type { RecordHeader } from '../records/layout.ts'
import type { Encoded } from '../serializers.ts'
import type { Accumulator } from './accumulator.ts'
import type { DeliveryCallback, Entry, ProducerRecord } from './delivery.ts'
import type { ProducerConfig } from './options.ts'
import {
  checkRecord,
  type EncodedRecord,
  encodeNow,
  encodeSoon,
  plain,
  type Serializers,
} from './records.ts'

/** How stale a timestamp may be within one burst of calls, in records. */
const RECORDS_A_READING = 64

/** Where records come in: checked, serialized, stamped, and put into the accumulator. */
export class Intake<Key, Value> {
  readonly #accumulator: Accumulator
  readonly #clock: Clock
  readonly #maxBlockMs: number
  readonly #serializers: Serializers<unknown, unknown>
  readonly #hasSerializers: boolean
  #burst = 0
  #epoch = 0
  #now = 0

  constructor(
    config: ProducerConfig,
    serializers: Serializers<Key, Value>,
    clock: Clock,
    accumulator: Accumulator,
  ) {
    this.#maxBlockMs = config.maxBlockMs
    this.#serializers = serializers as Serializers<unknown, unknown>
    this.#hasSerializers = serializers.key !== undefined || serializers.value !== undefined
    this.#clock = clock
    this.#accumulator = accumulator
  }

  /** Key, value and headers as they would be sent. */
  async encode(record: ProducerRecord<Key, Value>): Promise<EncodedRecord> {
    checkRecord(record)
    return encodeSoon(record, this.#serializers)
  }

  /**
   * Takes a record in, waiting for its serializers and for space where it must. Throws or calls
   * `reject` if it can't be taken; else its callback will tell.
   */
  take(
    record: ProducerRecord<Key, Value>,
    callback: DeliveryCallback<Key, Value>,
    reject: (error: unknown) => void,
  ): void {
    if (!this.#hasSerializers) {
      this.#appendOrWait(this.entryNow(record, callback), reject)
      return
    }
    this.encode(record).then(({ key, value, headers }) => {
      this.#appendOrWait(this.#entry(record, key, value, headers, callback), reject)
    }, reject)
  }

  /** Checks and encodes a record; throws what `produce()` says it throws. */
  entryNow(
    record: ProducerRecord<Key, Value>,
    callback: DeliveryCallback<Key, Value> | undefined,
  ): Entry {
    checkRecord(record)
    if (this.#hasSerializers || record.headers !== undefined) {
      const { key, value, headers } = encodeNow(record, this.#serializers)
      return this.#entry(record, key, value, headers, callback)
    }
    const key = plain(record, 'key')
    return this.#entry(record, key, plain(record, 'value'), undefined, callback)
  }

  #entry(
    record: ProducerRecord<Key, Value>,
    key: Encoded,
    value: Encoded,
    headers: readonly RecordHeader[] | undefined,
    callback: DeliveryCallback<Key, Value> | undefined,
  ): Entry {
    this.#readClock()
    return {
      record,
      key,
      value,
      headers,
      timestamp: record.timestamp ?? this.#epoch,
      at: this.#now,
      callback: callback as DeliveryCallback<unknown, unknown> | undefined,
      index: -1,
    }
  }

  /** Records that come in one go share a reading: asking the time costs as much as hashing. */
  #readClock(): void {
    if (this.#burst === 0) {
      this.#epoch = this.#clock.epoch()
      this.#now = this.#clock.now()
      queueMicrotask(() => {
        this.#burst = 0
      })
    }
    this.#burst = (this.#burst + 1) % RECORDS_A_READING
  }

  /** Appends now, or as soon as there is space and those who wait already have had theirs. */
  #appendOrWait(entry: Entry, reject: (error: unknown) => void): void {
    const { memory } = this.#accumulator
    let full: unknown
    const attempt = () => {
      try {
        this.#accumulator.append(entry)
        return true
      } catch (error) {
        full = error
        if (error instanceof BufferFullError) return false
        reject(error)
        return true
      }
    }
    if (!memory.hasWaiters && attempt()) return
    this.#accumulator.hurry()
    memory.whenSpace(this.#maxBlockMs, attempt, () => reject(full ?? memory.full(0)))
  }
}
