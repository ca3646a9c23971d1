import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import {
  Admin,
  canonicalJsonSerializer,
  type DeliveryError,
  MessageTooLargeError,
  Producer,
  type ProducerOptions,
  silentLogger,
} from '../../src/index.ts'
import { freePorts } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'
import { freshName, onBothClusters } from './clusters.ts'
import { readBack } from './read-back.ts'
import { Authority, type Identity } from './security-certificates.ts'

// What every user of Kafka runs into once, each with the words that should help then.

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

const quiet = { logger: silentLogger }

/** The error with which a record to `bootstrap` is given up: in time for a busy machine to know. */
async function failureAt(bootstrap: string, options: ProducerOptions = {}): Promise<DeliveryError> {
  const producer = new Producer({
    'bootstrap.servers': bootstrap,
    'delivery.timeout.ms': 5_000,
    'request.timeout.ms': 4_000,
    ...quiet,
    ...options,
  })
  try {
    await producer.send({ topic: 'any', value: 'v' })
  } catch (error) {
    return error as DeliveryError
  } finally {
    await producer.close({ timeout: 0 })
  }
  throw new Error(`${bootstrap} took a record`)
}

describe('no broker can be reached', { concurrent: true }, () => {
  let silent: Server
  let identity: Identity
  beforeAll(async () => {
    // Keys take their time, in which nothing else goes on.
    identity = new Authority('test').issue({ name: 'broker' })
    silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
  })
  afterAll(() => void silent.close())

  test('nothing listens there', async () => {
    const error = await failureAt('127.0.0.1:1')
    expect(error.message).toContain('127.0.0.1:1: refused')
    expect(error.persisted).toBe('no')
  })

  test('somebody listens, who never answers', async () => {
    const port = portOf(silent)
    const error = await failureAt(`127.0.0.1:${port}`)
    expect(error.message).toMatch(/delivery\.timeout\.ms \(5000\) is over/)
    expect(error.message).toContain(`127.0.0.1:${port}`)
    expect(error.persisted).toBe('no')
  })

  test('the name is wrong', async () => {
    const error = await failureAt('no-such-host.invalid:9092')
    expect(error.message).toMatch(/no-such-host\.invalid:9092: the name does not resolve/)
  })

  test('every address that was tried is named', async () => {
    const error = await failureAt('127.0.0.1:1,127.0.0.1:2')
    expect(error.message).toContain('127.0.0.1:1: refused')
    expect(error.message).toContain('127.0.0.1:2: refused')
  })

  test('the broker expects TLS', async () => {
    const { key, certificate: cert } = identity
    const server = createTlsServer({ key, cert }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const error = await failureAt(`127.0.0.1:${portOf(server)}`)
    server.close()
    expect(error.message).toMatch(/TLS/)
    expect(`${error.hint} ${error.message}`).toMatch(/security\.protocol/)
  })

  test('its advertised address leads nowhere from here, until it is mapped', async () => {
    const [port] = await freePorts(1)
    await using _ = await EmbeddedCluster.start({
      port: port!,
      advertised: [{ host: 'inside.invalid', port: 9 }],
      ...quiet,
    })
    const error = await failureAt(`127.0.0.1:${port}`)
    expect(error.message).toMatch(/inside\.invalid:9: the name does not resolve/)
    expect(error.message).toMatch(/advertises an address.*broker\.address\.mapper/)
  })
})

test('a topic that one may not write to is refused at once, and taken when that has changed', async () => {
  await using cluster = await EmbeddedCluster.start(quiet)
  let refused = true
  cluster.fail('Metadata', 'TOPIC_AUTHORIZATION_FAILED', { topic: 'secret', while: () => refused })
  await using producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers, ...quiet })
  const error = await producer.send({ topic: 'secret', value: 'v' }).catch(thrown => thrown)
  expect(error).toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED', persisted: 'no' })
  expect(`${error.message} ${error.hint}`).toMatch(/secret.*posthaste acls create/)
  refused = false
  expect((await producer.send({ topic: 'secret', value: 'v' })).offset).toBe(0)
})

