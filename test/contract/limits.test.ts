import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Admin, Consumer, silentLogger } from '../../src/index.ts'
import { oidcToken } from '../../src/net/sasl/oidc.ts'
import { errorByCode } from '../../src/protocol/errors.ts'
import { Produce } from '../../src/protocol/messages/index.ts'
import {
  BATCH_HEADER_BYTES,
  codecByName,
  MAX_DECOMPRESSED_BYTES,
  sealBatch,
} from '../../src/records/index.ts'
import { SchemaRegistryClient } from '../../src/registry/index.ts'
import { jsonFormat } from '../../src/registry/json/format.ts'
import { RawClient } from '../broker/raw-client.ts'

/** Where a server listens that is gone when the test is over. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

describe('what a broker claims', () => {
  test.each([2 ** 31 - 1, 2_000_000, -1])('a frame of %s bytes is refused', async size => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => {
        const frame = Buffer.alloc(1000)
        frame.writeInt32BE(size)
        socket.write(frame)
      })
    })
    const port = await listening(server)
    using admin = new Admin({
      'bootstrap.servers': `127.0.0.1:${port}`,
      'receive.message.max.bytes': 1_000_000,
      logger: silentLogger,
      'request.timeout.ms': 2000,
    })
    const before = process.memoryUsage().arrayBuffers
    await expect(admin.connect()).rejects.toThrow(/./)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
  })
})

describe('records that grow without end', () => {
  const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const
  const bombs = new Map<string, Buffer>()
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    const zeros = Buffer.alloc(MAX_DECOMPRESSED_BYTES + 1)
    for (const name of codecs) {
      const body = await codecByName(name).compress(zeros)
      const header = Buffer.alloc(BATCH_HEADER_BYTES)
      // Of now: retention may take away what is older, before anybody reads it.
      const [baseTimestamp, maxTimestamp] = [Date.now(), Date.now()]
      const codec = codecByName(name).id
      sealBatch(header, { count: 1, baseTimestamp, maxTimestamp, codec }, body)
      bombs.set(name, Buffer.concat([header, body]))
    }
    cluster = await EmbeddedCluster.start({
      topicConfig: { 'max.message.bytes': '50000000' },
      logger: silentLogger,
    })
  })
  afterAll(() => cluster?.stop())

  async function plant(topic: string, bomb: Buffer, config: Record<string, string> = {}) {
    await cluster.createTopic(topic, { config })
    using client = await RawClient.open(cluster.brokers[0]!.address)
    const partitionData = [{ index: 0, records: bomb }]
    const { responses } = await client.call(Produce, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: topic, partitionData }],
    })
    return errorByCode(responses[0]!.partitionResponses[0]!.errorCode).name
  }

  test.each(codecs)('%s: a consumer refuses them', async name => {
    expect(await plant(`bomb-${name}`, bombs.get(name)!)).toBe('NONE')
    const settings = { 'bootstrap.servers': cluster.bootstrapServers, logger: silentLogger }
    await using consumer = new Consumer(settings)
    await consumer.assign([{ topic: `bomb-${name}`, partition: 0, offset: 0 }])
    const reading = (async () => {
      for await (const message of consumer) return message
      return undefined
    })()
    await expect(reading).rejects.toThrow(
      `compressed by ${name} would grow beyond the limit of ${MAX_DECOMPRESSED_BYTES} bytes`,
    )
  })

  test.each(codecs)('%s: a broker that has to look into them refuses them', async name => {
    const topic = `compacted-${name}`
    const compacted = { 'cleanup.policy': 'compact' }
    expect(await plant(topic, bombs.get(name)!, compacted)).toBe('MESSAGE_TOO_LARGE')
    expect(cluster.counters.failedRequests).toBe(0)
  })
})

describe('what a provider or a registry answers', () => {
  /** Answers with more than anybody needs, for as long as somebody reads. */
  async function endless(): Promise<string> {
    const server = createHttpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const chunk = Buffer.alloc(256 * 1024, '[')
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', more)
      response.on('error', () => {})
      more()
    })
    onTestFinished(() => server.closeAllConnections())
    return `http://127.0.0.1:${await listening(server)}`
  }

  test('a token of more than 1 MiB is refused', async () => {
    const url = `${await endless()}/token`
    const grant = { is: 'secret', id: 'a', secret: new Secret('b') } as const
    const settings = { url, grant, encodesHeader: false }
    const asked = oidcToken(settings, systemClock, Math.random, new AbortController().signal)
    await expect(asked).rejects.toMatchObject({ code: 'BAD_TOKEN_ANSWER' })
  })

  test('an answer of a registry of more than 32 MiB is refused', async () => {
    using client = new SchemaRegistryClient({ 'schema.registry.url': await endless(), retries: 0 })
    await expect(client.subjects()).rejects.toMatchObject({
      code: 'REGISTRY_BAD_ANSWER',
      message: expect.stringContaining('more than 33554432 bytes'),
    })
  })

  test.each([
    ['a value', { type: 'array', items: { $ref: '#' } }],
    ['a value whose items are compared', { uniqueItems: true }],
  ])('%s that nests without end is refused', (_, schema) => {
    const decoder = jsonFormat({}).decoder({ schema: JSON.stringify(schema) }, [])
    expect(decoder.decode(Buffer.from('[[[]]]'), undefined)).toEqual([[[]]])
    const deep = Buffer.from('['.repeat(200_000) + ']'.repeat(200_000))
    expect(() => decoder.decode(deep, undefined)).toThrow('it is nested more than 1000 deep')
  })

  test('a schema that nests without end is none', () => {
    const schema = `${'{"items":'.repeat(100_000)}{}${'}'.repeat(100_000)}`
    expect(() => jsonFormat({}).decoder({ schema }, [])).toThrow('it is nested more than 200 deep')
  })
})
