import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import {
  Consumer,
  type ConsumerOptions,
  type Deserializer,
  Producer,
  silentLogger,
} from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
import { hold } from './held.ts'
import { Scraped } from './scrape.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  const groupConfig = { 'group.consumer.heartbeat.interval.ms': '100' }
  cluster = await EmbeddedCluster.start({ logger: silentLogger, groupConfig })
})
afterAll(() => cluster.stop())

const common = (clientId: string) => ({
  'bootstrap.servers': cluster.bootstrapServers,
  'client.id': clientId,
  logger: silentLogger,
})

const settings = (clientId: string, own: Partial<ConsumerOptions> = {}) => ({
  ...common(clientId),
  'auto.offset.reset': 'earliest',
  'fetch.max.wait.ms': 20,
  'retry.backoff.ms': 1,
  ...own,
})

/** A topic with so many records in each of its partitions; gives the bytes of their batches. */
async function topicWith(topic: string, partitions: number, each: number): Promise<number> {
  await cluster.createTopic(topic, { partitions })
  await using producer = new Producer(common(`fills-${topic}`))
  await producer.sendBatch(
    Array.from({ length: partitions * each }, (_, i) => {
      return { topic, partition: i % partitions, value: `${i}` }
    }),
  )
  return producer.metrics().batchBytes.sum
}

test('what comes, how far the consumer is, and what it committed', async () => {
  const stored = await topicWith('orders', 2, 50)
  const own = { 'group.id': 'billing', 'enable.auto.commit': false }
  await using consumer = new Consumer(settings('reading', own))
  using scraped = new Scraped(consumer)
  await consumer.subscribe(['orders'])
  let seen = 0
  for await (const _ of consumer) if (++seen === 30) break
  consumer.pause([{ topic: 'orders', partition: 0 }])
  const { lag, partitions } = { lag: consumer.lag(), partitions: consumer.position() }
  const scrape = await scraped.now()
  const client_id = 'reading'
  for (const { topic, partition, lag: behind } of partitions) {
    const labels = { client_id, topic, partition: String(partition) }
    expect(scrape.value('posthaste_consumer_lag_records', labels)).toBe(behind)
  }
  // The loop was left with one record in work, which comes again.
  expect(lag.total).toBe(71)
  expect(scrape.value('posthaste_consumer_lag_records')).toBe(71)
  expect(scrape.value('posthaste_consumer_partitions')).toBe(2)
  expect(scrape.value('posthaste_consumer_paused_partitions')).toBe(1)
  expect(scrape.value('posthaste_consumer_stalled_partitions')).toBe(0)
  expect(scrape.value('posthaste_consumer_fetched_records_total', { topic: 'orders' })).toBe(100)
  expect(scrape.value('posthaste_consumer_fetched_bytes_total')).toBe(stored)
  const figures = consumer.metrics()
  expect(scrape.value('posthaste_consumer_buffered_bytes')).toBe(figures.bufferedBytes)
  expect(figures.bufferedBytes).toBeGreaterThan(0)
  expect(scrape.value('posthaste_consumer_buffer_limit_bytes')).toBe(figures.bufferedBytesLimit)
  const latency = scrape.distribution('posthaste_consumer_fetch_latency_seconds')
  const fetches = { api: 'Fetch' }
  expect(latency).toEqual(scrape.distribution('posthaste_client_request_latency_seconds', fetches))
  expect(latency?.count).toBe(figures.fetches)
  await consumer.commit()
  cluster.fail('OffsetCommit', 'GROUP_AUTHORIZATION_FAILED')
  const offsets = [{ topic: 'orders', partition: 1, offset: 3 }]
  await expect(consumer.commit(offsets)).rejects.toThrow()
  const after = await scraped.now()
  const group = { client_id, group: 'billing' }
  const commits = after.distribution('posthaste_consumer_commit_latency_seconds', group)
  expect(commits?.count).toBe(1)
  const refused = { ...group, error: 'GROUP_AUTHORIZATION_FAILED' }
  expect(after.value('posthaste_consumer_commit_failures_total', refused)).toBe(1)
})

