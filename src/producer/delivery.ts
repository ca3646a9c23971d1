import type { DeliveryError } from '../errors.ts'
import type { RecordHeader } from '../records/layout.ts'
import type { Encoded } from '../serializers.ts'

/** The value of a header: text goes as UTF-8. */
export type HeaderValue = string | Uint8Array | null

/** Headers as a program writes them: an object, or a list where keys repeat or order matters. */
export type Headers =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
  | readonly RecordHeader[]

/** A record to be produced. Without a `value` (or with null) it is a tombstone. */
export interface ProducerRecord<Key = string | Uint8Array, Value = string | Uint8Array> {
  readonly topic: string
  readonly key?: Key | null | undefined
  readonly value?: Value | null | undefined
  readonly headers?: Headers | undefined
  /** Left out, the partitioner chooses. */
  readonly partition?: number | undefined
  /** Milliseconds since 1970; now, when left out. */
  readonly timestamp?: number | undefined
}

/** What became of a record that was stored. `key`, `value`, `headers` are as they were given. */
export interface DeliveryReport<Key = string | Uint8Array, Value = string | Uint8Array> {
  readonly topic: string
  readonly partition: number
  /** Where it stands in the partition; -1 where the broker did not say (`acks=0`). */
  readonly offset: number
  /** The record's own timestamp, or the broker's, as the topic is set. Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: Key | null
  readonly value: Value | null
  readonly headers: Headers | undefined
  /** From `produce()` to this report. */
  readonly latencyMs: number
}

// Two parameters, not a union of pairs by which `report` would be narrowed with `error`: for that
// TypeScript takes no callback that has only the first, as in `error => error && tell(error)`.
/** Called exactly once for a record: with a DeliveryError, or with null and the report. */
export type DeliveryCallback<Key = string | Uint8Array, Value = string | Uint8Array> = (
  error: DeliveryError | null,
  report: DeliveryReport<Key, Value> | undefined,
) => void

/** What goes into a batch: encoded, or a record itself where its key and value are so already. */
export interface Content {
  readonly key?: Encoded | undefined
  readonly value?: Encoded | undefined
  readonly headers?: readonly RecordHeader[] | undefined
}

/** One reading of the client's clocks, which records that come in one go share. */
export interface Moment {
  readonly epoch: number
  readonly now: number
}

/** The timestamp that a record is given. */
export function timestampOf(record: ProducerRecord<unknown, unknown>, taken: Moment): number {
  return record.timestamp ?? taken.epoch
}
