import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import {
  Consumer,
  FencedError,
  listenToOperation,
  Producer,
  silentLogger,
} from '../../src/index.ts'
import { idOf, linksOf, parentOf, Traces } from '../contract/tracing.ts'

// What must be made to happen: retries, splits, fencing.
let cluster: EmbeddedCluster
beforeEach(async () => {
  cluster = await EmbeddedCluster.start({ logger: silentLogger })
})
afterEach(() => cluster.stop())

const producerOf = (more = {}) =>
  new Producer({ 'bootstrap.servers': cluster.bootstrapServers, logger: silentLogger, ...more })

async function headersIn(topic: string): Promise<string[]> {
  const records = await cluster.records(topic)
  return records.flatMap(({ headers }) => headers.map(({ key, value }) => `${key}=${value}`))
}

test('each try to publish a batch is a span of its own', async () => {
  using traces = new Traces()
  await using producer = producerOf({ 'retry.backoff.ms': 1 })
  await producer.send({ topic: 't', value: 'first' })
  traces.exporter.reset()
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { times: 2 })
  await producer.send({ topic: 't', value: 'v' })
  const send = traces.one('send t')
  const tries = traces.named('publish t')
  expect(tries.map(({ attributes }) => attributes['error.type'])).toEqual([
    'NOT_LEADER_OR_FOLLOWER',
    'NOT_LEADER_OR_FOLLOWER',
    undefined,
  ])
  expect(tries.map(({ attributes }) => attributes['posthaste.attempt'])).toEqual([undefined, 2, 3])
  expect(tries.map(linksOf)).toEqual(Array(3).fill([idOf(send)]))
  expect(send.attributes['error.type']).toBeUndefined()
})

test('a batch that is refused for good has its error, and so has each of its records', async () => {
  using traces = new Traces()
  await using producer = producerOf()
  await producer.send({ topic: 't', value: 'first' })
  traces.exporter.reset()
  cluster.fail('Produce', 'INVALID_RECORD')
  const results = await producer.sendBatch([
    { topic: 't', value: 'a' },
    { topic: 't', value: 'b' },
  ])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const spans = [traces.one('publish t'), ...traces.named('send t')]
  const types = spans.map(({ attributes }) => attributes['error.type'])
  expect(types).toEqual(['INVALID_RECORD', 'INVALID_RECORD', 'INVALID_RECORD'])
})

test('a batch that is split goes on as two, each linked to its own records', async () => {
  using traces = new Traces()
  await using producer = producerOf({ 'linger.ms': 5 })
  await producer.send({ topic: 't', value: 'first' })
  traces.exporter.reset()
  cluster.fail('Produce', 'MESSAGE_TOO_LARGE')
  const values = ['a', 'b', 'c', 'd']
  await producer.sendBatch(values.map(value => ({ topic: 't', value })))
  const sends = traces.named('send t').map(idOf)
  const [whole, ...parts] = traces.named('publish t')
  expect(linksOf(whole!).toSorted()).toEqual(sends.toSorted())
  expect(whole!.attributes['error.type']).toBe('MESSAGE_TOO_LARGE')
  expect(parts.map(({ links }) => links.length)).toEqual([2, 2])
  expect(parts.flatMap(linksOf).toSorted()).toEqual(sends.toSorted())
})

test('a producer that is fenced ends its transaction with why', async () => {
  using traces = new Traces()
  const settings = { 'transactional.id': 'one' }
  const first = producerOf(settings)
  await first.initTransactions()
  first.beginTransaction()
  await first.send({ topic: 't', value: 'a' })
  await using second = producerOf(settings)
  await second.initTransactions()
  await expect(first.commitTransaction()).rejects.toThrow(FencedError)
  const { attributes } = traces.one('transaction')
  expect(attributes['posthaste.transaction.outcome']).toBe('fatal')
  expect(attributes['error.type']).toBe('PRODUCER_FENCED')
  await first.close()
})

test('a transaction that is left at close says so', async () => {
  using traces = new Traces()
  const producer = producerOf({ 'transactional.id': 'one', 'request.timeout.ms': 100 })
  await producer.initTransactions()
  producer.beginTransaction()
  await producer.send({ topic: 't', value: 'a' })
  cluster.drop('EndTxn', { times: 1_000 })
  await producer.close({ timeout: 50 })
  const { attributes } = traces.one('transaction')
  expect(attributes['posthaste.transaction.outcome']).toBe('left')
})

test('what is not sampled is carried as such, and costs no span', async () => {
  using traces = new Traces({ sampler: new AlwaysOffSampler() })
  await using producer = producerOf()
  await producer.send({ topic: 't', value: 'v' })
  expect(await headersIn('t')).toEqual([expect.stringMatching(/^traceparent=00-\w+-\w+-00$/)])
  expect(traces.names()).toBe('')
})

test('headers that are nonsense to the propagator are no context', async () => {
  using traces = new Traces()
  await using producer = producerOf()
  const headers = { traceparent: '00-nonsense', tracestate: null, other: Buffer.from([0xff, 0xfe]) }
  await producer.send({ topic: 't', key: Buffer.from([0xff]), value: 'v', headers })
  await using consumer = new Consumer({ 'bootstrap.servers': cluster.bootstrapServers })
  await consumer.assign([{ topic: 't', partition: 0, offset: 'earliest' }])
  for await (const { header } of consumer.messages({ until: 'end' })) expect(header).toBeDefined()
  const turn = traces.one('process t')
  expect(parentOf(turn)).toBeUndefined()
  expect(linksOf(turn)).toEqual([])
  expect(turn.attributes['messaging.kafka.message.key']).toBeUndefined()
})

test("a tool of one's own may add headers, and no more", async () => {
  const stop = listenToOperation('produce', ({ facts }) => facts.addHeader('sent-by', 'shop'))
  await using producer = producerOf()
  producer.produce({ topic: 't', value: 'a' })
  await producer.send({ topic: 't', value: 'b', headers: { own: '1' } })
  stop()
  await producer.send({ topic: 't', value: 'c' })
  expect(await headersIn('t')).toEqual(['sent-by=shop', 'own=1', 'sent-by=shop'])
})
