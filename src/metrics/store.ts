import {
  type CounterName,
  catalogue,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  type MetricName,
  type MetricSpec,
  metricNames,
} from './catalogue.ts'
import type { Counter, Histogram, Sink } from './sink.ts'

/** Labels with their values. */
export type Labels = Readonly<Record<string, string>>

/** A counter's or gauge's value for one set of labels. */
export interface ValueSample {
  readonly labels: Labels
  readonly value: number
}

/** A distribution for one set of labels: how many values are in each bucket, and above the last. */
export interface DistributionSample {
  readonly labels: Labels
  readonly counts: readonly number[]
  readonly count: number
  readonly sum: number
}

/** What a metric says at one moment. */
export type Reading =
  | { readonly kind: 'counter' | 'gauge'; readonly samples: readonly ValueSample[] }
  | {
      readonly kind: 'histogram'
      readonly buckets: readonly number[]
      readonly samples: readonly DistributionSample[]
    }

class Total implements Counter {
  value = 0

  add(amount: number): void {
    this.value += amount
  }
}

class Buckets implements Histogram {
  readonly #bounds: readonly number[]
  readonly counts: Float64Array
  count = 0
  sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  record(value: number): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > bounds[at]!) at++
    this.counts[at]!++
    this.count++
    this.sum += value
  }
}

/** A value of labels that stands for all that there was no room for. */
export const OTHER = 'other'
/** So many clients more, beside the limit, have their own series for what there was no room for. */
const CLIENTS = 100

/** The series of one metric: something for each set of labels, up to a limit. */
class Family<Series> {
  readonly #make: () => Series
  readonly #limit: number
  readonly #names: readonly string[]
  readonly #series = new Map<string, { readonly labels: Labels; readonly series: Series }>()

  constructor({ labels }: MetricSpec, limit: number, make: () => Series) {
    this.#names = labels
    this.#limit = limit
    this.#make = make
  }

  at(labels: Labels): Series {
    const found = this.#find(labels) ?? this.#add(labels, this.#limit)
    if (found) return found
    const client = this.#folded(labels, 'client_id')
    const all = this.#folded(labels)
    const fewer = this.#find(client) ?? this.#add(client, this.#limit + CLIENTS)
    return fewer ?? this.#find(all) ?? this.#add(all, Number.POSITIVE_INFINITY)!
  }

  /** The series of all label sets, in the order in which they came. */
  all(): Iterable<{ readonly labels: Labels; readonly series: Series }> {
    return this.#series.values()
  }

  forget(isForgotten: (clientId: string) => boolean): void {
    for (const [key, { labels }] of this.#series) {
      if (labels.client_id !== OTHER && isForgotten(labels.client_id ?? '')) {
        this.#series.delete(key)
      }
    }
  }

  clear(): void {
    this.#series.clear()
  }

  #find(labels: Labels): Series | undefined {
    return this.#series.get(this.#keyOf(labels))?.series
  }

  #add(labels: Labels, limit: number): Series | undefined {
    if (this.#series.size >= limit) return undefined
    const series = this.#make()
    this.#series.set(this.#keyOf(labels), { labels, series })
    return series
  }

  #keyOf(labels: Labels): string {
    return this.#names.map(name => labels[name]).join('\0')
  }

  #folded(labels: Labels, kept?: string): Labels {
    return Object.fromEntries(
      this.#names.map(name => [name, name === kept ? (labels[name] ?? '') : OTHER]),
    )
  }
}

/** Holds the numbers of every metric, for as many sets of labels as the limit allows. */
export class Store implements Sink {
  readonly #counters = new Map<MetricName, Family<Total>>()
  readonly #gauges = new Map<MetricName, Family<Total>>()
  readonly #histograms = new Map<MetricName, Family<Buckets>>()

  constructor(maxSeries: number) {
    for (const name of metricNames) {
      const spec: MetricSpec = catalogue[name]
      const total = () => new Family(spec, maxSeries, () => new Total())
      if (spec.kind === 'counter') this.#counters.set(name, total())
      else if (spec.kind === 'gauge') this.#gauges.set(name, total())
      else {
        const { buckets } = spec
        this.#histograms.set(name, new Family(spec, maxSeries, () => new Buckets(buckets)))
      }
    }
  }

  counter<Name extends CounterName>(name: Name, labels: LabelsOf<Name>): Counter {
    return this.#counters.get(name)!.at(labels)
  }

  histogram<Name extends HistogramName>(name: Name, labels: LabelsOf<Name>): Histogram {
    return this.#histograms.get(name)!.at(labels)
  }

  /** Takes a gauge of the moment; one of the same labels is there where clients share a name. */
  gauge<Name extends GaugeName>(name: Name, labels: LabelsOf<Name>, value: number): void {
    const total = this.#gauges.get(name)!.at(labels)
    const { several } = catalogue[name]
    total.value = several === 'sum' ? total.value + value : Math.max(total.value, value)
  }

  /** Before the gauges of another moment. */
  clearGauges(): void {
    for (const family of this.#gauges.values()) family.clear()
  }

  /** Forgets what belongs to these clients. */
  forget(isForgotten: (clientId: string) => boolean): void {
    for (const family of [...this.#counters.values(), ...this.#histograms.values()]) {
      family.forget(isForgotten)
    }
  }

  /** The clients of which there is anything but gauges. */
  clientIds(): Set<string> {
    const ids = new Set<string>()
    for (const family of [...this.#counters.values(), ...this.#histograms.values()]) {
      for (const { labels } of family.all()) ids.add(labels.client_id ?? '')
    }
    return ids
  }

  /** Begins all counts of a metric anew. */
  reset(name: MetricName): void {
    for (const { series } of this.#counters.get(name)?.all() ?? []) series.value = 0
    for (const { series } of this.#histograms.get(name)?.all() ?? []) {
      series.counts.fill(0)
      series.count = 0
      series.sum = 0
    }
  }

  read(name: MetricName): Reading {
    const spec: MetricSpec = catalogue[name]
    if (spec.kind === 'histogram') {
      const family = [...this.#histograms.get(name)!.all()]
      const samples = family.map(({ labels, series: { counts, count, sum } }) => {
        return { labels, counts: [...counts], count, sum }
      })
      return { kind: spec.kind, buckets: spec.buckets, samples }
    }
    const families = spec.kind === 'counter' ? this.#counters : this.#gauges
    const family = [...families.get(name)!.all()]
    const samples = family.map(({ labels, series: { value } }) => ({ labels, value }))
    return { kind: spec.kind, samples }
  }
}
