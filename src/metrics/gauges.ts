import type { OpenClient, Readings } from '../readings.ts'
import type { TellGauge } from './sink.ts'

/** Reads what is not told but asked for: how these clients stand now. */
export function readGauges(clients: Iterable<OpenClient>, tell: TellGauge): void {
  for (const client of clients) {
    const { clientId: client_id } = client.source
    const { connections, queue, reading } = client.readings()
    for (const { broker, inFlight } of connections) {
      tell('posthaste_client_connections', { client_id, broker }, 1)
      tell('posthaste_client_requests_in_flight', { client_id, broker }, inFlight)
    }
    if (queue) readQueue(client_id, queue, tell)
    if (reading) readReading(client_id, reading, tell)
  }
}

function readQueue(
  client_id: string,
  { records, bytes, limit }: NonNullable<Readings['queue']>,
  tell: TellGauge,
): void {
  tell('posthaste_producer_queue_records', { client_id }, records)
  tell('posthaste_producer_queue_bytes', { client_id }, bytes)
  tell('posthaste_producer_queue_limit_bytes', { client_id }, limit)
}

function readReading(
  client_id: string,
  reading: NonNullable<Readings['reading']>,
  tell: TellGauge,
): void {
  const { partitions } = reading
  const paused = partitions.filter(each => each.paused).length
  tell('posthaste_consumer_partitions', { client_id }, partitions.length)
  tell('posthaste_consumer_paused_partitions', { client_id }, paused)
  tell('posthaste_consumer_stalled_partitions', { client_id }, reading.stalledPartitions)
  tell('posthaste_consumer_buffered_bytes', { client_id }, reading.bufferedBytes)
  tell('posthaste_consumer_buffer_limit_bytes', { client_id }, reading.bufferedBytesLimit)
  tell('posthaste_consumer_poll_gap_seconds', { client_id }, reading.pollGapMs / 1000)
  for (const { topic, partition, lag } of partitions) {
    if (lag === undefined) continue
    const labels = { client_id, topic, partition: String(partition) }
    tell('posthaste_consumer_lag_records', labels, lag)
  }
}
