/**
 * docs/grafana/posthaste.json: the dashboard, as rows of panels and what each asks Prometheus for.
 * Grafana's own format is made of it below.
 */

interface Panel {
  readonly title: string
  /** Grafana's name of it: `s`, `bytes`, `short`, `ops` … */
  readonly unit: string
  /** PromQL with its legend. `$C` stands for the chosen clients, `$T` for them and the topics. */
  readonly queries: readonly (readonly [legend: string, query: string])[]
  readonly about?: string
}

const rate = (metric: string, by: string, where = '$C') =>
  `sum by (${by}) (rate(${metric}{${where}}[$__rate_interval]))`
const quantile = (share: number, metric: string, by = 'client_id', where = '$C') =>
  `histogram_quantile(${share}, sum by (le, ${by}) (rate(${metric}_bucket{${where}}[$__rate_interval])))`
const gauge = (metric: string, by: string, where = '$C') => `sum by (${by}) (${metric}{${where}})`
const mean = (metric: string) =>
  `sum by (client_id) (rate(${metric}_sum{$C}[$__rate_interval])) / ` +
  `sum by (client_id) (rate(${metric}_count{$C}[$__rate_interval]))`
const spread = (metric: string): Panel['queries'] => [
  ['{{client_id}} median', quantile(0.5, metric)],
  ['{{client_id}} p99', quantile(0.99, metric)],
]

const P = 'posthaste_producer_'
const C = 'posthaste_consumer_'
const K = 'posthaste_client_'

const producers: readonly Panel[] = [
  {
    title: 'Records delivered',
    unit: 'ops',
    queries: [
      ['{{client_id}} {{topic}}', rate(`${P}records_delivered_total`, 'client_id, topic', '$T')],
    ],
  },
  {
    title: 'Records failed',
    unit: 'ops',
    about: 'Anything above 0 is data that somebody wanted stored, and is not.',
    queries: [
      [
        '{{client_id}} {{topic}} {{error}}',
        rate(`${P}records_failed_total`, 'client_id, topic, error', '$T'),
      ],
      ['{{client_id}} fatal: {{error}}', rate(`${P}fatal_errors_total`, 'client_id, error')],
    ],
  },
  { title: 'Delivery latency', unit: 's', queries: spread(`${P}delivery_latency_seconds`) },
  {
    title: 'Queue: share of buffer.memory',
    unit: 'percentunit',
    about: 'At 1, produce() refuses records and send() waits.',
    queries: [
      [
        '{{client_id}}',
        `${gauge(`${P}queue_bytes`, 'client_id')} / ${gauge(`${P}queue_limit_bytes`, 'client_id')}`,
      ],
    ],
  },
  {
    title: 'Queue: records',
    unit: 'short',
    queries: [
      ['{{client_id}}', gauge(`${P}queue_records`, 'client_id')],
      [
        '{{client_id}} no room: {{outcome}} a second',
        rate(`${P}buffer_full_total`, 'client_id, outcome'),
      ],
    ],
  },
  {
    title: 'Bytes sent and saved',
    unit: 'Bps',
    queries: [
      ['{{client_id}} sent', rate(`${P}delivered_bytes_total`, 'client_id', '$T')],
      ['{{client_id}} before compression', rate(`${P}uncompressed_bytes_total`, 'client_id', '$T')],
    ],
  },
  { title: 'Batch: wait before sending', unit: 's', queries: spread(`${P}batch_wait_seconds`) },
  { title: 'Batch: bytes', unit: 'bytes', queries: spread(`${P}batch_bytes`) },
  { title: 'Batch: records', unit: 'short', queries: spread(`${P}batch_records`) },
  {
    title: 'Compression: bytes sent for each byte',
    unit: 'percentunit',
    queries: [['{{client_id}}', mean(`${P}compression_ratio`)]],
  },
  {
    title: 'Batches sent again, and split',
    unit: 'ops',
    queries: [
      ['{{client_id}} {{error}}', rate(`${P}batch_retries_total`, 'client_id, error', '$T')],
      ['{{client_id}} split', rate(`${P}batch_splits_total`, 'client_id', '$T')],
    ],
  },
  {
    title: 'Transactions',
    unit: 'ops',
    queries: [
      ['{{client_id}} committed', rate(`${P}transactions_committed_total`, 'client_id')],
      ['{{client_id}} aborted', rate(`${P}transactions_aborted_total`, 'client_id')],
    ],
  },
  { title: 'Transactions: duration', unit: 's', queries: spread(`${P}transaction_seconds`) },
]

