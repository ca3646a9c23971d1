import { errorLabel, Hearing, type IsWatched, memo } from './hearing.ts'
import type { Sink } from './sink.ts'

/** What producers do. Nothing is heard for a record: a few additions for each batch. */
export function observeProducers(sink: Sink, isWatched: IsWatched): Hearing<ProducerInstruments> {
  const hearing = new Hearing(isWatched, clientId => instruments(sink, clientId))
  hearing.on('batch:settled', (producer, batch) => {
    const { records, bytes, plainBytes, waitMs, error } = batch
    producer.deliveryLatency.record(batch.latencyMs / 1000)
    if (waitMs >= 0) {
      producer.wait.record(waitMs / 1000)
      producer.batchRecords.record(records)
      producer.batchBytes.record(bytes)
      producer.ratio.record(bytes / plainBytes)
    }
    const topic = producer.topic(batch.topic)
    if (error) topic.failed(errorLabel(error)).add(records)
    else {
      topic.delivered.add(records)
      topic.bytes.add(bytes)
      topic.plainBytes.add(plainBytes)
    }
  })
  hearing.on('record:refused', (producer, { topic, error }) =>
    producer.topic(topic).failed(errorLabel(error)).add(1),
  )
  hearing.on('batch:retried', (producer, { topic, error }) =>
    producer.topic(topic).retried(errorLabel(error)).add(1),
  )
  hearing.on('batch:split', (producer, { topic }) => producer.topic(topic).split().add(1))
  hearing.on('buffer:full', (producer, { then }) => producer.full(then).add(1))
  hearing.on('identity:moved', (producer, { to, cause }) => {
    if (to === 'refused') producer.fatal(errorLabel(cause)).add(1)
  })
  hearTransactions(hearing)
  return hearing
}

function hearTransactions(hearing: Hearing<ProducerInstruments>): void {
  hearing.on('transaction:moved', (producer, { from, to, cause, at }) => {
    if (to === 'fatal') producer.fatal(errorLabel(cause)).add(1)
    if (to === 'open') producer.openedAt = at
    const isEnd = to === 'ready' && (from === 'committing' || from === 'aborting')
    if (!isEnd) return
    const { committed, aborted, transaction } = producer.transactions()
    if (from === 'committing') committed.add(1)
    else aborted.add(1)
    if (producer.openedAt !== undefined) transaction.record((at - producer.openedAt) / 1000)
    producer.openedAt = undefined
  })
}

interface ProducerInstruments extends ReturnType<typeof instruments> {
  /** When its transaction began. */
  openedAt?: number | undefined
}

function instruments(sink: Sink, client_id: string) {
  const client = { client_id }
  const transactions = memo(() => ({
    committed: sink.counter('posthaste_producer_transactions_committed_total', client),
    aborted: sink.counter('posthaste_producer_transactions_aborted_total', client),
    transaction: sink.histogram('posthaste_producer_transaction_seconds', client),
  }))
  return {
    topic: memo(topic => topicInstruments(sink, { client_id, topic })),
    batchRecords: sink.histogram('posthaste_producer_batch_records', client),
    batchBytes: sink.histogram('posthaste_producer_batch_bytes', client),
    ratio: sink.histogram('posthaste_producer_compression_ratio', client),
    wait: sink.histogram('posthaste_producer_batch_wait_seconds', client),
    deliveryLatency: sink.histogram('posthaste_producer_delivery_latency_seconds', client),
    transactions: () => transactions(''),
    full: (outcome: string) =>
      sink.counter('posthaste_producer_buffer_full_total', { client_id, outcome }),
    fatal: (error: string) =>
      sink.counter('posthaste_producer_fatal_errors_total', { client_id, error }),
  }
}

function topicInstruments(sink: Sink, labels: { client_id: string; topic: string }) {
  return {
    delivered: sink.counter('posthaste_producer_records_delivered_total', labels),
    bytes: sink.counter('posthaste_producer_delivered_bytes_total', labels),
    plainBytes: sink.counter('posthaste_producer_uncompressed_bytes_total', labels),
    split: () => sink.counter('posthaste_producer_batch_splits_total', labels),
    failed: (error: string) =>
      sink.counter('posthaste_producer_records_failed_total', { ...labels, error }),
    retried: (error: string) =>
      sink.counter('posthaste_producer_batch_retries_total', { ...labels, error }),
  }
}
