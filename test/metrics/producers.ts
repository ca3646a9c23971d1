import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { BufferFullError, Producer, type ProducerOptions, silentLogger } from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
import { hold } from './held.ts'
import { Scraped } from './scrape.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ logger: silentLogger, autoCreateTopics: false })
})
afterAll(() => cluster.stop())

const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i} `.repeat(8))

/** A producer that says nothing in the log. */
const makeProducer = (clientId: string, settings: Partial<ProducerOptions> = {}) =>
  new Producer({
    'bootstrap.servers': cluster.bootstrapServers,
    'client.id': clientId,
    logger: silentLogger,
    ...settings,
  })

test('what is delivered is counted as the producer itself counts it', async () => {
  await cluster.createTopic('orders', { partitions: 3 })
  await cluster.createTopic('payments', { partitions: 1 })
  await using producer = makeProducer('delivering', { 'compression.type': 'gzip' })
  using scraped = new Scraped(producer)
  await producer.sendBatch([
    ...lines(200).map((value, i) => ({ topic: 'orders', key: `${i}`, value })),
    ...lines(50).map(value => ({ topic: 'payments', value })),
  ])
  const scrape = await scraped.now()
  const own = producer.metrics()
  const client_id = 'delivering'
  const delivered = 'posthaste_producer_records_delivered_total'
  expect(scrape.value(delivered, { client_id, topic: 'orders' })).toBe(200)
  expect(scrape.value(delivered, { client_id, topic: 'payments' })).toBe(50)
  expect(scrape.value('posthaste_producer_records_failed_total')).toBeUndefined()
  const { count: batches, sum: bytes } = own.batchBytes
  expect(scrape.distribution('posthaste_producer_batch_bytes')).toEqual({
    count: batches,
    sum: bytes,
  })
  expect(scrape.value('posthaste_producer_delivered_bytes_total')).toBe(bytes)
  const plain = scrape.value('posthaste_producer_uncompressed_bytes_total') ?? 0
  expect(bytes / plain).toBeCloseTo(own.compressionRatio, 10)
  expect(own.compressionRatio).toBeLessThan(0.5)
  const ratios = scrape.distribution('posthaste_producer_compression_ratio')
  expect(ratios?.count).toBe(batches)
  expect((ratios?.sum ?? 0) / batches).toBeLessThan(0.5)
  const records = scrape.distribution('posthaste_producer_batch_records')
  expect(records).toEqual({ count: batches, sum: 250 })
  const latency = scrape.distribution('posthaste_producer_delivery_latency_seconds')
  expect(latency?.count).toBe(batches)
  expect(latency?.sum).toBeCloseTo(own.deliveryLatencyMs.sum / 1000, 1)
  const wait = scrape.distribution('posthaste_producer_batch_wait_seconds')
  expect(wait?.count).toBe(batches)
  expect(wait?.sum).toBeLessThanOrEqual(latency?.sum ?? 0)
  const requests = { client_id, api: 'Produce' }
  const answered = scrape.distribution('posthaste_client_request_latency_seconds', requests)
  expect(answered?.count).toBe(own.requestLatencyMs.count)
  expect(scrape.value('posthaste_client_metadata_refreshes_total')).toBeGreaterThan(0)
  expect(scrape.value('posthaste_client_connections')).toBe(
    scrape.value('posthaste_client_connections_opened_total'),
  )
  expect(scrape.labels('posthaste_client_connections', 'broker')).toContain(
    `1 (${cluster.bootstrapServers})`,
  )
})

test('the queue and what is in flight are read when they are asked for', async () => {
  await cluster.createTopic('queued')
  await using producer = makeProducer('queueing', { 'buffer.memory': 1_000_000 })
  using scraped = new Scraped(producer)
  const release = hold(cluster, 'Produce')
  const sent = lines(30).map(value => producer.send({ topic: 'queued', value }))
  await waitFor('a request in flight', () => producer.metrics().requestsInFlight > 0)
  const during = await scraped.now()
  expect(during.value('posthaste_producer_queue_records')).toBe(30)
  expect(during.value('posthaste_producer_queue_bytes')).toBe(producer.metrics().queueBytes)
  expect(during.value('posthaste_producer_queue_limit_bytes')).toBe(1_000_000)
  expect(during.value('posthaste_client_requests_in_flight')).toBe(1)
  release()
  await Promise.all(sent)
  const after = await scraped.now()
  expect(after.value('posthaste_producer_queue_records')).toBe(0)
  expect(after.value('posthaste_client_requests_in_flight')).toBe(0)
})

test('retries and failures are counted by their errors', async () => {
  await cluster.createTopic('troubled')
  await using producer = makeProducer('retrying', { 'retry.backoff.ms': 1, 'linger.ms': 0 })
  // Long enough that the broker has said meanwhile what is wrong, however busy the machine.
  const brief = { 'delivery.timeout.ms': 5_000, 'request.timeout.ms': 4_000 }
  await using lost = makeProducer('lost', { ...brief, 'linger.ms': 0 })
  using scraped = new Scraped([producer, lost])
  cluster.fail('Produce', 'NOT_ENOUGH_REPLICAS', { times: 3 })
  await producer.send({ topic: 'troubled', value: 'arrives' })
  cluster.fail('Produce', 'INVALID_RECORD')
  await expect(producer.send({ topic: 'troubled', value: 'refused' })).rejects.toThrow()
  await expect(lost.send({ topic: 'nowhere', value: 'never' })).rejects.toThrow()
  const scrape = await scraped.now()
  const labels = { client_id: 'retrying', topic: 'troubled' }
  const retries = 'posthaste_producer_batch_retries_total'
  expect(scrape.value(retries, { ...labels, error: 'NOT_ENOUGH_REPLICAS' })).toBe(3)
  const failures = 'posthaste_producer_records_failed_total'
  expect(scrape.value(failures, { ...labels, error: 'INVALID_RECORD' })).toBe(1)
  expect(scrape.value(failures, { topic: 'nowhere' })).toBe(1)
  expect(scrape.labels(failures, 'error')).toEqual(['INVALID_RECORD', 'UNKNOWN_TOPIC_OR_PARTITION'])
  expect(scrape.value(failures, { client_id: 'retrying' })).toBe(producer.metrics().recordsFailed)
  expect(scrape.value(failures, { client_id: 'lost' })).toBe(lost.metrics().recordsFailed)
  expect(scrape.value('posthaste_producer_records_delivered_total')).toBe(1)
})

test('a full buffer, a batch that is split, the silence that a broker asks for', async () => {
  await cluster.createTopic('narrow', { config: { 'max.message.bytes': '2000' } })
  await using producer = makeProducer('filling', { 'buffer.memory': 100_000, 'linger.ms': 5 })
  using scraped = new Scraped(producer)
  cluster.throttle('Produce', 250)
  await producer.sendBatch(lines(40).map(value => ({ topic: 'narrow', value })))
  const release = hold(cluster, 'Produce')
  const value = 'x'.repeat(1_500)
  expect(() => {
    for (;;) producer.produce({ topic: 'narrow', value })
  }).toThrow(BufferFullError)
  const waits = producer.send({ topic: 'narrow', value })
  await waitFor('the record to wait', async () => {
    const full = await scraped.now()
    return full.value('posthaste_producer_buffer_full_total', { outcome: 'waits' })
  })
  release()
  await waits
  const scrape = await scraped.now()
  expect(scrape.value('posthaste_producer_buffer_full_total', { outcome: 'refused' })).toBe(1)
  expect(scrape.value('posthaste_producer_buffer_full_total', { outcome: 'waits' })).toBe(1)
  const splits = scrape.value('posthaste_producer_batch_splits_total', { topic: 'narrow' })
  expect(splits).toBe(producer.metrics().batchesSplit)
  expect(splits).toBeGreaterThan(0)
  expect(scrape.value('posthaste_client_throttle_seconds_total')).toBe(0.25)
})

test('transactions: committed, aborted, and the end of a producer that is fenced', async () => {
  await cluster.createTopic('accounts')
  const transactional = { 'transactional.id': 'accountant' }
  await using producer = makeProducer('transacting', transactional)
  using scraped = new Scraped(producer)
  const send = (value: string) =>
    producer.transaction(async tx => void (await tx.send({ topic: 'accounts', value })))
  await send('a')
  await send('b')
  const failing = producer.transaction(() => Promise.reject(new Error('changed my mind')))
  await expect(failing).rejects.toThrow('changed my mind')
  const before = await scraped.now()
  expect(before.value('posthaste_producer_transactions_committed_total')).toBe(2)
  expect(before.value('posthaste_producer_transactions_aborted_total')).toBe(1)
  expect(before.distribution('posthaste_producer_transaction_seconds')?.count).toBe(3)
  expect(before.value('posthaste_producer_fatal_errors_total')).toBeUndefined()
  await using successor = makeProducer('succeeding', transactional)
  await successor.initTransactions()
  await expect(send('too late')).rejects.toThrow()
  const after = await scraped.now()
  expect(after.value('posthaste_producer_fatal_errors_total')).toBe(1)
  expect(after.labels('posthaste_producer_fatal_errors_total', 'error')).toEqual([
    'PRODUCER_FENCED',
  ])
})
