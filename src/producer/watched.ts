import type { EventSource } from '../events.ts'
import {
  beginOperation,
  Operation,
  type OperationFacts,
  type OperationOutcome,
} from '../operations.ts'
import type { RecordHeader } from '../records/layout.ts'
import type { DeliveryReport, ProducerRecord } from './delivery.ts'
import { checkRecord, headerList } from './records.ts'
import { NOT_YET, type Tracked } from './tracked.ts'

/**
 * A record whose way a tool looks on at, as tracing does: beside whoever of the program waits for
 * its outcome, or alone.
 */
export class Watched implements Tracked {
  readonly operation: Operation<'produce'>
  readonly record: ProducerRecord<unknown, unknown>
  /** What is to be encoded: the record as it was given, with the headers that were added. */
  readonly shaped: ProducerRecord<unknown, unknown>
  /** The record as the program waits for it, if it does. */
  readonly inner: Tracked | undefined
  taken = NOT_YET
  index = -1

  constructor(
    operation: Operation<'produce'>,
    record: ProducerRecord<unknown, unknown>,
    shaped: ProducerRecord<unknown, unknown>,
    inner: Tracked | undefined,
  ) {
    this.operation = operation
    this.record = record
    this.shaped = shaped
    this.inner = inner
  }

  resolve(report: DeliveryReport<unknown, unknown>): void {
    this.#end(inner => inner.resolve(report), { stored: report })
  }

  reject(error: unknown): void {
    this.#end(inner => inner.reject(error), { error })
  }

  /** Callbacks run where the record was produced, as far as tools know of places. */
  #end(tell: (inner: Tracked) => void, outcome: OperationOutcome<'produce'>): void {
    const { inner, operation } = this
    try {
      if (inner) operation.run(() => tell(inner))
    } finally {
      operation.end(outcome)
    }
  }
}

/** Whether somebody of the program hears of a record's outcome. */
export function isAwaited(tracked: Tracked): boolean {
  return !(tracked instanceof Watched) || tracked.inner !== undefined
}

/** Lets tools take part in the production of a record; undefined where none does. */
export function watch(
  record: ProducerRecord<unknown, unknown>,
  tracked: Tracked | undefined,
  source: EventSource,
): Watched | undefined {
  checkRecord(record)
  const { topic, partition, key, value, timestamp } = record
  const headers = record.headers === undefined ? [] : headerList(record.headers)
  const added: RecordHeader[] = []
  const facts: OperationFacts<'produce'> = {
    source,
    topic,
    partition,
    key,
    isTombstone: (value ?? null) === null,
    headers,
    addHeader: (name, text) => void added.push({ key: name, value: text }),
  }
  const operation = beginOperation('produce', facts)
  if (!operation && added.length === 0) return undefined
  const given = added.length === 0 ? record.headers : [...headers, ...added]
  const shaped = { topic, partition, key, value, timestamp, headers: given }
  return new Watched(operation ?? new Operation(facts), record, shaped, tracked)
}
