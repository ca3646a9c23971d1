import root from '@opentelemetry/otlp-transformer/build/src/generated/root.js'

/** A metric as OpenTelemetry's own decoder reads it. */
export interface ReadMetric {
  readonly name: string
  readonly kind: 'gauge' | 'sum'
  readonly points: readonly {
    readonly value: number
    readonly from: number
    readonly to: number
    readonly attributes: Readonly<Record<string, string>>
  }[]
  readonly isDelta?: boolean
  readonly isMonotonic?: boolean
}

export interface ReadMetrics {
  readonly resource: Readonly<Record<string, string>>
  readonly scope: { readonly name: string; readonly version: string }
  readonly metrics: readonly ReadMetric[]
}

interface Pair {
  readonly key: string
  readonly value: { readonly stringValue: string }
}

interface Points {
  readonly dataPoints: readonly {
    readonly asDouble: number
    readonly startTimeUnixNano: string
    readonly timeUnixNano: string
    readonly attributes?: readonly Pair[]
  }[]
}

interface Sum extends Points {
  readonly aggregationTemporality: number
  readonly isMonotonic: boolean
}

interface Data {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes?: readonly Pair[] }
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string; readonly version: string }
      readonly metrics: readonly {
        readonly name: string
        readonly gauge?: Points
        readonly sum?: Sum
      }[]
    }[]
  }[]
}

interface Decoder {
  decode(bytes: Uint8Array): object
  toObject(message: object, options: { longs: typeof String }): Data
}

const place = ['opentelemetry', 'proto', 'metrics', 'v1', 'MetricsData']
const decoder = place.reduce<object>((at, name) => Reflect.get(at, name), root) as Decoder

/** Reads a `MetricsData` message of OTLP with OpenTelemetry's own decoder. */
export function readMetrics(bytes: Uint8Array): ReadMetrics {
  const { resourceMetrics } = decoder.toObject(decoder.decode(bytes), { longs: String })
  const [only] = resourceMetrics
  if (!only || resourceMetrics.length > 1) throw new Error(`${resourceMetrics.length} resources`)
  const [scoped] = only.scopeMetrics
  if (!scoped || only.scopeMetrics.length > 1) throw new Error(`${only.scopeMetrics.length} scopes`)
  const metrics = (scoped.metrics ?? []).map(({ name, gauge, sum }): ReadMetric => {
    const data = gauge ?? sum
    if (!data) throw new Error(`${name} is neither a gauge nor a sum`)
    const points = data.dataPoints.map(point => ({
      value: point.asDouble,
      from: Number(point.startTimeUnixNano) / 1_000_000,
      to: Number(point.timeUnixNano) / 1_000_000,
      attributes: plain(point.attributes),
    }))
    if (!sum) return { name, kind: 'gauge', points }
    const { aggregationTemporality, isMonotonic } = sum
    return { name, kind: 'sum', points, isDelta: aggregationTemporality === 1, isMonotonic }
  })
  return { resource: plain(only.resource.attributes), scope: { ...scoped.scope }, metrics }
}

function plain(pairs: readonly Pair[] = []): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value.stringValue]))
}
