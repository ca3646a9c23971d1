import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { ClientQuotas } from '../../src/broker/quotas/client-quotas.ts'
import { Rate } from '../../src/broker/quotas/rate.ts'
import { Admin, orThrow, type QuotaChanges, silentLogger } from '../../src/index.ts'
import { CreateTopics, Fetch, Metadata, Produce } from '../../src/protocol/messages/index.ts'
import { batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

const nothing = { topics: [], allowAutoTopicCreation: false }

describe('quotas of the embedded broker', () => {
  let cluster: EmbeddedCluster
  let admin: Admin
  beforeEach(async () => {
    cluster = await EmbeddedCluster.start({ logger: silentLogger })
    await cluster.createTopic('orders')
    admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers, 'client.id': 'admin' })
  })
  afterEach(async () => {
    admin.close()
    await cluster.stop()
  })

  const open = () => RawClient.open(cluster.brokers[0]!.address)

  async function limit(change: QuotaChanges): Promise<void> {
    for (const result of await admin.quotas.alter([change])) orThrow(result)
  }

  const produced = (bytes: number, acks = -1) => ({
    acks,
    timeoutMs: 5000,
    topicData: [
      {
        name: 'orders',
        partitionData: [{ index: 0, records: batchOf(['x'.repeat(bytes)]) }],
      },
    ],
  })

  /** Is true when the client has got no answer while another client got several. */
  async function isHeldBack(client: RawClient): Promise<boolean> {
    let isAnswered = false
    void client.frame().then(() => {
      isAnswered = true
    })
    using other = await RawClient.open(cluster.brokers[0]!.address)
    for (let i = 0; i < 3; i++) await other.call(Metadata, 9, nothing)
    return !isAnswered
  }

  test('whoever writes too much is answered at once, and then heard no more for a while', async () => {
    await limit({ entity: { clientId: 'raw' }, set: { producer_byte_rate: 1000 } })
    using client = await open()
    const first = await client.call(Produce, 9, produced(5000))
    // 5 KB are less than ten seconds of 1000 bytes.
    expect(first.throttleTimeMs).toBe(0)
    const second = await client.call(Produce, 9, produced(15_000))
    expect(second.responses[0]?.partitionResponses[0]?.errorCode).toBe(0)
    expect(second.throttleTimeMs).toBeGreaterThan(9_000)
    expect(second.throttleTimeMs).toBeLessThan(12_000)
    client.send(Metadata, 9, nothing)
    expect(await isHeldBack(client)).toBe(true)
    await cluster.advanceTime(second.throttleTimeMs)
    client.send(Metadata, 9, nothing)
    expect(await client.frame()).toBeDefined()
    await cluster.advanceTime(15_000)
    expect((await client.call(Produce, 9, produced(5000))).throttleTimeMs).toBe(0)
  })

  test('so is one who asks for no answers', async () => {
    await limit({ entity: { user: 'ANONYMOUS' }, set: { producer_byte_rate: 1000 } })
    using client = await open()
    client.send(Produce, 9, produced(30_000, 0))
    client.send(Metadata, 9, nothing)
    expect(await isHeldBack(client)).toBe(true)
  })

  test('whoever reads too much is told with what they get', async () => {
    using writer = await open()
    await writer.call(Produce, 9, produced(30_000))
    await limit({ entity: { clientId: null }, set: { consumer_byte_rate: 1000 } })
    using reader = await open()
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }]
    const topics = [{ topic: 'orders', partitions }]
    const request = { maxWaitMs: 0, minBytes: 0, isolationLevel: 0, topics }
    const answer = await reader.call(Fetch, 11, request)
    expect(answer.responses[0]?.partitions[0]?.records?.length).toBeGreaterThan(30_000)
    expect(answer.throttleTimeMs).toBeGreaterThan(15_000)
    reader.send(Metadata, 9, nothing)
    expect(await isHeldBack(reader)).toBe(true)
  })

  test('partitions that are made are counted', async () => {
    await limit({ entity: { user: 'ANONYMOUS' }, set: { controller_mutation_rate: 1 } })
    using client = await open()
    const topics = [
      { name: 'many', numPartitions: 30, replicationFactor: 1, assignments: [], configs: [] },
    ]
    const answer = await client.call(CreateTopics, 5, { topics, validateOnly: false })
    expect(answer.throttleTimeMs).toBe(20_000)
  })

  test('connections that are made too fast are not heard at once', async () => {
    await limit({ entity: { ip: '127.0.0.1' }, set: { connection_creation_rate: 0.5 } })
    const clients: RawClient[] = []
    for (let i = 0; i < 6; i++) clients.push(await open())
    const last = clients.at(-1)!
    last.send(Metadata, 9, nothing)
    const answered = last.frame()
    await cluster.advanceTime(1000)
    expect(await answered).toBeDefined()
    for (const client of clients) client.close()
  })

  test('quotas that can not be are refused, and nothing of them is kept', async () => {
    const results = await admin.quotas.alter([
      { entity: { user: 'a' }, set: { producer_byte_rate: -1 } },
      { entity: { user: 'a' }, set: { connection_creation_rate: 1 } },
      { entity: { user: '' }, set: { producer_byte_rate: 1 } },
    ])
    expect(results.map(({ is }) => is)).toEqual(['failed', 'failed', 'failed'])
    expect(await admin.quotas.describe()).toEqual([])
  })
})

test('quotas survive a restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'posthaste-quotas-'))
  const set = { producer_byte_rate: 1000.5, request_percentage: 20 }
  const entity = { user: 'alice', clientId: null }
  const found = async (change?: QuotaChanges) => {
    await using cluster = await EmbeddedCluster.start({ dataDir, logger: silentLogger })
    using admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers })
    if (change) await admin.quotas.alter([change])
    return await admin.quotas.describe({ user: 'alice' })
  }
  try {
    const before = await found({ entity, set })
    expect(before).toEqual([{ entity, values: set }])
    expect(await found()).toEqual(before)
  } finally {
    await rm(dataDir, { recursive: true })
  }
})

test('the most specific quota is the one that counts', () => {
  const quotas = new ClientQuotas()
  const key = 'producer_byte_rate'
  const order = [
    [{ 'client-id': null }, 1],
    [{ 'client-id': 'c' }, 2],
    [{ user: null }, 3],
    [{ user: null, 'client-id': null }, 4],
    [{ user: null, 'client-id': 'c' }, 5],
    [{ user: 'u' }, 6],
    [{ user: 'u', 'client-id': null }, 7],
    [{ user: 'u', 'client-id': 'c' }, 8],
  ] as const
  for (const [entity, value] of order) {
    quotas.set(entity, key, value)
    expect(quotas.forClient(key, 'u', 'c')?.limit).toBe(value)
  }
  expect(quotas.forClient(key, 'x', 'y')?.limit).toBe(4)
  expect(quotas.forClient('consumer_byte_rate', 'u', 'c')).toBeUndefined()
})

test('a rate forgets what was long ago', () => {
  const rate = new Rate()
  rate.add(20_000, 0)
  expect(rate.throttleMs(1000, 0)).toBe(10_000)
  expect(rate.throttleMs(1000, 10_500)).toBe(9_500)
  expect(rate.throttleMs(1000, 11_000)).toBe(0)
  expect(rate.isIdle(11_000)).toBe(true)
})
