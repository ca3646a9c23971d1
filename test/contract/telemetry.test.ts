import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { EmbeddedCluster, type PushedTelemetry } from '../../src/broker/index.ts'
import {
  type AnyEvent,
  Consumer,
  listenTo,
  Producer,
  type ProducerOptions,
  silentLogger,
} from '../../src/index.ts'
import { IncrementalAlterConfigs } from '../../src/protocol/index.ts'
import { telemetryNames } from '../../src/telemetry/measures.ts'
import { version } from '../../src/version.ts'
import { RawClient } from '../broker/raw-client.ts'
import { root } from '../support/cache.ts'
import { readMetrics } from '../support/otlp.ts'
import { run } from '../support/run.ts'
import { waitFor } from '../support/wait.ts'

// Time is moved by the tests, for the clients and the cluster alike: a minute costs nothing.
const INTERVAL_MS = 60_000
const CLIENT_METRICS = 16
let clock: FakeClock
let cluster: EmbeddedCluster
let admin: RawClient
let heard: PushedTelemetry[]
let stopHearing: () => void
let answers: Extract<AnyEvent, { name: 'broker:answered' }>[]
let stopListening: () => void

beforeEach(async () => {
  clock = new FakeClock()
  cluster = await EmbeddedCluster.start({ logger: silentLogger, clock })
  admin = await RawClient.open(cluster.brokers[0]!.address)
  heard = []
  answers = []
  stopHearing = cluster.onTelemetry(pushed => heard.push(pushed))
  stopListening = listenTo(['broker:answered'], event => {
    if (event.name === 'broker:answered' && event.api.includes('Telemetry')) answers.push(event)
  })
})
afterEach(async () => {
  stopListening()
  admin.close()
  await cluster.stop()
})

async function subscribe(metrics: string, name = 'all'): Promise<void> {
  const wanted = { metrics, 'interval.ms': String(INTERVAL_MS) }
  const configs = Object.entries(wanted).map(([key, value]) => ({
    name: key,
    configOperation: 0,
    value,
  }))
  const resources = [{ resourceType: CLIENT_METRICS, resourceName: name, configs }]
  const asked = { resources, validateOnly: false }
  const { responses } = await admin.call(IncrementalAlterConfigs, 1, asked)
  expect(responses).toMatchObject([{ errorCode: 0 }])
}

const asks = () => answers.filter(({ api }) => api === 'GetTelemetrySubscriptions')
const pushes = () => answers.filter(({ api }) => api === 'PushTelemetry')

const producerOf = (more: ProducerOptions = {}) =>
  new Producer(
    { 'bootstrap.servers': cluster.bootstrapServers, logger: silentLogger, ...more },
    {},
    { clock },
  )

/** Moves time on until something is so. */
async function until(what: string, look: () => boolean): Promise<void> {
  await waitFor(
    what,
    async () => {
      if (look()) return true
      await clock.advance(100)
      return false
    },
    { everyMs: 1 },
  )
}

async function send(producer: Producer, value = 'v'): Promise<void> {
  let sent = false
  const sending = producer.send({ topic: 't', value }).then(() => {
    sent = true
  })
  await until('the delivery', () => sent)
  await sending
}

