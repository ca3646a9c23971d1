import { expect, test } from 'vitest'
import { catalogue, labelNames, type MetricSpec, metricNames } from '../../src/metrics/catalogue.ts'

const specs: [name: string, MetricSpec][] = metricNames.map(name => [name, catalogue[name]])

test.each(specs)('%s is named as Prometheus wants it', (name, { kind, unit, help, labels }) => {
  expect(name).toMatch(/^posthaste_(client|producer|consumer)(_[a-z]+)+$/)
  expect(name.endsWith('_total')).toBe(kind === 'counter')
  const isBase = unit === 'seconds' || unit === 'bytes' || unit === 'ratio'
  if (isBase) expect(name.replace(/_total$/, '')).toMatch(new RegExp(`_${unit}$`))
  // promtool's rule: no unit but the base ones, no type in the name.
  expect(name).not.toMatch(/milliseconds|_ms_|kilobytes|minutes|_(gauge|counter|histogram)$/)
  expect(help).toMatch(/^\S.*[^.]$/)
  expect(labels[0]).toBe('client_id')
  for (const label of labels) expect(labelNames).toHaveProperty(label)
})

test('buckets ascend, and are not so many that a series is dear', () => {
  for (const [name, spec] of specs) {
    if (spec.kind !== 'histogram') continue
    expect(spec.buckets, name).toEqual(spec.buckets.toSorted((a, b) => a - b))
    expect(new Set(spec.buckets).size, name).toBe(spec.buckets.length)
    expect(spec.buckets.length, name).toBeLessThanOrEqual(15)
  }
})

test('a distribution has no label that a program makes as many of as it likes', () => {
  const free = new Set(['topic', 'partition', 'error'])
  for (const [name, { kind, labels }] of specs) {
    if (kind === 'histogram')
      expect(
        labels.filter(label => free.has(label)),
        name,
      ).toEqual([])
  }
})
