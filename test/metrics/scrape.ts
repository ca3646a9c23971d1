import parse from 'parse-prometheus-text-format'
import { Registry } from 'prom-client'
import { expect } from 'vitest'
import { type Measured, type MetricName, prometheus } from '../../src/metrics/index.ts'

/** Every metric that had a value other than 0 in some scrape of this file's tests. */
export const seen = new Set<string>()

type Labels = Readonly<Record<string, string>>

/** What a scrape brought, as a parser that is not ours read it. */
export class Scrape {
  readonly text: string
  readonly #samples: { readonly name: string; readonly labels: Labels; readonly value: number }[]

  constructor(text: string) {
    this.text = text
    // With its types a histogram of several label sets is read as one; without them each line
    // stands for itself.
    const plain = text.replaceAll(/^# TYPE .*\n/gm, '')
    this.#samples = parse(plain).flatMap(({ name, metrics }) =>
      metrics.map(({ value, labels = {} }) => ({ name, labels, value: Number(value) })),
    )
    for (const { name, value } of this.#samples) {
      if (value !== 0) seen.add(name.replace(/_count$/, ''))
    }
  }

  /** The sum of all samples of that name with (at least) these labels; undefined without any. */
  value(name: string, labels: Labels = {}): number | undefined {
    const found = this.all(name, labels)
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
  }

  all(name: string, labels: Labels = {}) {
    return this.#samples.filter(
      sample =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
  }

  /** All values of a label that are there under a name. */
  labels(name: string, label: string): string[] {
    return [...new Set(this.all(name).map(({ labels }) => labels[label] ?? ''))].toSorted()
  }

  /** A distribution's count and sum; its buckets must be as Prometheus wants them. */
  distribution(name: MetricName, labels: Labels = {}): { count: number; sum: number } | undefined {
    const count = this.value(`${name}_count`, labels)
    const sum = this.value(`${name}_sum`, labels)
    if (count === undefined || sum === undefined) return undefined
    for (const each of this.all(`${name}_count`, labels)) {
      const buckets = this.all(`${name}_bucket`, each.labels)
      const values = buckets.map(({ value }) => value)
      expect(values).toEqual(values.toSorted((a, b) => a - b))
      expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value: each.value })
    }
    return { count, sum }
  }
}

/** A registry with the metrics of these clients, or of all. */
export class Scraped implements Disposable {
  readonly register = new Registry()
  readonly #metrics

  constructor(clients?: Measured | readonly Measured[]) {
    this.#metrics = prometheus(clients, { register: this.register })
  }

  async now(): Promise<Scrape> {
    const text = await this.register.metrics()
    // Throws at a line that is none.
    parse(text)
    return new Scrape(text)
  }

  [Symbol.dispose](): void {
    this.#metrics.stop()
  }
}
