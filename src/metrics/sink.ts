import type { CounterName, GaugeName, HistogramName, LabelsOf } from './catalogue.ts'

export interface Counter {
  add(amount: number): void
}

export interface Histogram {
  record(value: number): void
}

/**
 * Where measurements go: a store that is read for Prometheus, or the instruments of another
 * system. What comes back is for one set of labels, and is kept by whoever asked: labels are looked
 * up once, not with each measurement.
 */
export interface Sink {
  counter<Name extends CounterName>(name: Name, labels: LabelsOf<Name>): Counter
  histogram<Name extends HistogramName>(name: Name, labels: LabelsOf<Name>): Histogram
}

/** Takes the gauges of a moment, one call for each set of labels. */
export type TellGauge = <Name extends GaugeName>(
  name: Name,
  labels: LabelsOf<Name>,
  value: number,
) => void
