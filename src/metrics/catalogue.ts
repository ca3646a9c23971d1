/**
 * Every metric that is kept of clients: one list, from which the text for Prometheus, the tables of
 * docs/metrics.md and the checks of the dashboard are made. Names and units are as Prometheus wants
 * them: seconds, bytes, `_total` where it only grows.
 */

interface Described {
  readonly help: string
  readonly unit: Unit
  readonly labels: readonly LabelName[]
}

/** What the value of a metric counts. */
export type Unit =
  | 'seconds'
  | 'bytes'
  | 'records'
  | 'batches'
  | 'requests'
  | 'connections'
  | 'partitions'
  | 'times'
  | 'ratio'

/** What only grows. */
export interface CounterSpec extends Described {
  readonly kind: 'counter'
}

/** What goes up and down; it is read when somebody asks. */
export interface GaugeSpec extends Described {
  readonly kind: 'gauge'
  /** What stands for several clients of one `client.id`. */
  readonly several: 'sum' | 'max'
}

/** How something is distributed. */
export interface HistogramSpec extends Described {
  readonly kind: 'histogram'
  /** Upper bounds, ascending; what is above the last is counted all the same. */
  readonly buckets: readonly number[]
}

/** What a metric is: its kind, unit and labels. */
export type MetricSpec = CounterSpec | GaugeSpec | HistogramSpec

/** Every label, and what it says. */
export const labelNames = {
  client_id: '`client.id`',
  broker: 'node id and address: `1 (kafka:9092)`',
  api: "Kafka's name of the request: `Produce`, `Fetch`",
  topic: 'the topic',
  partition: 'the number of the partition',
  group: '`group.id`',
  error: "Kafka's name of the error, or this client's: see [errors.md](errors.md)",
  change: '`assigned`, `revoked` or `lost`',
  outcome: '`done`, or `failed` where it threw; of room: `refused`, or `waits` for it',
  waits_for: '`offset`, `broker` or `program`',
} as const

/** A label that a metric may have, such as `topic`. */
export type LabelName = keyof typeof labelNames

/** From a tenth of a millisecond to half a minute. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** What may take as long as a member may be silent. */
const LONG = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
const BYTES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304]
const RECORDS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]
const RATIO = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]

const clients = {
  posthaste_client_request_latency_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: 'From sending a request to its answer, the wait that it asked for included',
    labels: ['client_id', 'broker', 'api'],
    buckets: SECONDS,
  },
  posthaste_client_requests_in_flight: {
    kind: 'gauge',
    unit: 'requests',
    help: 'Requests that wait for their answer',
    labels: ['client_id', 'broker'],
    several: 'sum',
  },
  posthaste_client_throttle_seconds_total: {
    kind: 'counter',
    unit: 'seconds',
    help: 'Silence that brokers asked for because a quota was used up (KIP-219)',
    labels: ['client_id', 'broker'],
  },
  posthaste_client_connections: {
    kind: 'gauge',
    unit: 'connections',
    help: 'Connections that are open',
    labels: ['client_id', 'broker'],
    several: 'sum',
  },
  posthaste_client_connections_opened_total: {
    kind: 'counter',
    unit: 'connections',
    help: 'Connections that became ready, authenticated where that is asked for',
    labels: ['client_id', 'broker'],
  },
  posthaste_client_connections_closed_total: {
    kind: 'counter',
    unit: 'connections',
    help: 'Connections that were ready and closed, by either side',
    labels: ['client_id', 'broker'],
  },
  posthaste_client_connection_failures_total: {
    kind: 'counter',
    unit: 'connections',
    help: 'Connections that could not be made, or closed before they were ready',
    labels: ['client_id', 'broker', 'error'],
  },
  posthaste_client_reauthentications_total: {
    kind: 'counter',
    unit: 'times',
    help: 'Times that an open connection was authenticated again (KIP-368)',
    labels: ['client_id', 'broker'],
  },
  posthaste_client_metadata_refreshes_total: {
    kind: 'counter',
    unit: 'times',
    help: 'Times that news of the cluster came: its brokers, topics and leaders',
    labels: ['client_id'],
  },
} as const satisfies Record<string, MetricSpec>

