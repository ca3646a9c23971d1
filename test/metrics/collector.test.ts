import { channel } from 'node:diagnostics_channel'
import { expect, test } from 'vitest'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { type EventSource, nextInstance, Publisher } from '../../src/events.ts'
import { ConfigError, Producer, silentLogger } from '../../src/index.ts'
import type { MetricName } from '../../src/metrics/catalogue.ts'
import { Collector } from '../../src/metrics/index.ts'
import { announce, type Readings } from '../../src/readings.ts'

/** A client that only says what it is told to say. */
class Told implements Disposable {
  readonly source: EventSource
  readonly #publisher: Publisher
  readonly #withdraw: () => void
  readonly #client

  constructor(clientId: string, readings: Partial<Readings> = {}) {
    this.source = { instance: nextInstance(), clientId }
    this.#publisher = new Publisher(this.source, () => 0)
    this.#client = { source: this.source, readings: () => ({ connections: [], ...readings }) }
    this.#withdraw = announce(this.#client)
  }

  fails(topic: string, error: Error): void {
    this.#publisher.publish('record:refused', { topic, error })
  }

  [Symbol.dispose](): void {
    this.#withdraw()
  }
}

const FAILED = 'posthaste_producer_records_failed_total'
const failure = (code: string) => Object.assign(new Error('words with a secret'), { code })

function samplesOf(collector: Collector, name: MetricName) {
  const reading = collector.read(name)
  if (reading.kind === 'histogram') throw new Error(`${name} is a distribution`)
  return reading.samples.map(({ labels, value }) => [...Object.values(labels), value].join(' '))
}

/** What is read together is read in one turn: the next turn asks the clients anew. */
const nextTurn = () => new Promise(resolve => setImmediate(resolve))

test('nobody listens before a collector is there, nor when it has stopped', () => {
  const channels = ['batch:settled', 'response:received', 'fetch:received', 'group:moved']
  const heard = () => channels.map(name => channel(`posthaste:${name}`).hasSubscribers)
  expect(heard()).toEqual([false, false, false, false])
  const collector = new Collector()
  expect(heard()).toEqual([true, true, true, true])
  collector.stop()
  expect(heard()).toEqual([false, false, false, false])
  // What happens for each record, or several times for a batch, is never listened to.
  using _ = new Collector()
  const dear = ['record:appended', 'record:waiting', 'records:handed', 'batch:moved']
  expect(dear.map(name => channel(`posthaste:${name}`).hasSubscribers)).not.toContain(true)
})

test('ten thousand topics are as many series as the limit and one', async () => {
  using client = new Told('many')
  using collector = new Collector(undefined, { maxSeries: 50 })
  for (let i = 0; i < 10_000; i++) client.fails(`topic-${i}`, failure('X'))
  const samples = samplesOf(collector, FAILED)
  expect(samples).toHaveLength(51)
  expect(samples[0]).toBe('many topic-0 X 1')
  expect(samples.at(-1)).toBe('many other other 9950')
})

test('so do ten thousand clients, though each that there is room for has its own sum', () => {
  using collector = new Collector(undefined, { maxSeries: 50 })
  const clients = Array.from({ length: 10_000 }, (_, i) => new Told(`client-${i}`))
  for (const client of clients) client.fails('orders', failure('X'))
  const samples = samplesOf(collector, FAILED)
  expect(samples).toHaveLength(50 + 100 + 1)
  expect(samples[50]).toBe('client-50 other other 1')
  expect(samples.at(-1)).toBe('other other other 9850')
  for (const client of clients) client[Symbol.dispose]()
})

test('lag beyond the limit is added up, and is gone with its partition', async () => {
  const partitions = Array.from({ length: 60 }, (_, partition) => {
    return { topic: 'orders', partition, lag: 2, paused: false }
  })
  const reading = {
    partitions,
    stalledPartitions: 0,
    bufferedBytes: 0,
    bufferedBytesLimit: 1,
    pollGapMs: 0,
  }
  using _ = new Told('reader', { reading })
  using collector = new Collector(undefined, { maxSeries: 50 })
  const lag = 'posthaste_consumer_lag_records'
  expect(samplesOf(collector, lag).at(-1)).toBe('reader other other 20')
  expect(samplesOf(collector, 'posthaste_consumer_partitions')).toEqual(['reader 60'])
  partitions.length = 1
  await nextTurn()
  expect(samplesOf(collector, lag)).toEqual(['reader orders 0 2'])
})