const consumers: readonly Panel[] = [
  {
    title: 'Lag',
    unit: 'short',
    queries: [['{{client_id}} {{topic}}', gauge(`${C}lag_records`, 'client_id, topic', '$T')]],
  },
  {
    title: 'Records and bytes fetched',
    unit: 'ops',
    queries: [
      ['{{client_id}} {{topic}}', rate(`${C}fetched_records_total`, 'client_id, topic', '$T')],
    ],
  },
  {
    title: 'Bytes fetched',
    unit: 'Bps',
    queries: [
      ['{{client_id}} {{topic}}', rate(`${C}fetched_bytes_total`, 'client_id, topic', '$T')],
    ],
  },
  { title: 'Fetch latency', unit: 's', queries: spread(`${C}fetch_latency_seconds`) },
  {
    title: 'Handlers',
    unit: 's',
    queries: [
      [
        '{{client_id}} {{outcome}} p99',
        quantile(0.99, `${C}handler_seconds`, 'client_id, outcome'),
      ],
    ],
  },
  {
    title: 'Records that failed',
    unit: 'ops',
    queries: [
      [
        '{{client_id}} {{topic}} dead letters',
        rate(`${C}dead_letters_total`, 'client_id, topic', '$T'),
      ],
      [
        '{{client_id}} {{topic}} {{error}}',
        rate(`${C}bad_records_total`, 'client_id, topic, error', '$T'),
      ],
    ],
  },
  {
    title: 'Program: time since it last asked for more',
    unit: 's',
    about: 'Beyond max.poll.interval.ms the group goes on without this member.',
    queries: [['{{client_id}}', `max by (client_id) (${C}poll_gap_seconds{$C})`]],
  },
  {
    title: 'Partitions',
    unit: 'short',
    queries: [
      ['{{client_id}}', gauge(`${C}partitions`, 'client_id')],
      ['{{client_id}} paused', gauge(`${C}paused_partitions`, 'client_id')],
      ['{{client_id}} stalled', gauge(`${C}stalled_partitions`, 'client_id')],
    ],
  },
  {
    title: 'Stalls found',
    unit: 'ops',
    queries: [
      ['{{client_id}} waits for {{waits_for}}', rate(`${C}stalls_total`, 'client_id, waits_for')],
    ],
  },
  {
    title: 'Rebalances',
    unit: 'ops',
    queries: [
      ['{{group}} {{client_id}}', rate(`${C}rebalances_total`, 'group, client_id')],
      ['{{group}} partitions {{change}}', rate(`${C}partition_changes_total`, 'group, change')],
    ],
  },
  {
    title: 'Rebalances: duration',
    unit: 's',
    queries: [['{{group}} p99', quantile(0.99, `${C}rebalance_seconds`, 'group')]],
  },
  {
    title: 'Commits: latency',
    unit: 's',
    queries: [['{{group}} p99', quantile(0.99, `${C}commit_latency_seconds`, 'group')]],
  },
  {
    title: 'Commits that failed',
    unit: 'ops',
    queries: [['{{group}} {{error}}', rate(`${C}commit_failures_total`, 'group, error')]],
  },
  {
    title: 'Buffer: share of prefetch.max.bytes',
    unit: 'percentunit',
    queries: [
      [
        '{{client_id}}',
        `${gauge(`${C}buffered_bytes`, 'client_id')} / ${gauge(`${C}buffer_limit_bytes`, 'client_id')}`,
      ],
    ],
  },
]