const producers = {
  posthaste_producer_queue_records: {
    kind: 'gauge',
    unit: 'records',
    help: 'Records that were taken and have no outcome yet',
    labels: ['client_id'],
    several: 'sum',
  },
  posthaste_producer_queue_bytes: {
    kind: 'gauge',
    unit: 'bytes',
    help: 'Bytes of buffer.memory that they hold',
    labels: ['client_id'],
    several: 'sum',
  },
  posthaste_producer_queue_limit_bytes: {
    kind: 'gauge',
    unit: 'bytes',
    help: 'buffer.memory',
    labels: ['client_id'],
    several: 'sum',
  },
  posthaste_producer_buffer_full_total: {
    kind: 'counter',
    unit: 'records',
    help: 'Records for which there was no room in buffer.memory',
    labels: ['client_id', 'outcome'],
  },
  posthaste_producer_records_delivered_total: {
    kind: 'counter',
    unit: 'records',
    help: 'Records that are stored, as the broker confirmed',
    labels: ['client_id', 'topic'],
  },
  posthaste_producer_records_failed_total: {
    kind: 'counter',
    unit: 'records',
    help: 'Records that were taken and could not be delivered',
    labels: ['client_id', 'topic', 'error'],
  },
  posthaste_producer_delivered_bytes_total: {
    kind: 'counter',
    unit: 'bytes',
    help: 'Bytes of batches that are stored, as they were sent',
    labels: ['client_id', 'topic'],
  },
  posthaste_producer_uncompressed_bytes_total: {
    kind: 'counter',
    unit: 'bytes',
    help: 'Bytes of the same batches before compression',
    labels: ['client_id', 'topic'],
  },
  posthaste_producer_batch_records: {
    kind: 'histogram',
    unit: 'records',
    help: 'Records in a batch',
    labels: ['client_id'],
    buckets: RECORDS,
  },
  posthaste_producer_batch_bytes: {
    kind: 'histogram',
    unit: 'bytes',
    help: 'Bytes of a batch as it was sent',
    labels: ['client_id'],
    buckets: BYTES,
  },
  posthaste_producer_compression_ratio: {
    kind: 'histogram',
    unit: 'ratio',
    help: 'Bytes of a batch as it was sent, for each byte before compression',
    labels: ['client_id'],
    buckets: RATIO,
  },
  posthaste_producer_batch_wait_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: "From a batch's first record until it was first sent: lingering, compression, the queue",
    labels: ['client_id'],
    buckets: SECONDS,
  },
  posthaste_producer_delivery_latency_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: "From a batch's first record to its outcome",
    labels: ['client_id'],
    buckets: LONG,
  },
  posthaste_producer_batch_retries_total: {
    kind: 'counter',
    unit: 'batches',
    help: 'Batches that came back to be sent again, and why',
    labels: ['client_id', 'topic', 'error'],
  },
  posthaste_producer_batch_splits_total: {
    kind: 'counter',
    unit: 'batches',
    help: 'Batches that were split since the broker found them too large (KIP-126)',
    labels: ['client_id', 'topic'],
  },
  posthaste_producer_transactions_committed_total: {
    kind: 'counter',
    unit: 'times',
    help: 'Transactions that were committed',
    labels: ['client_id'],
  },
  posthaste_producer_transactions_aborted_total: {
    kind: 'counter',
    unit: 'times',
    help: 'Transactions that were aborted',
    labels: ['client_id'],
  },
  posthaste_producer_transaction_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: 'From beginning a transaction to its end, either way',
    labels: ['client_id'],
    buckets: LONG,
  },
  posthaste_producer_fatal_errors_total: {
    kind: 'counter',
    unit: 'times',
    help: 'Errors after which a producer can only be closed, as when it is fenced',
    labels: ['client_id', 'error'],
  },
} as const satisfies Record<string, MetricSpec>

