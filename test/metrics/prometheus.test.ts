import parse from 'parse-prometheus-text-format'
import { Counter, type OpenMetricsContentType, Registry, register as shared } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Producer, silentLogger } from '../../src/index.ts'
import { catalogue, metricNames } from '../../src/metrics/catalogue.ts'
import { prometheus } from '../../src/metrics/index.ts'
import { Scrape } from './scrape.ts'

let cluster: EmbeddedCluster
let producer: Producer
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ logger: silentLogger })
  producer = new Producer({
    'bootstrap.servers': cluster.bootstrapServers,
    'client.id': 'a "quoted" \\ name\nof two lines',
    logger: silentLogger,
  })
})
afterAll(async () => {
  await producer.close()
  await cluster.stop()
})

test('the text has every metric with its type and its help, and odd names are escaped', async () => {
  const register = new Registry()
  using _ = prometheus(producer, { register })
  await producer.send({ topic: 'orders', value: 'a book' })
  const text = await register.metrics()
  const families = new Map(parse(text).map(family => [family.name, family]))
  for (const name of metricNames) {
    const { kind, help } = catalogue[name]
    expect(families.get(name)).toMatchObject({ type: kind.toUpperCase(), help: `${help}.` })
  }
  expect(families.size).toBe(metricNames.length)
  const scrape = new Scrape(text)
  const delivered = 'posthaste_producer_records_delivered_total'
  expect(scrape.labels(delivered, 'client_id')).toEqual(['a "quoted" \\ name\nof two lines'])
})

test("prom-client's own registry, a prefix, labels for all, and other metrics beside", async () => {
  const own = new Counter({ name: 'shop_orders_total', help: 'Orders.' })
  own.inc(3)
  const labels = { service: 'shop', zone: 'b' }
  const metrics = prometheus(producer, { register: shared, prefix: 'shop_', labels })
  await producer.send({ topic: 'orders', value: 'a book' })
  const during = new Scrape(await shared.metrics())
  expect(during.value('shop_orders_total')).toBe(3)
  const name = 'shop_posthaste_producer_records_delivered_total'
  expect(during.value(name, { ...labels, topic: 'orders' })).toBe(1)
  const buckets = during.all('shop_posthaste_producer_batch_records_bucket', labels)
  expect(buckets.map(({ labels: { le } }) => le)).toEqual([
    ...catalogue.posthaste_producer_batch_records.buckets.map(String),
    '+Inf',
  ])
  metrics.stop()
  expect(await shared.metrics()).toBe(
    '# HELP shop_orders_total Orders.\n# TYPE shop_orders_total counter\nshop_orders_total 3\n',
  )
  shared.clear()
})

test('OpenMetrics, where the registry writes that', async () => {
  const register = new Registry<OpenMetricsContentType>()
  register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  using _ = prometheus(producer, { register })
  await producer.send({ topic: 'orders', value: 'a book' })
  for (let times = 1; times <= 2; times++) {
    const lines = (await register.metrics()).split('\n')
    expect(lines).toContain('# TYPE posthaste_producer_records_delivered counter')
    const counted = lines.filter(line =>
      line.startsWith('posthaste_producer_records_delivered_total{'),
    )
    expect(counted).toHaveLength(1)
    expect(counted[0]).toMatch(/topic="orders"\} 1$/)
    expect(lines.at(-2)).toBe('# EOF')
  }
})

test('a second time under the same names is refused, and leaves the first as it is', async () => {
  const register = new Registry()
  const first = prometheus(producer, { register })
  expect(() => prometheus(undefined, { register })).toThrow(/already been registered/)
  await producer.send({ topic: 'orders', value: 'a book' })
  const scrape = new Scrape(await register.metrics())
  expect(scrape.value('posthaste_producer_records_delivered_total')).toBe(1)
  first.stop()
  using _ = prometheus(undefined, { register })
})

test('resetMetrics begins all counts anew', async () => {
  const register = new Registry()
  using _ = prometheus(producer, { register })
  await producer.send({ topic: 'orders', value: 'a book' })
  register.resetMetrics()
  const scrape = new Scrape(await register.metrics())
  expect(scrape.value('posthaste_producer_records_delivered_total')).toBe(0)
  expect(scrape.distribution('posthaste_producer_batch_records')).toEqual({ count: 0, sum: 0 })
})

test('the JSON of a registry has them too', async () => {
  const register = new Registry()
  using _ = prometheus(producer, { register })
  const all = await register.getMetricsAsJSON()
  expect(all.map(({ name }) => name)).toEqual(metricNames)
  const limit = all.find(({ name }) => name === 'posthaste_producer_queue_limit_bytes')
  expect(limit).toMatchObject({ type: 'gauge', aggregator: 'sum', values: [{ value: 33_554_432 }] })
})
