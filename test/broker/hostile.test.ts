import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeClock, settle } from '../../src/base/fake-clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { asError } from '../../src/errors.ts'
import { Admin } from '../../src/index.ts'
import type { Logger } from '../../src/logger.ts'
import { MemoryNetwork } from '../../src/net/memory.ts'
import { errorByCode, errorByName } from '../../src/protocol/errors.ts'
import { encodeRequest } from '../../src/protocol/frame.ts'
import {
  ApiVersions,
  ConsumerGroupHeartbeat,
  CreatePartitions,
  CreateTopics,
  Metadata,
  Produce,
} from '../../src/protocol/messages/index.ts'
import { Authority } from '../contract/security-certificates.ts'
import { waitFor } from '../support/wait.ts'
import { RawClient } from './raw-client.ts'

const lines: string[] = []
const reasons: unknown[] = []
const logger: Logger = {
  log(level, event, fields) {
    lines.push(`${level} ${event}`)
    reasons.push(fields.reason)
  },
}
let cluster: EmbeddedCluster

beforeEach(async () => {
  lines.length = 0
  reasons.length = 0
  cluster = await EmbeddedCluster.start({ logger, maxRequestBytes: 1_000_000 })
})
afterEach(() => cluster.stop())

const connect = () => RawClient.open(cluster.brokers[0]!.address)

function int32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeInt32BE(value, i * 4)
  return bytes
}

/** A frame with a header for that API and version, and a body of these bytes. */
function frame(apiKey: number, version: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(10)
  header.writeInt16BE(apiKey, 0)
  header.writeInt16BE(version, 2)
  header.writeInt16BE(-1, 8)
  return Buffer.concat([int32(header.length + body.length), header, body])
}

const metadataV4 = Buffer.from([0xff, 0xff, 0xff, 0xff, 0])

/** A normal request on another connection: whatever one peer does, others are served. */
async function expectService(): Promise<void> {
  using client = await connect()
  const answer = await client.call(Metadata, 4, { topics: null })
  expect(answer.brokers).toHaveLength(1)
}

const hostile: readonly (readonly [string, Buffer])[] = [
  ['a negative length', int32(-1)],
  ['a length beyond the limit', int32(1_000_001)],
  ['the largest length', int32(2 ** 31 - 1)],
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')],
  ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
  ['an empty frame', int32(0)],
  ['a frame that ends in its header', Buffer.concat([int32(5), Buffer.alloc(5)])],
  ['an unknown API', frame(999, 0)],
  ['a negative API', frame(-1, 0)],
  ['a version that is too new', frame(Metadata.key, 99, metadataV4)],
  ['a version that is too old', frame(Produce.key, 2)],
  ['a negative version', frame(Metadata.key, -1, metadataV4)],
  ['a body that is cut short', frame(Metadata.key, 4, metadataV4.subarray(0, 2))],
  ['an array that claims 2^31-1 items', frame(Metadata.key, 4, int32(2 ** 31 - 1))],
  [
    'a string that claims more than there is',
    frame(Metadata.key, 4, Buffer.from('000000017fff', 'hex')),
  ],
]

test.each(hostile)('%s closes that connection, with a count and one line', async (_, bytes) => {
  using client = await connect()
  client.write(bytes)
  await client.closed
  expect(lines).toEqual(['warn broker:connection-rejected'])
  expect(cluster.counters.rejectedConnections).toBe(1)
  await expectService()
})

test.each([
  ['a TLS hello', '160301020001000001fc0303', 'it speaks TLS, and this listener speaks plaintext'],
  ['HTTP', '474554202f20485454502f312e310d0a', 'it speaks HTTP, and this is a Kafka broker'],
  ['SSH', '5353482d322e302d780d0a', 'it speaks SSH, and this is a Kafka broker'],
])('the line of %s tells what came, even byte by byte', async (_, hex, reason) => {
  for (const pieces of [[hex], hex.match(/../g)!]) {
    using client = await connect()
    for (const piece of pieces) client.write(Buffer.from(piece, 'hex'))
    await client.closed
  }
  expect(reasons).toEqual([reason, reason])
})