const consumers = {
  posthaste_consumer_lag_records: {
    kind: 'gauge',
    unit: 'records',
    help: 'Offsets between the consumer and the end of the log, as a fetch last told',
    labels: ['client_id', 'topic', 'partition'],
    several: 'sum',
  },
  posthaste_consumer_partitions: {
    kind: 'gauge',
    unit: 'partitions',
    help: 'Partitions that it reads',
    labels: ['client_id'],
    several: 'sum',
  },
  posthaste_consumer_paused_partitions: {
    kind: 'gauge',
    unit: 'partitions',
    help: 'Those of them that are paused',
    labels: ['client_id'],
    several: 'sum',
  },
  posthaste_consumer_stalled_partitions: {
    kind: 'gauge',
    unit: 'partitions',
    help: 'Those of them that should get on and have not for stall.timeout.ms',
    labels: ['client_id'],
    several: 'sum',
  },
  posthaste_consumer_stalls_total: {
    kind: 'counter',
    unit: 'times',
    help: 'Times that a partition was found stuck, and again after each stall.timeout.ms',
    labels: ['client_id', 'waits_for'],
  },
  posthaste_consumer_buffered_bytes: {
    kind: 'gauge',
    unit: 'bytes',
    help: 'Bytes that were fetched and wait for the program',
    labels: ['client_id'],
    several: 'sum',
  },
  posthaste_consumer_buffer_limit_bytes: {
    kind: 'gauge',
    unit: 'bytes',
    help: 'How many of them may wait (prefetch.max.bytes)',
    labels: ['client_id'],
    several: 'sum',
  },
  posthaste_consumer_poll_gap_seconds: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'How long the program has not asked for more; 0 while it waits for records',
    labels: ['client_id'],
    several: 'max',
  },
  posthaste_consumer_fetch_latency_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: "From sending a Fetch to its answer, the broker's wait for records included",
    labels: ['client_id'],
    buckets: SECONDS,
  },
  posthaste_consumer_fetched_records_total: {
    kind: 'counter',
    unit: 'records',
    help: 'Records that came',
    labels: ['client_id', 'topic'],
  },
  posthaste_consumer_fetched_bytes_total: {
    kind: 'counter',
    unit: 'bytes',
    help: 'Bytes of batches that came',
    labels: ['client_id', 'topic'],
  },
  posthaste_consumer_bad_records_total: {
    kind: 'counter',
    unit: 'records',
    help: 'Records that could not be read or deserialized',
    labels: ['client_id', 'topic', 'error'],
  },
  posthaste_consumer_handler_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: 'How long a handler of run() took for a record or a batch',
    labels: ['client_id', 'outcome'],
    buckets: SECONDS,
  },
  posthaste_consumer_dead_letters_total: {
    kind: 'counter',
    unit: 'records',
    help: 'Records that failed for good and went to the dead letters',
    labels: ['client_id', 'topic'],
  },
  posthaste_consumer_rebalances_total: {
    kind: 'counter',
    unit: 'times',
    help: 'Times that the member had its share of the group anew',
    labels: ['client_id', 'group'],
  },
  posthaste_consumer_rebalance_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: 'How long that took, from joining or the news of another share',
    labels: ['client_id', 'group'],
    buckets: LONG,
  },
  posthaste_consumer_partition_changes_total: {
    kind: 'counter',
    unit: 'partitions',
    help: 'Partitions that came, were given up, or were lost without a chance to commit',
    labels: ['client_id', 'group', 'change'],
  },
  posthaste_consumer_commit_latency_seconds: {
    kind: 'histogram',
    unit: 'seconds',
    help: 'How long it took to store offsets, with all tries',
    labels: ['client_id', 'group'],
    buckets: SECONDS,
  },
  posthaste_consumer_commit_failures_total: {
    kind: 'counter',
    unit: 'times',
    help: 'Commits that failed for good',
    labels: ['client_id', 'group', 'error'],
  },
} as const satisfies Record<string, MetricSpec>

/** Every metric, by its name: what it is, its unit and labels. */
export const catalogue = { ...clients, ...producers, ...consumers }

/** The name of a metric: `catalogue` has them all. */
export type MetricName = keyof typeof catalogue

type NameOf<Kind> = {
  [Name in MetricName]: (typeof catalogue)[Name]['kind'] extends Kind ? Name : never
}[MetricName]

export type CounterName = NameOf<'counter'>
export type GaugeName = NameOf<'gauge'>
export type HistogramName = NameOf<'histogram'>

/** The labels that a metric takes, each with its value. */
export type LabelsOf<Name extends MetricName> = {
  readonly [Label in (typeof catalogue)[Name]['labels'][number]]: string
}

export const metricNames = Object.keys(catalogue) as MetricName[]
