import type { Attributes, BatchObservableResult, Meter } from '@opentelemetry/api'
import {
  catalogue,
  type LabelName,
  type MetricName,
  type MetricSpec,
  metricNames,
  type Unit,
} from '../metrics/catalogue.ts'
import { readGauges } from '../metrics/gauges.ts'
import { type Observation, observe } from '../metrics/observe.ts'
import type { Counter, Histogram, Sink } from '../metrics/sink.ts'
import { Store } from '../metrics/store.ts'
import { openClients } from '../readings.ts'

/** As many as an SDK keeps of one instrument. */
const MOST_SERIES = 2_000

/** Units as UCUM writes them. */
const units: Readonly<Record<Unit, string>> = {
  seconds: 's',
  bytes: 'By',
  records: '{record}',
  batches: '{batch}',
  requests: '{request}',
  connections: '{connection}',
  partitions: '{partition}',
  times: '{time}',
  ratio: '1',
}

/** What the conventions have a name for is called so. */
const attributeNames: Readonly<Record<LabelName, string>> = {
  client_id: 'messaging.client.id',
  topic: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  error: 'error.type',
  broker: 'posthaste.broker',
  api: 'posthaste.api',
  change: 'posthaste.change',
  outcome: 'posthaste.outcome',
  waits_for: 'posthaste.waits_for',
}

/**
 * A metric's name as OpenTelemetry has them, without the unit that goes with it: out of
 * `posthaste_producer_queue_bytes` comes `posthaste.producer.queue`, in bytes. Exporters to
 * Prometheus put back what is taken here, so that both ways lead to the same names.
 */
export function instrumentName(name: MetricName): string {
  const spec: MetricSpec = catalogue[name]
  const [, layer, rest] = /^posthaste_([a-z]+)_(.*)$/.exec(name.replace(/_total$/, '')) ?? []
  const bare = spec.unit === 'seconds' || spec.unit === 'bytes' ? spec.unit : ''
  return `posthaste.${layer}.${bare ? rest?.replace(new RegExp(`_${bare}$`), '') : rest}`
}

function attributesOf(labels: Readonly<Record<string, string>>): Attributes {
  const named = Object.entries(labels).map(([label, value]) => {
    return [attributeNames[label as LabelName], value] as const
  })
  return Object.fromEntries(named)
}

function optionsOf(spec: MetricSpec) {
  const { help: description, unit } = spec
  const advice = spec.kind === 'histogram' ? { explicitBucketBoundaries: [...spec.buckets] } : {}
  return { description, unit: units[unit], advice }
}

/**
 * Every metric of the catalogue as an instrument: counters and distributions as the clients' events
 * come, gauges read when the SDK collects. What comes back ends it.
 */
export function startMeters(meter: Meter): () => void {
  const observation = observe(instrumentsOf(meter), () => true)
  const stopGauges = observeGauges(meter, observation)
  return () => {
    stopGauges()
    observation.stop()
  }
}

function instrumentsOf(meter: Meter): Sink {
  const counters = new Map<MetricName, (value: number, attributes: Attributes) => void>()
  const histograms = new Map<MetricName, (value: number, attributes: Attributes) => void>()
  for (const name of metricNames) {
    const spec: MetricSpec = catalogue[name]
    const called = instrumentName(name)
    if (spec.kind === 'counter') {
      const counter = meter.createCounter(called, optionsOf(spec))
      counters.set(name, (value, attributes) => counter.add(value, attributes))
    } else if (spec.kind === 'histogram') {
      const histogram = meter.createHistogram(called, optionsOf(spec))
      histograms.set(name, (value, attributes) => histogram.record(value, attributes))
    }
  }
  return {
    counter(name, labels): Counter {
      const [tell, attributes] = [counters.get(name)!, attributesOf(labels)]
      return { add: amount => tell(amount, attributes) }
    },
    histogram(name, labels): Histogram {
      const [tell, attributes] = [histograms.get(name)!, attributesOf(labels)]
      return { record: value => tell(value, attributes) }
    },
  }
}

function observeGauges(meter: Meter, observation: Observation): () => void {
  const gauges = metricNames
    .filter(name => catalogue[name].kind === 'gauge')
    .map(name => {
      const options = optionsOf(catalogue[name])
      return { name, gauge: meter.createObservableGauge(instrumentName(name), options) }
    })
  const look = (result: BatchObservableResult) => {
    const clients = openClients()
    observation.keepOnly(new Set(clients.map(({ source }) => source.instance)))
    const store = new Store(MOST_SERIES)
    readGauges(clients, (name, labels, value) => store.gauge(name, labels, value))
    for (const { name, gauge } of gauges) {
      const reading = store.read(name)
      if (reading.kind === 'histogram') continue
      for (const { labels, value } of reading.samples) {
        result.observe(gauge, value, attributesOf(labels))
      }
    }
  }
  const observables = gauges.map(({ gauge }) => gauge)
  meter.addBatchObservableCallback(look, observables)
  return () => meter.removeBatchObservableCallback(look, observables)
}