test('a TLS listener tells in one line that plaintext came, and goes on', async () => {
  const told: string[] = []
  const authority = new Authority('those who sign')
  const { key, certificate: cert } = authority.issue({ name: 'broker', hosts: ['127.0.0.1'] })
  await using guarded = await EmbeddedCluster.start({
    security: { tls: { key, cert } },
    logger: { log: (_, event, { error }) => void told.push(`${event}: ${asError(error).message}`) },
  })
  using client = await RawClient.open(guarded.brokers[0]!.address)
  client.send(Metadata, 4, { topics: null })
  await client.closed
  const words = 'it speaks plaintext, and this listener speaks TLS'
  expect(told).toEqual([`broker:handshake-refused: ${words}`])
  using admin = new Admin({
    'bootstrap.servers': guarded.bootstrapServers,
    'security.protocol': 'ssl',
    'ssl.ca.pem': authority.certificate,
  })
  expect(await admin.topics.list()).toEqual([])
})

test('noise of any kind ends connections, and nothing else', async () => {
  const random = seededRandom(20261121)
  for (let i = 0; i < 60; i++) {
    using client = await connect()
    const noise = Buffer.from(Array.from({ length: 300 }, () => Math.floor(random() * 256)))
    // Half of them look like a frame, so that what is inside is looked at as well.
    if (i % 2 === 0) {
      noise.writeInt32BE(296, 0)
      noise.writeInt16BE(Math.floor(random() * 70), 4)
      noise.writeInt16BE(Math.floor(random() * 14), 6)
    }
    client.write(noise)
    client.write(int32(-1))
    await client.closed
  }
  expect(cluster.counters.rejectedConnections).toBe(60)
  await expectService()
})

test('answers that are due still leave before a connection is closed', async () => {
  using client = await connect()
  client.send(Metadata, 4, { topics: null })
  client.write(frame(999, 0))
  const { message } = await client.receive(Metadata, 4)
  expect(message.brokers).toHaveLength(1)
  await client.closed
})

test('an unknown version of ApiVersions is answered in version 0 with ours', async () => {
  using client = await connect()
  client.write(frame(ApiVersions.key, 99, Buffer.from([0xff])))
  const { message } = await client.receive(ApiVersions, 0)
  expect(message).toMatchObject({ errorCode: 35, apiKeys: [{ apiKey: 18, maxVersion: 4 }] })
  const answer = await client.call(ApiVersions, 4, {
    clientSoftwareName: 'raw',
    clientSoftwareVersion: '1.0',
  })
  expect(answer.apiKeys.find(({ apiKey }) => apiKey === 0)).toMatchObject({ minVersion: 0 })
  expect(answer.finalizedFeatures.map(({ name }) => name)).toContain('transaction.version')
})

test('a client with a strange name is refused by ApiVersions, as Kafka does', async () => {
  using client = await connect()
  const names = { clientSoftwareName: '-raw!', clientSoftwareVersion: '1.0' }
  expect(await client.call(ApiVersions, 3, names)).toMatchObject({ errorCode: 42 })
})

test('requests sent at once are answered in their order', async () => {
  using client = await connect()
  const requests = Array.from({ length: 500 }, (_, i) =>
    Buffer.concat(encodeRequest(Metadata, 9, i, null, { topics: [] })),
  )
  client.write(Buffer.concat(requests))
  for (let i = 0; i < requests.length; i++) {
    expect((await client.receive(Metadata, 9)).correlationId).toBe(i)
  }
})

test('a request that comes byte by byte is understood', async () => {
  using client = await connect()
  for (const byte of Buffer.concat(encodeRequest(Metadata, 9, 7, 'slow', { topics: [] }))) {
    client.write(Buffer.from([byte]))
    await settle()
  }
  expect((await client.receive(Metadata, 9)).correlationId).toBe(7)
})

