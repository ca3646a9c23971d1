import type { EventSource } from '../events.ts'
import { beginOperation, Operation, type OperationFacts } from '../operations.ts'
import type { RecordHeader } from '../records/layout.ts'
import type {
  DeliveryListener,
  DeliveryReport,
  DeliveryWaiter,
  ProducerRecord,
} from './delivery.ts'
import { checkRecord, headerList } from './records.ts'

/**
 * A record whose way a tool looks on at, as tracing does: beside whoever of the program waits for
 * its outcome, or alone.
 */
export class Watched implements DeliveryWaiter {
  readonly operation: Operation<'produce'>
  /** What is to be encoded: the record as it was given, with the headers that were added. */
  readonly record: ProducerRecord<unknown, unknown>
  /** Who of the program waits, if anybody does. */
  readonly listener: DeliveryListener | undefined

  constructor(
    operation: Operation<'produce'>,
    record: ProducerRecord<unknown, unknown>,
    listener: DeliveryListener | undefined,
  ) {
    this.operation = operation
    this.record = record
    this.listener = listener
  }

  resolve(report: DeliveryReport<unknown, unknown>): void {
    const { partition, offset } = report
    this.operation.end({ stored: { partition, offset } })
    if (typeof this.listener === 'object') this.listener.resolve(report)
  }

  reject(error: unknown): void {
    this.operation.end({ error })
    if (typeof this.listener === 'object') this.listener.reject(error)
  }
}

/** Whether somebody of the program hears of a record's outcome. */
export function isAwaited(listener: DeliveryListener): boolean {
  return !(listener instanceof Watched) || listener.listener !== undefined
}

/** Lets tools take part in the production of a record; undefined where none does. */
export function watch(
  record: ProducerRecord<unknown, unknown>,
  listener: DeliveryListener | undefined,
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
  const encoded = { topic, partition, key, value, timestamp, headers: given }
  return new Watched(operation ?? new Operation(facts), encoded, listener)
}
