import { catalogue, type MetricName, metricNames } from './catalogue.ts'
import { Collector, type CollectorOptions, type Measured } from './collector.ts'
import type { Labels, Reading } from './store.ts'

/** One line of Prometheus's text. */
export interface PrometheusValue {
  readonly metricName?: string
  readonly labels: Partial<Record<string, string | number>>
  readonly value: number
}

/** A metric as a registry of prom-client asks for it. */
export interface PrometheusMetric {
  get(): Promise<{
    readonly name: string
    readonly help: string
    readonly values: PrometheusValue[]
  }>
  reset(): void
}

/** What is needed of prom-client's `Registry`. */
export interface PrometheusRegistry {
  registerMetric(metric: PrometheusMetric): void
  removeSingleMetric(name: string): void
}

/** Where metrics go, and under which names. */
export interface PrometheusOptions extends CollectorOptions {
  /** A registry of prom-client: its `register`, or a `new Registry()` of your own. */
  readonly register: PrometheusRegistry
  /** Goes before every name: `shop_` makes `shop_posthaste_producer_queue_records`. */
  readonly prefix?: string
  /** Labels for every series, such as the service's name. */
  readonly labels?: Readonly<Record<string, string>>
}

/** Metrics that are in a registry. */
export interface PrometheusMetrics extends Disposable {
  /** Measures no more, and takes the metrics out of the registry. */
  stop(): void
}

/**
 * Adds the metrics of docs/metrics.md to a registry of prom-client: of one client, of several, or,
 * where `undefined` is given, of all that this process has or will have. Nothing is measured
 * before, and measuring costs nothing for a record, a little for a batch.
 *
 * Throws what the registry throws, as where it has metrics of these names already; then nothing is
 * added.
 *
 * @example
 * import { register } from 'prom-client'
 * const metrics = prometheus(undefined, { register })
 * console.log(await register.metrics())
 */
export function prometheus(
  clients: Measured | readonly Measured[] | undefined,
  { register, prefix = '', labels = {}, ...options }: PrometheusOptions,
): PrometheusMetrics {
  const collector = new Collector(clients, options)
  const added: string[] = []
  const stop = () => {
    collector.stop()
    for (const name of added.splice(0)) register.removeSingleMetric(name)
  }
  try {
    for (const name of metricNames) {
      register.registerMetric(new Exposed(collector, name, prefix, labels))
      added.push(prefix + name)
    }
  } catch (error) {
    stop()
    throw error
  }
  return { stop, [Symbol.dispose]: stop }
}

/** One metric of a collector, as prom-client asks for it. */
class Exposed implements PrometheusMetric {
  readonly #collector: Collector
  readonly #metric: MetricName
  readonly #labels: Labels
  /** prom-client takes `_total` away and adds it again, where it writes OpenMetrics. */
  name: string
  readonly help: string
  readonly type: string
  /** How a cluster of processes adds up. */
  readonly aggregator: string

  constructor(collector: Collector, metric: MetricName, prefix: string, labels: Labels) {
    const { kind, help } = catalogue[metric]
    this.#collector = collector
    this.#metric = metric
    this.#labels = labels
    this.name = prefix + metric
    this.help = `${help}.`
    this.type = kind
    this.aggregator = 'sum'
  }

  async get() {
    const { name, help, type, aggregator } = this
    const values = valuesOf(this.#collector.read(this.#metric), name, this.#labels)
    return { name, help, type, aggregator, values }
  }

  reset(): void {
    this.#collector.reset(this.#metric)
  }
}

function valuesOf(reading: Reading, name: string, common: Labels): PrometheusValue[] {
  if (reading.kind !== 'histogram') {
    return reading.samples.map(({ labels, value }) => ({ labels: { ...common, ...labels }, value }))
  }
  const { buckets, samples } = reading
  return samples.flatMap(({ labels, counts, count, sum }) => {
    const all = { ...common, ...labels }
    let below = 0
    const bounded = buckets.map((le, at) => {
      below += counts[at]!
      return { metricName: `${name}_bucket`, labels: { ...all, le }, value: below }
    })
    return [
      ...bounded,
      { metricName: `${name}_bucket`, labels: { ...all, le: '+Inf' }, value: count },
      { metricName: `${name}_sum`, labels: all, value: sum },
      { metricName: `${name}_count`, labels: all, value: count },
    ]
  })
}
