import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeMetrics, type MetricsReport } from '../../../src/telemetry/otlp.ts'
import { readMetrics } from '../../support/otlp.ts'

const scope = { name: 'posthaste', version: '1.2.3' }
const from = 1_700_000_000_000

test('a report is read by the decoder of OpenTelemetry as it was written', () => {
  const report: MetricsReport = {
    resource: { client_rack: 'a', transactional_id: 'tx — ü' },
    scope,
    from,
    to: from + 5_000,
    isDelta: true,
    metrics: [
      { name: 'total', kind: 'sum', points: [{ value: 7 }] },
      {
        name: 'latency',
        kind: 'gauge',
        points: [{ value: 0.25, attributes: { node_id: '1' } }, { value: -3 }],
      },
    ],
  }
  const times = { from, to: from + 5_000 }
  const read = readMetrics(encodeMetrics(report))
  expect(read).toEqual({
    resource: report.resource,
    scope,
    metrics: [
      {
        name: 'total',
        kind: 'sum',
        points: [{ value: 7, attributes: {}, ...times }],
        isDelta: true,
        isMonotonic: true,
      },
      {
        name: 'latency',
        kind: 'gauge',
        points: [
          { value: 0.25, attributes: { node_id: '1' }, ...times },
          { value: -3, attributes: {}, ...times },
        ],
      },
    ],
  })
  const since = readMetrics(encodeMetrics({ ...report, isDelta: false }))
  expect(since.metrics[0]?.isDelta).toBe(false)
})

test('whatever the names, labels and values are', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 300 })
  const attributes = fc.dictionary(
    text.filter(key => key !== '__proto__'),
    text,
    { maxKeys: 5 },
  )
  const value = fc.double({ noNaN: true })
  const point = fc.record({ value, attributes })
  const points = fc.array(point, { minLength: 1, maxLength: 40 })
  const metric = fc.record({ name: text, kind: fc.constant('gauge' as const), points })
  fc.assert(
    fc.property(attributes, fc.array(metric, { minLength: 1 }), (resource, metrics) => {
      const report = { resource, scope, from, to: from, isDelta: false, metrics }
      const read = readMetrics(encodeMetrics(report))
      expect({ ...read.resource }).toEqual({ ...resource })
      const seen = read.metrics.map(({ name, points: each }) => ({
        name,
        points: each.map(({ value: seenValue, attributes: of }) => [seenValue, { ...of }]),
      }))
      const told = metrics.map(({ name, points: each }) => ({
        name,
        points: each.map(({ value: toldValue, attributes: of }) => [toldValue, { ...of }]),
      }))
      expect(seen).toEqual(told)
    }),
    { seed: 714, numRuns: 100 },
  )
})