const brokers: readonly Panel[] = [
  {
    title: 'Requests, by broker: p99',
    unit: 's',
    queries: [
      [
        '{{broker}} {{api}}',
        quantile(0.99, `${K}request_latency_seconds`, 'broker, api', '$C, api!="Fetch"'),
      ],
    ],
  },
  {
    title: 'Requests a second',
    unit: 'reqps',
    queries: [['{{broker}} {{api}}', rate(`${K}request_latency_seconds_count`, 'broker, api')]],
  },
  {
    title: 'Requests in flight',
    unit: 'short',
    queries: [['{{broker}}', gauge(`${K}requests_in_flight`, 'broker')]],
  },
  {
    title: 'Silence asked for',
    unit: 'percentunit',
    about: 'Seconds of throttling a second: a quota is used up.',
    queries: [
      ['{{broker}} {{client_id}}', rate(`${K}throttle_seconds_total`, 'broker, client_id')],
    ],
  },
  {
    title: 'Connections',
    unit: 'short',
    queries: [['{{broker}}', gauge(`${K}connections`, 'broker')]],
  },
  {
    title: 'Connections that come and go',
    unit: 'ops',
    queries: [
      ['{{broker}} opened', rate(`${K}connections_opened_total`, 'broker')],
      ['{{broker}} closed', rate(`${K}connections_closed_total`, 'broker')],
      ['{{broker}} authenticated anew', rate(`${K}reauthentications_total`, 'broker')],
    ],
  },
  {
    title: 'Connections that fail',
    unit: 'ops',
    queries: [['{{broker}} {{error}}', rate(`${K}connection_failures_total`, 'broker, error')]],
  },
  {
    title: 'Metadata refreshes',
    unit: 'ops',
    queries: [['{{client_id}}', rate(`${K}metadata_refreshes_total`, 'client_id')]],
  },
]

const rows = [
  ['Producers', producers],
  ['Consumers', consumers],
  ['Brokers, as clients see them', brokers],
] as const

const WIDTH = 8
const HEIGHT = 8
const datasource = { type: 'prometheus', uid: '$datasource' }
const CLIENTS = 'client_id=~"$client_id"'

function panelOf(panel: Panel, id: number, x: number, y: number) {
  const { title, unit, queries, about } = panel
  return {
    id,
    type: 'timeseries',
    title,
    ...(about !== undefined && { description: about }),
    datasource,
    gridPos: { h: HEIGHT, w: WIDTH, x, y },
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 8 } }, overrides: [] },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: queries.map(([legendFormat, query], i) => ({
      refId: String.fromCharCode(65 + i),
      datasource,
      editorMode: 'code',
      range: true,
      expr: query.replaceAll('$T', `${CLIENTS}, topic=~"$topic"`).replaceAll('$C', CLIENTS),
      legendFormat,
    })),
  }
}

function variable(name: string, label: string) {
  const query = `label_values({__name__=~"posthaste_.+", ${name}!=""}, ${name})`
  return {
    type: 'query',
    name,
    label,
    datasource,
    definition: query,
    query: { query, refId: name },
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: '.*',
    sort: 1,
    current: { text: 'All', value: '$__all' },
    options: [],
  }
}

/** The dashboard as Grafana 11 and later import it. */
export function grafanaDashboard(): string {
  const panels: object[] = []
  let y = 0
  for (const [title, each] of rows) {
    const gridPos = { h: 1, w: 24, x: 0, y }
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos,
      panels: [],
    })
    y++
    for (const [i, panel] of each.entries()) {
      const x = (i % 3) * WIDTH
      panels.push(panelOf(panel, panels.length + 1, x, y + Math.floor(i / 3) * HEIGHT))
    }
    y += Math.ceil(each.length / 3) * HEIGHT
  }
  const dashboard = {
    title: 'posthaste',
    uid: 'posthaste',
    description: 'Producers, consumers and their brokers. Made of docs/metrics.md.',
    tags: ['kafka', 'posthaste'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: '',
    templating: {
      list: [
        { type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus' },
        variable('client_id', 'Client'),
        variable('topic', 'Topic'),
      ],
    },
    annotations: { list: [] },
    links: [],
    panels,
  }
  return `${JSON.stringify(dashboard, null, 2)}\n`
}
