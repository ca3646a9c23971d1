import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import { Consumer, Producer } from '../../src/index.ts'
import { catalogue } from '../../src/metrics/index.ts'
import { instrument, instrumentName } from '../../src/opentelemetry/index.ts'
import { freshName, onBothClusters } from './clusters.ts'
import { createTopic } from './consuming.ts'

/** OpenTelemetry's own SDK, asked when we like. */
class Meters {
  readonly #reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
    exportIntervalMillis: 2 ** 30,
  })
  readonly #provider = new MeterProvider({ readers: [this.#reader] })
  readonly #stop = instrument({ tracerProvider: null, meterProvider: this.#provider })

  async read(): Promise<Map<string, MetricData>> {
    const { resourceMetrics } = await this.#reader.collect()
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
    return new Map(all.map(metric => [metric.descriptor.name, metric]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    await this.#provider.shutdown()
  }
}

/** The points of a metric whose attributes have these among them: their values, or counts. */
function values(metric: MetricData | undefined, wanted: Readonly<Record<string, string>>) {
  const points = metric?.dataPoints ?? []
  return points
    .filter(({ attributes }) => Object.entries(wanted).every(([k, v]) => attributes[k] === v))
    .map(({ value }) => (typeof value === 'number' ? value : value.count))
}

onBothClusters('metrics for OpenTelemetry', cluster => {
  test('are the catalogue and the conventions, and count right', async () => {
    await using meters = new Meters()
    const topic = freshName('otel')
    await createTopic(cluster().bootstrapServers, topic, 1)
    const servers = { 'bootstrap.servers': cluster().bootstrapServers }
    await using producer = new Producer({ ...servers, 'client.id': topic })
    await using consumer = new Consumer({
      ...servers,
      'client.id': topic,
      'group.id': topic,
      'auto.offset.reset': 'earliest',
    })
    await producer.sendBatch(Array.from({ length: 30 }, (_, i) => ({ topic, value: `${i}` })))
    await consumer.subscribe([topic])
    let handled = 0
    await consumer.run({
      eachMessage: async message => {
        if (++handled < 30) return
        await consumer.commit(message)
        consumer.stop()
      },
    })
    const read = await meters.read()
    const of = { 'messaging.client.id': topic }
    const at = { 'messaging.destination.name': topic, 'messaging.destination.partition.id': '0' }
    const inGroup = { ...at, 'messaging.consumer.group.name': topic }
    const one = (name: string, wanted: Readonly<Record<string, string>>) => {
      return values(read.get(name), wanted)
    }
    expect(one('messaging.client.sent.messages', at)).toEqual([30])
    expect(one('messaging.client.consumed.messages', inGroup)).toEqual([30])
    expect(one('messaging.process.duration', inGroup)).toEqual([30])
    const durations = read.get('messaging.client.operation.duration')
    expect(values(durations, { ...at, 'messaging.operation.name': 'publish' })).toHaveLength(1)
    const commits = { 'messaging.operation.name': 'commit', 'messaging.consumer.group.name': topic }
    expect(values(durations, commits)).toHaveLength(1)
    expect(one('posthaste.producer.records_delivered', of)).toEqual([30])
    expect(one('posthaste.producer.queue_records', of)).toEqual([0])
    expect(one('posthaste.consumer.handler', of)).toEqual([30])
    expect(one('posthaste.consumer.lag_records', { ...of, ...at })).toEqual([0])
    expect(read.get('posthaste.producer.queue')?.descriptor.unit).toBe('By')
    expect(read.get('posthaste.client.request_latency')?.dataPointType).toBe(
      DataPointType.HISTOGRAM,
    )
  })
})

test('each metric has a name of its own, to which its unit leads back', () => {
  const names = Object.keys(catalogue) as (keyof typeof catalogue)[]
  const called = names.map(instrumentName)
  // As OpenTelemetry's rules for Prometheus have it: the unit's name, and _total.
  const back = called.map((name, i) => {
    const { unit, kind } = catalogue[names[i]!]
    const suffix = unit === 'seconds' || unit === 'bytes' ? `_${unit}` : ''
    return `${name.replaceAll('.', '_')}${suffix}${kind === 'counter' ? '_total' : ''}`
  })
  expect(back).toEqual(names)
  const pairs = names.map((name, i) => `${called[i]} ${catalogue[name].unit}`)
  expect(new Set(pairs).size).toBe(names.length)
})
