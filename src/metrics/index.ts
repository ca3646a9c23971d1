/**
 * Metrics of producers, consumers and admins, for a registry of prom-client.
 *
 * @example
 * import { register } from 'prom-client'
 * import { prometheus } from 'posthaste/metrics'
 * const metrics = prometheus(undefined, { register })
 */
export {
  type CounterSpec,
  catalogue,
  type GaugeSpec,
  type HistogramSpec,
  type LabelName,
  type MetricName,
  type MetricSpec,
  type Unit,
} from './catalogue.ts'
export { Collector, type CollectorOptions, type Measured } from './collector.ts'
export {
  type PrometheusMetric,
  type PrometheusMetrics,
  type PrometheusOptions,
  type PrometheusRegistry,
  type PrometheusValue,
  prometheus,
} from './prometheus.ts'
export { type MetricsServer, type MetricsServerOptions, serveMetrics } from './serve.ts'
export type { DistributionSample, Labels, Reading, ValueSample } from './store.ts'
