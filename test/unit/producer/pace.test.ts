import { describe, expect, test } from 'vitest'
import { RetryBudget } from '../../../src/producer/retry-budget.ts'
import { acceptAll, collect, setUp } from '../../support/scripted-producer.ts'

const NOT_ENOUGH_REPLICAS = 19

describe('the retry budget', () => {
  test('retries go at their own time until it is spent, then on a common beat', () => {
    const budget = new RetryBudget(1_000, 0.25)
    for (let due = 0; due < 100; due++) expect(budget.spend(due)).toBe(due)
    expect([100, 250, 251, 1_249, 1_251].map(due => budget.spend(due))).toEqual([
      250, 250, 1_250, 1_250, 2_250,
    ])
  })

  test('deliveries earn it back, a retry for ten of them', () => {
    const budget = new RetryBudget(1_000, 0)
    for (let due = 0; due < 100; due++) budget.spend(due)
    for (let delivered = 0; delivered < 11; delivered++) budget.earn()
    expect(budget.spend(7)).toBe(7)
    expect(budget.spend(7)).toBe(1_000)
  })

  test('a broker that refuses a thousand partitions is asked about once a second', async () => {
    let refuses = true
    const accept = acceptAll()
    const { clock, broker, producer } = await setUp(
      (arrival, nth) => (refuses ? { errorCode: NOT_ENOUGH_REPLICAS } : accept(arrival, nth)),
      {},
      1_000,
    )
    const { outcomes, callback } = collect()
    const asked = () => broker.requests.filter(name => name === 'Produce').length
    for (let partition = 0; partition < 1_000; partition++) {
      producer.produce({ topic: 't', partition, value: 'v' }, callback)
    }
    await clock.advance(5_000)
    const before = asked()
    await clock.advance(10_000)
    expect(asked() - before).toBeLessThanOrEqual(12)
    expect(asked() - before).toBeGreaterThanOrEqual(9)
    refuses = false
    await clock.advance(2_000)
    expect(outcomes).toHaveLength(1_000)
    expect(new Set(outcomes.map(outcome => outcome.slice(0, 2)))).toEqual(new Set(['ok']))
  })
})

describe('throttling (KIP-219)', () => {
  test('a broker that asks for silence is left alone for so long, and the program is told', async () => {
    const produce = acceptAll()
    const throttleMs = (nth: number) => (nth === 1 ? 700 : 0)
    const { clock, broker, producer } = await setUp({ produce, throttleMs })
    const throttled: object[] = []
    producer.on('throttle', event => throttled.push(event))
    const { outcomes, callback } = collect()
    producer.produce({ topic: 't', value: 'a' }, callback)
    await clock.advance(10)
    expect(throttled).toEqual([{ broker: '1 (broker:9092)', throttleMs: 700 }])
    producer.produce({ topic: 't', value: 'b' }, callback)
    producer.produce({ topic: 't', value: 'c' }, callback)
    await clock.advance(680)
    expect(broker.arrivals).toHaveLength(1)
    await clock.advance(30)
    expect(broker.arrivals.map(({ values }) => values)).toEqual([['a'], ['b', 'c']])
    expect(outcomes).toEqual(['ok 0', 'ok 1', 'ok 2'])
    expect(producer.metrics().throttleMs.max).toBe(700)
  })

  test('the deadline goes on meanwhile: nothing was stored, and that is said', async () => {
    const { clock, producer } = await setUp(
      { produce: acceptAll(), throttleMs: () => 60_000 },
      { 'delivery.timeout.ms': 2_000 },
    )
    const { outcomes, callback } = collect()
    producer.produce({ topic: 't', value: 'a' }, callback)
    await clock.advance(10)
    producer.produce({ topic: 't', value: 'b' }, callback)
    await clock.advance(2_010)
    expect(outcomes).toEqual(['ok 0', 'DELIVERY_TIMED_OUT/no'])
  })
})