test('clients of one name share their series: sums, and the longest gap', () => {
  const reading = (pollGapMs: number) => ({
    reading: {
      partitions: [{ topic: 'orders', partition: 0, lag: 3, paused: true }],
      stalledPartitions: 1,
      bufferedBytes: 10,
      bufferedBytesLimit: 100,
      pollGapMs,
    },
  })
  using one = new Told('twin', reading(1_000))
  using other = new Told('twin', reading(4_000))
  using collector = new Collector()
  one.fails('orders', failure('X'))
  other.fails('orders', failure('X'))
  expect(samplesOf(collector, FAILED)).toEqual(['twin orders X 2'])
  expect(samplesOf(collector, 'posthaste_consumer_lag_records')).toEqual(['twin orders 0 6'])
  expect(samplesOf(collector, 'posthaste_consumer_poll_gap_seconds')).toEqual(['twin 4'])
  expect(samplesOf(collector, 'posthaste_consumer_paused_partitions')).toEqual(['twin 2'])
})

test('a closed client is forgotten after five minutes, and not before', async () => {
  const clock = new FakeClock()
  using collector = new Collector(undefined, { clock })
  using stays = new Told('stays')
  stays.fails('orders', failure('X'))
  const brief = new Told('brief')
  brief.fails('orders', failure('X'))
  brief[Symbol.dispose]()
  const both = ['stays orders X 1', 'brief orders X 1']
  expect(samplesOf(collector, FAILED)).toEqual(both)
  await clock.advance(299_000)
  await nextTurn()
  expect(samplesOf(collector, FAILED)).toEqual(both)
  await clock.advance(1_000)
  await nextTurn()
  expect(samplesOf(collector, FAILED)).toEqual(['stays orders X 1'])
  stays.fails('orders', failure('X'))
  expect(samplesOf(collector, FAILED)).toEqual(['stays orders X 2'])
  // One that comes again under its name begins anew.
  using again = new Told('brief')
  again.fails('orders', failure('X'))
  expect(samplesOf(collector, FAILED)).toEqual(['stays orders X 2', 'brief orders X 1'])
})

test('a client that comes back under its name in time goes on counting', async () => {
  const clock = new FakeClock()
  using collector = new Collector(undefined, { clock })
  for (let i = 1; i <= 3; i++) {
    using client = new Told('restarted')
    client.fails('orders', failure('X'))
    await nextTurn()
    expect(samplesOf(collector, FAILED)).toEqual([`restarted orders X ${i}`])
    await clock.advance(200_000)
  }
})

test('only the clients that were named are measured', async () => {
  const settings = { 'bootstrap.servers': '127.0.0.1:1', logger: silentLogger }
  await using mine = new Producer({ ...settings, 'client.id': 'mine' })
  await using another = new Producer({ ...settings, 'client.id': 'another' })
  using only = new Collector([mine])
  using all = new Collector()
  const limits = (collector: Collector) =>
    samplesOf(collector, 'posthaste_producer_queue_limit_bytes').toSorted()
  expect(limits(only)).toEqual(['mine 33554432'])
  expect(limits(all)).toEqual(['another 33554432', 'mine 33554432'])
  await another.close()
  await nextTurn()
  expect(limits(all)).toEqual(['mine 33554432'])
})

test('an error is told by its code alone, never by its words', () => {
  using client = new Told('careful')
  using collector = new Collector()
  client.fails('a', failure('UNKNOWN_TOPIC_OR_PARTITION'))
  client.fails('b', failure('secret=hunter2'))
  client.fails('c', new Error('password hunter2'))
  expect(samplesOf(collector, FAILED)).toEqual([
    'careful a UNKNOWN_TOPIC_OR_PARTITION 1',
    'careful b OTHER 1',
    'careful c OTHER 1',
  ])
})

test.each([0, 1.5, -1, Number.NaN])('maxSeries of %s is refused', maxSeries => {
  expect(() => new Collector(undefined, { maxSeries })).toThrow(ConfigError)
  expect(channel('posthaste:batch:settled').hasSubscribers).toBe(false)
})