test.each(['classic', 'consumer'])(
  'a rebalance, and partitions lost, by protocol %s',
  async protocol => {
    const topic = `shared-${protocol}`
    await cluster.createTopic(topic, { partitions: 4 })
    const group = `sharing-${protocol}`
    const own: Partial<ConsumerOptions> = {
      'group.id': group,
      'group.protocol': protocol as 'classic' | 'consumer',
      ...(protocol === 'classic' && { 'heartbeat.interval.ms': 20 }),
    }
    const names = ['first', 'second'].map(name => `${name}-${protocol}`)
    const consumers = names.map(name => new Consumer(settings(name, own)))
    const [first, second] = [consumers[0]!, consumers[1]!]
    using scraped = new Scraped(consumers)
    try {
      await first.subscribe([topic])
      const alone = await scraped.now()
      const of = { client_id: names[0]!, group }
      const changes = 'posthaste_consumer_partition_changes_total'
      expect(alone.value(changes, { ...of, change: 'assigned' })).toBe(4)
      const joining = alone.value('posthaste_consumer_rebalances_total', of) ?? 0
      expect(joining).toBeGreaterThan(0)
      const took = alone.distribution('posthaste_consumer_rebalance_seconds', of)
      expect(took?.count).toBe(joining)
      await second.subscribe([topic])
      await waitFor('both to have two', async () => {
        const shared = await scraped.now()
        const counts = names.map(client_id =>
          shared.value('posthaste_consumer_partitions', { client_id }),
        )
        return counts.join() === '2,2'
      })
      await waitFor('the first to be settled again', async () => {
        const again = await scraped.now()
        return (again.value('posthaste_consumer_rebalances_total', of) ?? 0) > joining
      })
      const shared = await scraped.now()
      expect(shared.value(changes, { ...of, change: 'lost' })).toBeUndefined()
      expect(shared.value(changes, { ...of, change: 'revoked' })).toBeGreaterThanOrEqual(2)
      const beat = protocol === 'classic' ? 'Heartbeat' : 'ConsumerGroupHeartbeat'
      cluster.fail(beat, 'UNKNOWN_MEMBER_ID')
      await waitFor('two to be lost', async () => {
        const lost = await scraped.now()
        return lost.value(changes, { group, change: 'lost' }) === 2
      })
    } finally {
      await Promise.all(consumers.map(consumer => consumer.close()))
    }
  },
)

test('handlers, dead letters, and records that can not be read', async () => {
  await topicWith('handled', 1, 20)
  const own = { 'on.bad.record': 'skip', 'group.id': 'handling' } as const
  const value: Deserializer<string> = {
    deserialize(bytes) {
      if (String(bytes) === '7') throw new Error('no sevens')
      return String(bytes)
    },
  }
  await using consumer = new Consumer(settings('handling', own), { value })
  using scraped = new Scraped(consumer)
  await consumer.subscribe(['handled'])
  const dead: string[] = []
  let seen = 0
  await consumer.run({
    eachMessage: message => {
      if (message.value === '3') throw new Error('no threes')
      if (++seen === 18) consumer.stop()
    },
    onFailure: { attempts: 2, backoffMs: 1, deadLetter: ({ value }) => void dead.push(`${value}`) },
  })
  expect(dead).toEqual(['3'])
  const scrape = await scraped.now()
  const handler = (outcome: string) =>
    scrape.distribution('posthaste_consumer_handler_seconds', { outcome })?.count
  expect(handler('done')).toBe(18)
  expect(handler('failed')).toBe(2)
  expect(scrape.value('posthaste_consumer_dead_letters_total', { topic: 'handled' })).toBe(1)
  const bad = { topic: 'handled', error: 'DESERIALIZATION_FAILED' }
  expect(scrape.value('posthaste_consumer_bad_records_total', bad)).toBe(1)
})

test('a partition that stalls, and a program that does not ask for more', async () => {
  await topicWith('stalling', 1, 2)
  await using consumer = new Consumer(settings('stalling', { 'stall.timeout.ms': 100 }))
  using scraped = new Scraped(consumer)
  await consumer.assign([{ topic: 'stalling', partition: 0, offset: 0 }])
  const release = hold(cluster, 'Fetch')
  const loop = consumer[Symbol.asyncIterator]()
  const first = loop.next()
  const waits = { waits_for: 'broker' }
  // On a busy machine it may be found to wait for its offset, before the Fetch is on its way.
  let stalled = await scraped.now()
  await waitFor('the partition to be stuck', async () => {
    stalled = await scraped.now()
    const isStuck = stalled.value('posthaste_consumer_stalled_partitions') === 1
    return isStuck && stalled.value('posthaste_consumer_stalls_total', waits)
  })
  expect(stalled.value('posthaste_consumer_poll_gap_seconds')).toBe(0)
  release()
  await first
  const gap = await waitFor('the gap to be seen', async () => {
    const scrape = await scraped.now()
    return scrape.value('posthaste_consumer_poll_gap_seconds')
  })
  expect(gap).toBeGreaterThan(0)
  await loop.next()
  const after = await scraped.now()
  expect(after.value('posthaste_consumer_poll_gap_seconds')).toBe(0)
  await loop.return?.()
})