test('a producer pushes what the cluster wants, as often as it wants, and once more at its end', async () => {
  await subscribe('*')
  const producer = producerOf({ 'client.id': 'shop', 'client.rack': 'r1' })
  await send(producer)
  await until('an answer', () => asks().length === 1)
  const began = clock.now()
  await send(producer, 'w')
  await until('the first push', () => heard.length === 1)
  expect(clock.now() - began).toBeGreaterThanOrEqual(INTERVAL_MS / 2)
  // Time goes on while the push is on its way.
  expect(clock.now() - began).toBeLessThanOrEqual(INTERVAL_MS * 1.5 + 20_000)
  await until('the second', () => heard.length === 2)
  await producer.close()
  await waitFor('the last', () => heard.length === 3)
  const [first, second, last] = heard.map(({ metrics }) => readMetrics(metrics))
  expect(heard.map(({ isTerminating }) => isTerminating)).toEqual([false, false, true])
  expect(new Set(heard.map(({ clientInstanceId }) => clientInstanceId)).size).toBe(1)
  expect(first).toMatchObject({
    resource: { client_rack: 'r1' },
    scope: { name: 'posthaste', version },
  })
  expect(first!.metrics.map(({ name }) => name).toSorted()).toEqual(
    telemetryNames('producer').toSorted(),
  )
  for (const { name } of first!.metrics) expect(name).toMatch(/^org\.apache\.kafka\.producer\./)
  const latency = first!.metrics.find(({ name }) => name.endsWith('node.request.latency.avg'))
  expect(latency?.points.map(({ attributes }) => attributes)).toEqual([{ node_id: 'node-1' }])
  // Nothing was sent in the second interval, so that there is nothing to average.
  const quiet = second!.metrics.map(({ name }) => name)
  expect(quiet).not.toContain('org.apache.kafka.producer.record.queue.time.avg')
  const totals = [first, second, last].map(
    each => each!.metrics.find(({ name }) => name.endsWith('connection.creation.total'))!,
  )
  // Connections since the last push: those from before the first are in that.
  expect(totals.map(({ points }) => points[0]!.value)).toEqual([expect.any(Number), 0, 0])
  expect(totals[0]!.points[0]!.value).toBeGreaterThan(0)
  expect(totals.every(({ isDelta, isMonotonic }) => isDelta && isMonotonic)).toBe(true)
  expect(totals[1]!.points[0]!.from).toBe(totals[0]!.points[0]!.to)
  expect(asks()).toHaveLength(1)
})

test('a consumer tells of its group, its fetches and how idle it was', async () => {
  await subscribe('')
  await subscribe('org.apache.kafka.consumer.', 'consumers')
  const producer = producerOf({ 'enable.metrics.push': false })
  await send(producer)
  const consumer = new Consumer(
    {
      'bootstrap.servers': cluster.bootstrapServers,
      'group.id': 'g',
      'auto.offset.reset': 'earliest',
      logger: silentLogger,
    },
    {},
    { clock },
  )
  let subscribed = false
  void consumer.subscribe(['t']).then(() => {
    subscribed = true
  })
  await until('the share', () => subscribed)
  let handled = 0
  const running = consumer.run({ eachMessage: () => void handled++ })
  await until('the record', () => handled === 1)
  await until('a push', () => heard.length === 1)
  const { resource, metrics } = readMetrics(heard[0]!.metrics)
  expect(resource).toEqual({ group_id: 'g', group_member_id: consumer.groupMetadata().memberId })
  const named = new Map(metrics.map(({ name, points }) => [name, points[0]!.value]))
  const beginning = 'org.apache.kafka.consumer.'
  expect([...named.keys()].toSorted()).toEqual(
    telemetryNames('consumer')
      .filter(name => named.has(name))
      .toSorted(),
  )
  expect(named.get(`${beginning}coordinator.assigned.partitions`)).toBe(1)
  expect(named.get(`${beginning}poll.idle.ratio.avg`)).toBeGreaterThan(0.9)
  expect(named.get(`${beginning}fetch.manager.fetch.latency.max`)).toBeGreaterThan(0)
  expect(named.get(`${beginning}coordinator.commit.latency.avg`)).toBeGreaterThanOrEqual(0)
  let closed = false
  const closing = consumer.close().then(() => {
    closed = true
  })
  await until('the end', () => closed)
  await Promise.all([closing, running])
  expect(heard.at(-1)?.isTerminating).toBe(true)
  await producer.close()
})

test('only what is asked for is measured and told', async () => {
  await subscribe('org.apache.kafka.producer.connection.,org.apache.kafka.consumer.')
  const producer = producerOf()
  await send(producer)
  await until('a push', () => heard.length === 1)
  expect(readMetrics(heard[0]!.metrics).metrics.map(({ name }) => name)).toEqual([
    'org.apache.kafka.producer.connection.creation.rate',
    'org.apache.kafka.producer.connection.creation.total',
  ])
  await producer.close()
})

test('without subscriptions it asks now and then, and pushes nothing; not even at its end', async () => {
  const producer = producerOf()
  await send(producer)
  await until('an answer', () => asks().length === 1)
  await clock.advance(299_000)
  expect(asks()).toHaveLength(1)
  await until('another', () => asks().length === 2)
  await producer.close()
  expect(pushes()).toEqual([])
})

