import { describe, expect, it } from 'vitest'
import { checksOf } from '../../../src/cli/demo/checks.ts'
import { exampleOrders, parseOrder } from '../../../src/cli/demo/orders.ts'

const orders = [
  '{"id":"1","user":"ada","amount":1.1}',
  '{"id":"2","user":"bob","amount":2.2}',
  '{"id":"3","user":"ada","amount":3.3}',
].map(parseOrder)

const read = orders.map(({ user, line }) => ({
  partition: user === 'ada' ? 0 : 1,
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
