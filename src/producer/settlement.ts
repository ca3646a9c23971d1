import type { Cluster } from '../cluster/cluster.ts'
import { asError, DeliveryError, KafkaError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { WaitingEntry } from './accumulator.ts'
import type { Batch } from './batch.ts'
import { type DeliveryReport, timestampOf } from './delivery.ts'
import type { Flush } from './flush.ts'
import type { Statistics } from './statistics.ts'
import type { Tracked } from './tracked.ts'
import { isAwaited } from './watched.ts'

/** What is told to the program beside the callbacks of its records. */
export interface SettlementListener {
  /** A callback threw; or records failed of which nobody waits to hear. */
  error(error: Error): void
}

/** Counts of what became of records. */
export interface DeliveryCounts {
  delivered: number
  failed: number
  /** Callbacks run and promises settled. */
  reported: number
}

/** Tells every record's outcome, once; a batch at a time. */
export class Settlement {
  readonly counts: DeliveryCounts = { delivered: 0, failed: 0, reported: 0 }
  readonly flushes = new Set<Flush>()
  readonly #cluster: Cluster
  readonly #statistics: Statistics
  readonly #listener: SettlementListener
  #once: (() => void)[] = []

  constructor(cluster: Cluster, statistics: Statistics, listener: SettlementListener) {
    this.#cluster = cluster
    this.#statistics = statistics
    this.#listener = listener
  }

  /** Calls back once, after the next outcome. */
  onceSettled(heard: () => void): void {
    this.#once.push(heard)
  }

  /** All records of a batch are stored, from `baseOffset` on (-1 where it is not known). */
  delivered(batch: Batch, baseOffset: number, logAppendTime: number): void {
    batch.published({ baseOffset })
    batch.move('settled')
    this.counts.delivered += batch.count
    if (batch.tracked) {
      const now = this.#cluster.clock.now()
      for (const tracked of batch.tracked) {
        const offset = baseOffset < 0 ? -1 : baseOffset + tracked.index
        this.#tell(tracked, null, reportOf(batch, tracked, offset, logAppendTime, now))
      }
    }
    this.#published(batch, baseOffset)
  }

  /** No record of a batch will be confirmed. */
  failed(batch: Batch, cause: KafkaError): void {
    batch.published({ error: cause })
    batch.move('settled')
    this.counts.failed += batch.count
    const persisted = batch.maybePersisted ? 'maybe' : 'no'
    const tracked = batch.tracked ?? []
    for (const each of tracked) {
      this.#tell(each, deliveryError(batch, cause, persisted, each.record), undefined)
    }
    const told = tracked.filter(isAwaited)
    if (told.length < batch.count) this.#untold(batch, cause, persisted)
    this.#published(batch, -1, cause)
  }

  /** A record failed that never came into a batch. */
  refused(waiter: WaitingEntry, cause: KafkaError): void {
    this.counts.failed++
    const { record, tracked } = waiter
    const { topic, partition = -1 } = record
    const error = deliveryError({ topic, partition }, cause, 'no', record)
    if (tracked) this.#tell(tracked, error, undefined)
    if (!tracked || !isAwaited(tracked)) this.#listener.error(error)
    for (const flush of this.flushes) flush.refused(waiter)
    this.#cluster.publisher.publish('record:refused', { topic, error })
  }

  #tell(
    tracked: Tracked,
    error: DeliveryError | null,
    report: DeliveryReport<unknown, unknown> | undefined,
  ): void {
    if (isAwaited(tracked)) this.counts.reported++
    try {
      if (report) tracked.resolve(report)
      else tracked.reject(error)
    } catch (thrown) {
      // The program's own mistake must not keep other records from hearing of theirs.
      const cause = asError(thrown)
      const message = `a delivery callback threw: ${cause.message}`
      this.#listener.error(new KafkaError({ code: 'CALLBACK_FAILED', message, cause }))
    }
  }

  /** Records without a callback failed: said once for the batch, so that it is not lost. */
  #untold(batch: Batch, cause: KafkaError, persisted: 'no' | 'maybe'): void {
    if (cause.code === 'TRANSACTION_ABORTED') return
    const error = deliveryError(batch, cause, persisted, undefined)
    const { topic, partition, count: records } = batch
    this.#cluster.logger.log('error', 'delivery.failed', { topic, partition, records, error })
    this.#listener.error(error)
  }

  #published(batch: Batch, baseOffset: number, error?: Error): void {
    for (const flush of this.flushes) flush.settled(batch)
    for (const heard of this.#once.splice(0)) heard()
    const { publisher, clock } = this.#cluster
    this.#statistics.deliveryLatencyMs.record(clock.now() - batch.createdAt)
    if (!publisher.heard('batch:settled')) return
    const settled: Events['batch:settled'] = {
      topic: batch.topic,
      partition: batch.partition,
      batch: batch.id,
      records: batch.count,
      bytes: batch.size,
      baseSequence: batch.sequence?.base ?? -1,
      baseOffset,
      sends: batch.sends,
      plainBytes: batch.writer.size,
      latencyMs: clock.now() - batch.createdAt,
      waitMs: batch.sentAt === undefined ? -1 : batch.sentAt - batch.createdAt,
    }
    if (error) settled.error = error
    publisher.publish('batch:settled', settled)
  }
}

function reportOf(
  batch: Batch,
  { record, taken }: Tracked,
  offset: number,
  logAppendTime: number,
  now: number,
): DeliveryReport<unknown, unknown> {
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset,
    timestamp: logAppendTime < 0 ? timestampOf(record, taken) : logAppendTime,
    key: record.key ?? null,
    value: record.value ?? null,
    headers: record.headers,
    latencyMs: now - taken.now,
  }
}

function deliveryError(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  cause: KafkaError,
  persisted: 'no' | 'maybe',
  record: unknown,
): DeliveryError {
  const slot = partition < 0 ? '' : ` [${partition}]`
  const fate = persisted === 'maybe' ? ' (it may have been stored)' : ''
  return new DeliveryError({
    code: cause.code,
    message: `not delivered to ${topic}${slot}${fate}: ${cause.message}`,
    retriable: cause.retriable,
    abortable: cause.abortable,
    fatal: cause.fatal,
    cause,
    at: partition < 0 ? { topic } : { topic, partition },
    persisted,
    record,
  })
}