test('a cluster that takes no metrics is never asked, nor one where pushing is off', async () => {
  await subscribe('*')
  const off = producerOf({ 'enable.metrics.push': false })
  await send(off)
  stopHearing()
  const producer = producerOf()
  await send(producer)
  await clock.advance(1_000_000)
  await Promise.all([off.close(), producer.close()])
  expect(answers).toEqual([])
})

test('a subscription that changed is asked for anew, at once', async () => {
  await subscribe('org.apache.kafka.producer.connection.')
  const producer = producerOf()
  await send(producer)
  await until('a push', () => heard.length === 1)
  await subscribe('org.apache.kafka.producer.record.', 'more')
  await until('the news', () => asks().length === 2)
  expect(pushes().at(-1)?.errors).toEqual(['UNKNOWN_SUBSCRIPTION_ID'])
  await send(producer)
  await until('a push of it', () => heard.length === 2)
  const names = readMetrics(heard[1]!.metrics).metrics.map(({ name }) => name)
  expect(names).toContain('org.apache.kafka.producer.record.queue.time.avg')
  expect(heard[1]!.clientInstanceId).toBe(heard[0]!.clientInstanceId)
  await producer.close()
})

test.each(['INVALID_RECORD', 'UNSUPPORTED_VERSION'] as const)(
  'after %s it is over',
  async error => {
    await subscribe('*')
    cluster.fail('PushTelemetry', error)
    const producer = producerOf()
    await send(producer)
    await until('the refusal', () => pushes().length === 1)
    await clock.advance(2_000_000)
    await producer.close()
    expect(pushes()).toHaveLength(1)
    expect(asks()).toHaveLength(1)
  },
)

test.each(['TELEMETRY_TOO_LARGE', 'THROTTLING_QUOTA_EXCEEDED'] as const)(
  'after %s it asks anew when the interval is over',
  async error => {
    await subscribe('*')
    cluster.fail('PushTelemetry', error)
    const producer = producerOf()
    await send(producer)
    await until('the refusal', () => pushes().length === 1)
    const began = clock.now()
    await until('the ask', () => asks().length === 2)
    expect(clock.now() - began).toBeGreaterThanOrEqual(INTERVAL_MS - 200)
    await until('a push', () => heard.length === 1)
    await producer.close()
  },
)

test('a broker that takes no compression gets none', async () => {
  await subscribe('*')
  cluster.fail('PushTelemetry', 'UNSUPPORTED_COMPRESSION_TYPE')
  const producer = producerOf()
  await send(producer)
  await until('a push', () => heard.length === 1)
  expect(readMetrics(heard[0]!.metrics).metrics.length).toBeGreaterThan(0)
  await producer.close()
})

test('a connection that breaks costs a push, not a record, and no line above debug', async () => {
  await subscribe('*')
  const lines: string[] = []
  const logger = { log: (level: string, event: string) => void lines.push(`${level} ${event}`) }
  cluster.disconnect('PushTelemetry')
  const producer = producerOf({ logger })
  await send(producer)
  await until('the break', () => lines.includes('debug telemetry.failed'))
  await send(producer, 'after')
  await until('a push after all', () => heard.length === 1)
  await producer.close()
  expect(lines.filter(line => line.includes('telemetry') && !line.startsWith('debug'))).toEqual([])
})

test('closing does not wait for a broker that gives no answer', async () => {
  await subscribe('*')
  const producer = producerOf()
  await send(producer)
  await until('an answer', () => asks().length === 1)
  cluster.drop('PushTelemetry')
  let closed = false
  const began = clock.now()
  const closing = producer.close().then(() => {
    closed = true
  })
  await until('the end', () => closed)
  await closing
  expect(clock.now() - began).toBeLessThanOrEqual(2_000)
  expect(heard).toEqual([])
})

test('a program that does not close its producer ends all the same', async () => {
  await subscribe('*')
  const program = join(root, 'test/contract/telemetry-program.ts')
  const { code, stderr } = await run(process.execPath, [
    ...['--import', 'tsx', program, cluster.bootstrapServers],
    String(clock.epoch()),
  ])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(asks()).toHaveLength(1)
}, 60_000)