onBothClusters('what goes wrong with a record', cluster => {
  const make = (options: ProducerOptions = {}) =>
    new Producer({ 'bootstrap.servers': cluster().bootstrapServers, ...quiet, ...options })

  async function newTopic(config: Record<string, string> = {}): Promise<string> {
    const name = freshName('trouble')
    const admin = new Admin({ 'bootstrap.servers': cluster().bootstrapServers, ...quiet })
    try {
      await admin.topics.create([{ name, partitions: 3, config }])
    } finally {
      await admin.close()
    }
    return name
  }

  test('the topic can not exist', async () => {
    await using producer = make()
    const impossible = () => producer.produce({ topic: 'no such topic', value: 'v' })
    expect(impossible).toThrow(/"no such topic".*letters, digits/)
  })

  test('the partition is not there', async () => {
    const topic = await newTopic()
    await using producer = make({ 'delivery.timeout.ms': 1_500, 'request.timeout.ms': 1_000 })
    // What is there is known, and not what a busy broker has to answer within that time.
    await waitFor('the partitions', () => producer.partitionsFor(topic).catch(() => undefined))
    const sent = producer.send({ topic, partition: 7, value: 'v' })
    await expect(sent).rejects.toThrow(`${topic} has 3 partitions, and no [7]`)
  })

  test('the record is too large for this client: at once, alone, with all figures', async () => {
    const topic = await newTopic()
    await using producer = make({ 'max.request.size': 10_000 })
    const outcomes: (DeliveryError | null)[] = []
    producer.produce({ topic, value: 'before' }, error => outcomes.push(error))
    const tooLarge = () => producer.produce({ topic, value: Buffer.alloc(20_000) })
    expect(tooLarge).toThrow(MessageTooLargeError)
    expect(tooLarge).toThrow(/takes 200\d\d bytes, more than max\.request\.size \(10000\)/)
    producer.produce({ topic, value: 'after' }, error => outcomes.push(error))
    expect(await producer.flush()).toBe(0)
    expect(outcomes).toEqual([null, null])
  })

  test('it is too large for the topic: which setting, on which side', async () => {
    const topic = await newTopic({ 'max.message.bytes': '2000' })
    await using producer = make()
    const error = await producer.send({ topic, value: Buffer.alloc(5_000) }).catch(thrown => thrown)
    expect(error).toMatchObject({ code: 'MESSAGE_TOO_LARGE', retriable: false })
    expect(`${error.message} ${error.hint}`).toMatch(/max\.message\.bytes/)
    expect(error.message).toMatch(/the batch takes 50\d\d bytes/)
    // Once the limit is known, the call itself refuses, with that figure too.
    const again = () => producer.send({ topic, value: Buffer.alloc(5_000) }).catch(String)
    const patient = { timeout: 20_000 }
    await expect.poll(again, patient).toMatch(/takes 50\d\d bytes.*max\.message\.bytes \(2000\)/)
    await producer.send({ topic, value: 'small' })
  })

  test('nobody polls: every callback runs once, and the buffer empties', async () => {
    const topic = await newTopic()
    await using producer = make({ 'buffer.memory': 1_000_000 })
    const calls = new Uint8Array(20_000)
    for (let at = 0; at < calls.length; at++) {
      const isRoomy = producer.produce({ topic, value: `value ${at}` }, () => calls[at]!++)
      if (!isRoomy) await producer.drain()
    }
    expect(await producer.flush()).toBe(0)
    expect(calls.every(count => count === 1)).toBe(true)
    expect(producer.metrics()).toMatchObject({ queueRecords: 0, queueBytes: 0 })
  })

  test('equal keys in another order of fields: one partition, with the canonical serializer', async () => {
    const topic = await newTopic()
    await using producer = new Producer(
      { 'bootstrap.servers': cluster().bootstrapServers, ...quiet },
      { key: canonicalJsonSerializer },
    )
    const one = await producer.send({ topic, key: { user: 7, area: 'north' }, value: '1' })
    const two = await producer.send({ topic, key: { area: 'north', user: 7 }, value: '2' })
    expect(two.partition).toBe(one.partition)
    const found = await readBack(cluster().bootstrapServers, topic)
    expect(new Set(found.map(({ key }) => String(key)))).toEqual(
      new Set(['{"area":"north","user":7}']),
    )
  })

  test('parts of a program share a producer: each in its own order, none in another’s way', async () => {
    const topic = await newTopic()
    await using producer = make()
    await Promise.all(
      ['a', 'b', 'c'].map(async part => {
        for (let at = 0; at < 50; at++) {
          const sent = producer.send({ topic, partition: 0, key: part, value: `${part}${at}` })
          if (at % 10 === 0) await sent
          if (part === 'b' && at === 25) await producer.flush()
        }
      }),
    )
    expect(await producer.flush()).toBe(0)
    const found = await readBack(cluster().bootstrapServers, topic)
    for (const part of ['a', 'b', 'c']) {
      const mine = found.filter(({ key }) => String(key) === part).map(({ value }) => String(value))
      expect(mine).toEqual(Array.from({ length: 50 }, (_, at) => `${part}${at}`))
    }
  })

  test('a worker thread has a producer of its own', async () => {
    const topic = await newTopic()
    await using producer = make()
    const program = new URL('../support/producing-worker.ts', import.meta.url)
    const start = `import('tsx/esm/api').then(({ tsImport }) => tsImport('${program}', '${program}'))`
    const workerData = { bootstrap: cluster().bootstrapServers, topic }
    const worker = new Worker(start, { eval: true, workerData })
    const [delivered] = await once(worker, 'message')
    expect(delivered).toBe(100)
    await producer.send({ topic, value: 'from here' })
    expect(await readBack(cluster().bootstrapServers, topic)).toHaveLength(101)
  })

  test('the program ends without a flush: close() gives back what was not delivered', async () => {
    const topic = await newTopic()
    const producer = make({ 'linger.ms': 60_000 })
    const record = { topic, value: 'kept back' }
    await producer.partitionsFor(topic)
    const outcomes: (string | undefined)[] = []
    producer.produce(record, error => outcomes.push(error?.code))
    expect(await producer.close({ timeout: 0 })).toEqual([record])
    expect(outcomes).toEqual(['CLOSED'])
  })
})