test('a peer that asks but does not read is not read on', async () => {
  await cluster.createTopic('wide', { partitions: 4000 })
  using client = await connect()
  client.pause()
  const request = Buffer.concat(encodeRequest(Metadata, 9, 0, null, { topics: null }))
  for (let i = 0; i < 300; i++) client.write(request)
  await expectService()
  let before = -1
  const handled = await waitFor('the broker to stop reading', async () => {
    const { requests } = cluster.counters
    const isStill = requests === before
    before = requests
    return isStill && requests
  })
  expect(handled).toBeLessThan(200)
  client.resume()
  for (let i = 0; i < 300; i++) await client.frame()
})

test('a thousand connections are taken, and let go', async () => {
  const clients = await Promise.all(Array.from({ length: 1000 }, connect))
  await Promise.all(clients.map(client => client.call(Metadata, 4, { topics: [] })))
  expect(cluster.brokers[0]!.connections).toBe(1000)
  for (const client of clients) client.close()
  await waitFor('the connections to go', () => cluster.brokers[0]!.connections === 0)
})

test('a connection that is idle, or never ends its request, is closed in time', async () => {
  const clock = new FakeClock()
  const network = new MemoryNetwork(clock)
  await using slow = await EmbeddedCluster.start({ logger, clock, listen: network.listen })
  const [broker] = slow.brokers
  const open = async () => {
    const dialled = network.dial(broker!.address, new AbortController().signal)
    await clock.advance(0)
    const transport = await dialled
    transport.listen({ data() {}, drain() {}, closed() {} })
    return transport
  }
  await open()
  const loris = await open()
  loris.write([int32(100)])
  for (let i = 0; i < 6; i++) {
    await clock.advance(9_990)
    loris.write([Buffer.from([0])])
  }
  expect(broker!.connections).toBe(2)
  await clock.advance(100)
  expect(broker!.connections).toBe(1)
  await clock.advance(539_000)
  expect(broker!.connections).toBe(1)
  await clock.advance(1_500)
  expect(broker!.connections).toBe(0)
  expect(slow.counters.expiredConnections).toBe(2)
  expect(lines).toEqual(['info broker:connection-expired', 'info broker:connection-expired'])
})

test('an error that repeats a long name is cut, not lost', async () => {
  await using two = await EmbeddedCluster.start({ brokers: 2, logger })
  using client = await RawClient.open(two.brokers[0]!.address)
  const refusals: string[] = []
  for (let i = 0; i < 10; i++) {
    const groupId = `${i}${'x'.repeat(32_766)}`
    const heartbeat = { groupId, memberId: 'm', memberEpoch: 1, topicPartitions: null }
    const { errorCode, errorMessage } = await client.call(ConsumerGroupHeartbeat, 1, heartbeat)
    if (errorCode === errorByName('NOT_COORDINATOR').code) refusals.push(errorMessage ?? '')
  }
  expect(refusals.length).toBeGreaterThan(0)
  for (const message of refusals) expect(message).toHaveLength(1000)
  expect(two.counters.failedRequests).toBe(0)
})

test('no number in a request decides how many partitions are made', async () => {
  using client = await connect()
  const create = (name: string, numPartitions: number) => ({
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 1000,
    validateOnly: false,
  })
  const errorOf = async (count: number) => {
    const { topics } = await client.call(CreateTopics, 5, create(`p${count}`, count))
    return errorByCode(topics[0]!.errorCode).name
  }
  expect(await errorOf(2 ** 31 - 1)).toBe('POLICY_VIOLATION')
  expect(await errorOf(10_001)).toBe('POLICY_VIOLATION')
  expect(await errorOf(10_000)).toBe('NONE')
  const more = { topics: [{ name: 'p10000', count: 2 ** 31 - 1, assignments: null }] }
  const { results } = await client.call(CreatePartitions, 3, {
    ...more,
    timeoutMs: 1000,
    validateOnly: false,
  })
  expect(errorByCode(results[0]!.errorCode).name).toBe('POLICY_VIOLATION')
})
