import { ProtobufWriter } from './protobuf-writer.ts'

export type Attributes = Readonly<Record<string, string>>

export interface MetricPoint {
  readonly value: number
  readonly attributes?: Attributes
}

/** A metric of the moment; a `sum` only grows. */
export interface TelemetryMetric {
  readonly name: string
  readonly kind: 'gauge' | 'sum'
  readonly points: readonly MetricPoint[]
}

export interface MetricsReport {
  /** Who the client is, beside its id and name, which brokers know. */
  readonly resource: Attributes
  readonly scope: { readonly name: string; readonly version: string }
  readonly metrics: readonly TelemetryMetric[]
  /** From when to when sums count, in milliseconds since 1970. */
  readonly from: number
  readonly to: number
  /** Whether sums count since the report before this one, or since the beginning. */
  readonly isDelta: boolean
}

const DELTA = 1
const CUMULATIVE = 2

/**
 * A report as brokers take it (KIP-714): a `MetricsData` message of OpenTelemetry's protocol, with
 * one resource and one scope. The numbers are those of the fields in its `metrics.proto`.
 */
export function encodeMetrics(report: MetricsReport): Buffer {
  const data = new ProtobufWriter()
  data.message(1, resourceMetrics => {
    resourceMetrics.message(1, resource => writeAttributes(resource, 1, report.resource))
    resourceMetrics.message(2, scopeMetrics => {
      scopeMetrics.message(1, scope => {
        scope.text(1, report.scope.name)
        scope.text(2, report.scope.version)
      })
      for (const metric of report.metrics) {
        scopeMetrics.message(2, writer => writeMetric(writer, metric, report))
      }
    })
  })
  return data.bytes()
}

function writeMetric(writer: ProtobufWriter, metric: TelemetryMetric, report: MetricsReport): void {
  writer.text(1, metric.name)
  writer.message(metric.kind === 'gauge' ? 5 : 7, data => {
    for (const point of metric.points) data.message(1, each => writePoint(each, point, report))
    if (metric.kind === 'gauge') return
    data.uint(2, report.isDelta ? DELTA : CUMULATIVE)
    data.uint(3, 1)
  })
}

function writePoint(
  writer: ProtobufWriter,
  { value, attributes }: MetricPoint,
  { from, to }: MetricsReport,
): void {
  writer.fixed64(2, nanoseconds(from))
  writer.fixed64(3, nanoseconds(to))
  writer.double(4, value)
  if (attributes) writeAttributes(writer, 7, attributes)
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    writer.message(field, pair => {
      pair.text(1, key)
      pair.message(2, any => any.text(1, value))
    })
  }
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.max(0, Math.floor(ms))) * 1_000_000n
}
