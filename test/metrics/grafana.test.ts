import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { catalogue, type MetricName, metricNames } from '../../src/metrics/catalogue.ts'
import { root } from '../support/cache.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const file = readFileSync(join(root, 'docs/grafana/posthaste.json'), 'utf8')
const dashboard: { panels: Panel[]; templating: { list: { name: string }[] } } = JSON.parse(file)
const variables = new Set([...dashboard.templating.list.map(({ name }) => name), '__rate_interval'])
const guide = readFileSync(join(root, 'docs/guides/operating.md'), 'utf8')
const alerts = Array.from(guide.matchAll(/^ +expr: (.+)$/gm), ([, expr]) => ({
  title: 'an alert',
  expr: expr ?? '',
  legendFormat: '',
}))

const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
)

/** Each metric of an expression, with the labels that are asked of it. */
function metricsOf(expr: string): { name: string; labels: string[] }[] {
  return Array.from(expr.matchAll(/\b(posthaste_\w+)(?:\{([^}]*)\})?/g), ([, name, matchers]) => ({
    name: name ?? '',
    labels: Array.from(
      (matchers ?? '').matchAll(/(\w+)\s*(?:=~|!=|!~|=)/g),
      match => match[1] ?? '',
    ),
  }))
}

/** The metric of the catalogue that a series belongs to, and the labels that it has. */
function specOf(series: string): { name: MetricName; labels: ReadonlySet<string> } {
  const name = metricNames.find(each => {
    const parts = catalogue[each].kind === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
    return parts.some(part => series === each + part)
  })
  if (!name) throw new Error(`${series} is not in the catalogue`)
  const extra = series.endsWith('_bucket') ? ['le'] : []
  return { name, labels: new Set([...catalogue[name].labels, ...extra]) }
}

describe.each([...queries, ...alerts])('$title: $expr', ({ expr, legendFormat }) => {
  test('names only metrics and labels of the catalogue', () => {
    const metrics = metricsOf(expr)
    expect(metrics.length).toBeGreaterThan(0)
    const grouped = Array.from(expr.matchAll(/\bby \(([^)]*)\)/g), match => match[1] ?? '')
    const by = grouped.flatMap(names => names.split(', '))
    for (const { name, labels } of metrics) {
      const spec = specOf(name)
      for (const label of [...labels, ...by]) expect(spec.labels, name).toContain(label)
    }
    for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(by).toContain(label)
    for (const [, name] of expr.matchAll(/\$(\w+)/g)) expect(variables).toContain(name)
  })

  test('takes rates of what only grows, and of nothing else', () => {
    for (const [, within, name] of expr.matchAll(/(\w+\()?(posthaste_\w+)/g)) {
      const isGauge = catalogue[specOf(name ?? '').name].kind === 'gauge'
      expect(within === 'rate(' || within === 'increase(').toBe(!isGauge)
    }
  })
})

test('every metric of the catalogue has its place', () => {
  const shown = new Set(
    queries.flatMap(({ expr }) => metricsOf(expr)).map(each => specOf(each.name).name),
  )
  expect(metricNames.filter(name => !shown.has(name))).toEqual([])
})

test('panels do not overlap, and each has an id of its own', () => {
  const taken = new Set<string>()
  for (const { gridPos } of dashboard.panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken).not.toContain(`${x},${y}`)
        taken.add(`${x},${y}`)
      }
    }
  }
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
})
