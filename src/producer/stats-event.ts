import type { Distribution } from '../base/histogram.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Accumulator } from './accumulator.ts'
import type { ProducerConfig } from './options.ts'
import type { DeliveryCounts } from './settlement.ts'
import type { Statistics } from './statistics.ts'

/** A distribution under librdkafka's names, in microseconds or in the unit of the field. */
interface Window {
  readonly min: number
  readonly max: number
  readonly avg: number
  readonly sum: number
  readonly cnt: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

/**
 * The `stats` event, every `statistics.interval.ms`: a plain object, ready for JSON. Where a field
 * means the same it has librdkafka's name (STATISTICS.md there), and its unit. Counts are since
 * the producer was made. docs/statistics.md tells of each field.
 */
export interface ProducerStats {
  readonly name: string
  readonly client_id: string
  readonly type: 'producer'
  /** Microseconds by the monotonic clock. */
  readonly ts: number
  /** Seconds since 1970. */
  readonly time: number
  /** Records and bytes that wait or are on their way, and their limits. */
  readonly msg_cnt: number
  readonly msg_size: number
  readonly msg_max: number
  readonly msg_size_max: number
  /** Produce requests sent and answered, bytes of batches, records delivered. */
  readonly tx: number
  readonly tx_bytes: number
  readonly txmsgs: number
  readonly txmsgs_failed: number
  readonly batchsize: Window
  readonly batchcnt: Window
  readonly delivery_latency: Window
  readonly brokers: Readonly<Record<string, BrokerStats>>
  readonly topics: Readonly<Record<string, TopicStats>>
}

interface BrokerStats {
  readonly name: string
  readonly tx: number
  readonly txbytes: number
  readonly txerrs: number
  readonly rtt: Window
  readonly throttle: Window
}

interface TopicStats {
  readonly topic: string
  readonly partitions: Readonly<Record<string, PartitionStats>>
}

interface PartitionStats {
  readonly partition: number
  readonly leader: number
  /** Records that wait, and those on their way. */
  readonly msgq_cnt: number
  readonly msgs_inflight: number
}

export interface StatsSources {
  readonly cluster: Cluster
  readonly config: ProducerConfig
  readonly accumulator: Accumulator
  readonly counts: DeliveryCounts
  readonly statistics: Statistics
}

export function producerStats(sources: StatsSources): ProducerStats {
  const { cluster, config, accumulator, counts, statistics } = sources
  const { clock, publisher } = cluster
  const brokers = [...statistics.brokers]
  return {
    name: `${config.clientId}#producer-${publisher.source.instance}`,
    client_id: config.clientId,
    type: 'producer',
    ts: Math.round(clock.now() * 1_000),
    time: Math.round(clock.epoch() / 1_000),
    msg_cnt: accumulator.records,
    msg_size: accumulator.memory.used,
    msg_max: config.queueBufferingMaxMessages,
    msg_size_max: accumulator.memory.limit,
    tx: brokers.reduce((sum, [, figures]) => sum + figures.requests, 0),
    tx_bytes: brokers.reduce((sum, [, figures]) => sum + figures.bytes, 0),
    txmsgs: counts.delivered,
    txmsgs_failed: counts.failed,
    batchsize: window(statistics.batchBytes.read()),
    batchcnt: window(statistics.batchRecords.read()),
    delivery_latency: window(statistics.deliveryLatencyMs.read(), MICROSECONDS),
    brokers: Object.fromEntries(
      brokers.map(([name, { requests, bytes, errors, latencyMs, throttleMs }]) => [
        name,
        {
          name,
          tx: requests,
          txbytes: bytes,
          txerrs: errors,
          rtt: window(latencyMs.read(), MICROSECONDS),
          throttle: window(throttleMs.read()),
        },
      ]),
    ),
    topics: topicStats(accumulator, cluster),
  }
}

const MICROSECONDS = 1_000

function window(read: Distribution, scale = 1): Window {
  const scaled = (value: number) => Math.round(value * scale)
  const { count: cnt, min, max, average, sum, p50, p90, p99 } = read
  return {
    cnt,
    min: scaled(min),
    max: scaled(max),
    avg: scaled(average),
    sum: scaled(sum),
    p50: scaled(p50),
    p90: scaled(p90),
    p99: scaled(p99),
  }
}

function topicStats(accumulator: Accumulator, cluster: Cluster): Record<string, TopicStats> {
  const topics: Record<string, TopicStats> = {}
  for (const [name, { queues }] of accumulator.topics) {
    const partitions: Record<string, PartitionStats> = {}
    for (const queue of queues) {
      if (!queue) continue
      const { partition } = queue
      const waiting = [...queue.waiting, ...(queue.open ? [queue.open] : [])]
      partitions[partition] = {
        partition,
        leader: cluster.view.partition(name, partition)?.leader ?? -1,
        msgq_cnt: waiting.reduce((sum, batch) => sum + batch.count, 0),
        msgs_inflight: queue.inFlight.reduce((sum, batch) => sum + batch.count, 0),
      }
    }
    topics[name] = { topic: name, partitions }
  }
  return topics
}
