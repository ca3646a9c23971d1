import { describe, expect, it } from 'vitest'
import { checksOf, groupChecksOf } from '../../../src/cli/demo/checks.ts'
import type { Outcome } from '../../../src/cli/demo/groups.ts'
import { exampleOrders, parseOrder } from '../../../src/cli/demo/orders.ts'

const orders = [
  '{"id":"1","user":"ada","amount":1.1}',
  '{"id":"2","user":"bob","amount":2.2}',
  '{"id":"3","user":"ada","amount":3.3}',
].map(parseOrder)

const read = orders.map(({ id, user, line }) => ({
  partition: user === 'ada' ? 0 : 1,
  offset: ['1', '2'].includes(id) ? 0 : 1,
  key: user,
  value: line,
}))

const failing = (records: typeof read) =>
  checksOf(orders, records)
    .filter(check => !check.holds)
    .map(check => check.claim.replace(/\d[\d.]*/g, 'N'))

const whole = 'all N orders came back, each once and byte for byte'
const placed = 'the orders of each of the N users lie in one partition'
const ordered = "and there in the file's order"
const summed = 'their amounts add up to N, as in the file'

describe("the demo's checks", () => {
  it('hold where all came back as it was sent', () => {
    expect(failing(read)).toEqual([])
  })

  it('fail for a record that is lost, doubled or changed', () => {
    expect(failing(read.slice(1))).toEqual([whole, ordered, summed])
    expect(failing([...read, read[1]!])).toEqual([whole, ordered, summed])
    const changed = read.map(each => ({ ...each, value: each.value.replace('2.2', '2.20') }))
    expect(failing(changed)).toEqual([whole, ordered])
  })

  it('fail for a key in two partitions, and for a wrong order', () => {
    const astray = read.map((each, i) => (i === 2 ? { ...each, partition: 5 } : each))
    expect(failing(astray)).toEqual([placed])
    expect(failing(read.toReversed())).toEqual([ordered])
  })
})

describe("the checks of the demo's groups", () => {
  /** The second of the warehouse reads ada's first order, then the first takes over. */
  const good = {
    dashboard: { name: 'dashboard', read },
    fraudCheck: { name: 'fraud-check', read },
    warehouse: [
      { name: 'warehouse-1', read: read.slice(1) },
      { name: 'warehouse-2', read: read.slice(0, 1) },
    ],
    cents: 660,
    suspicious: 0,
    lines: orders.map(order => order.line),
  } as const
  const takeOver = { partitions: [0], afterMs: 1 }
  const broken = (change: Partial<Outcome>) =>
    groupChecksOf(orders, { ...good, ...change }, takeOver).flatMap(({ holds }, i) =>
      holds ? [] : ['all', 'place', 'results', 'file'][i],
    )

  it('hold where each group read all, and the partition went on to the offset', () => {
    expect(broken({})).toEqual([])
  })

  it('hold where the one had read all of a partition before the other took over', () => {
    const [first, second] = good.warehouse
    const ofAda = read.filter(({ partition }) => partition === 0)
    const ofBob = read.filter(({ partition }) => partition === 1)
    const warehouse = [
      { ...first, read: ofBob },
      { ...second, read: ofAda },
    ] as const
    expect(broken({ warehouse })).toEqual([])
  })

  it('fail for a record that a group lost or read twice', () => {
    const [first, second] = good.warehouse
    expect(broken({ dashboard: { name: 'dashboard', read: read.slice(1) } })).toEqual(['all'])
    const skipped = { ...first, read: first.read.slice(0, 1) }
    expect(broken({ warehouse: [skipped, second] })).toEqual(['all', 'place'])
    const doubled = { ...first, read }
    expect(broken({ warehouse: [doubled, second] })).toEqual(['all', 'place'])
  })

  it('fail where nobody took over, and for wrong results', () => {
    expect(groupChecksOf(orders, good, undefined).map(({ holds }) => holds)).toEqual([
      true,
      false,
      true,
      true,
    ])
    expect(broken({ cents: 661 })).toEqual(['results'])
    expect(broken({ suspicious: 1 })).toEqual(['results'])
    expect(broken({ lines: good.lines.toReversed() })).toEqual(['file'])
    expect(broken({ lines: good.lines.slice(1) })).toEqual(['file'])
  })
})

describe('the example orders', () => {
  it('are a thousand at least, with unique ids, ISO times in order, users and amounts', async () => {
    const all = await exampleOrders()
    expect(all.length).toBeGreaterThanOrEqual(1_000)
    expect(new Set(all.map(order => order.id)).size).toBe(all.length)
    const times = all.map(({ line }) => String(JSON.parse(line).timestamp))
    expect(times.map(time => new Date(time).toISOString())).toEqual(times)
    expect(times.toSorted()).toEqual(times)
    expect(all.every(order => order.amount > 0 && order.user !== '')).toBe(true)
  })
})
