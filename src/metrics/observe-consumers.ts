import { errorLabel, Hearing, type IsWatched, memo } from './hearing.ts'
import type { Sink } from './sink.ts'

/** What consumers do. */
export function observeConsumers(sink: Sink, isWatched: IsWatched): Hearing<ConsumerInstruments> {
  const hearing = new Hearing(isWatched, clientId => instruments(sink, clientId))
  hearing.on('fetch:received', (consumer, { topic, records, bytes }) => {
    const of = consumer.topic(topic)
    of.records.add(records)
    of.bytes.add(bytes)
  })
  hearing.on('handler:ended', (consumer, { latencyMs, error }) =>
    consumer.handler(error ? 'failed' : 'done').record(latencyMs / 1000),
  )
  hearing.on('record:dead', (consumer, { topic }) => consumer.dead(topic).add(1))
  hearing.on('record:bad', (consumer, { topic, error }) =>
    consumer.bad(topic, errorLabel(error)).add(1),
  )
  hearing.on('partition:stalled', (consumer, { waitsFor }) => consumer.stalled(waitsFor).add(1))
  hearing.on('offsets:committed', (consumer, { group, latencyMs }) =>
    consumer
      .group(group)
      .commit()
      .record(latencyMs / 1000),
  )
  hearing.on('offsets:refused', (consumer, { group, error }) =>
    consumer.group(group).refused(errorLabel(error)).add(1),
  )
  hearGroups(hearing)
  return hearing
}

const unsettled = new Set(['joining', 'syncing', 'reconciling'])

function hearGroups(hearing: Hearing<ConsumerInstruments>): void {
  hearing.on('share:changed', (consumer, { group, change, partitions }) =>
    consumer.group(group).changed(change).add(partitions.length),
  )
  hearing.on('group:moved', (consumer, { group, to, at }) => {
    if (unsettled.has(to)) consumer.unsettledAt ??= at
    else if (to === 'stable' && consumer.unsettledAt !== undefined) {
      const { rebalances, rebalance } = consumer.group(group)
      rebalances().add(1)
      rebalance().record((at - consumer.unsettledAt) / 1000)
      consumer.unsettledAt = undefined
    } else consumer.unsettledAt = undefined
  })
}

interface ConsumerInstruments extends ReturnType<typeof instruments> {
  /** Since when it has no settled place in its group. */
  unsettledAt?: number | undefined
}

function instruments(sink: Sink, client_id: string) {
  return {
    topic: memo(topic => ({
      records: sink.counter('posthaste_consumer_fetched_records_total', { client_id, topic }),
      bytes: sink.counter('posthaste_consumer_fetched_bytes_total', { client_id, topic }),
    })),
    group: memo(group => groupInstruments(sink, { client_id, group })),
    handler: memo(outcome =>
      sink.histogram('posthaste_consumer_handler_seconds', { client_id, outcome }),
    ),
    stalled: (waits_for: string) =>
      sink.counter('posthaste_consumer_stalls_total', { client_id, waits_for }),
    dead: (topic: string) =>
      sink.counter('posthaste_consumer_dead_letters_total', { client_id, topic }),
    bad: (topic: string, error: string) =>
      sink.counter('posthaste_consumer_bad_records_total', { client_id, topic, error }),
  }
}

function groupInstruments(sink: Sink, labels: { client_id: string; group: string }) {
  return {
    rebalances: () => sink.counter('posthaste_consumer_rebalances_total', labels),
    rebalance: () => sink.histogram('posthaste_consumer_rebalance_seconds', labels),
    changed: (change: string) =>
      sink.counter('posthaste_consumer_partition_changes_total', { ...labels, change }),
    commit: () => sink.histogram('posthaste_consumer_commit_latency_seconds', labels),
    refused: (error: string) =>
      sink.counter('posthaste_consumer_commit_failures_total', { ...labels, error }),
  }
}
