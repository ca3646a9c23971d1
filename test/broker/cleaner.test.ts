import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { type ClusterOptions, EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import {
  CreateTopics,
  Fetch,
  IncrementalAlterConfigs,
  ListOffsets,
  Produce,
} from '../../src/protocol/messages/index.ts'
import type { Api, RequestInput } from '../../src/protocol/schema/api.ts'
import { BATCH_HEADER_BYTES, BatchWriter, readBatches, sealBatch } from '../../src/records/index.ts'
import { firstLine } from '../support/first-line.ts'
import { RawClient } from './raw-client.ts'

const HOUR = 3_600_000
let folder: string
let clock: FakeClock
let cluster: EmbeddedCluster

async function start(options: ClusterOptions = {}): Promise<void> {
  cluster = await EmbeddedCluster.start({ logger: silentLogger, clock, ...options })
}

/** Each on a connection of its own, since idle ones are closed in virtual time too. */
async function call<A extends Api>(api: A, version: number, message: RequestInput<A>) {
  using client = await RawClient.open(cluster.brokers[0]!.address)
  return await client.call(api, version, message)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthaste-cleaner-'))
  clock = new FakeClock()
  await start()
})
afterEach(async () => {
  await cluster.stop()
  await rm(folder, { recursive: true })
})

function recordOf(key: string, value: string | null): Buffer {
  const writer = new BatchWriter(Buffer.alloc(BATCH_HEADER_BYTES + 100 + (value?.length ?? 0)))
  const now = clock.epoch()
  writer.append(now, key, value)
  const records = Buffer.from(writer.bytes())
  sealBatch(records, { count: 1, baseTimestamp: now, maxTimestamp: now })
  return records
}

async function produce(key: string, value: string | null, topic = 'orders'): Promise<void> {
  const records = recordOf(key, value)
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  const answer = await call(Produce, 9, { acks: -1, timeoutMs: 1000, topicData })
  expect(answer.responses[0]!.partitionResponses[0]!.errorCode).toBe(0)
}

async function offsets(topic = 'orders'): Promise<[first: number, next: number]> {
  const at = async (timestamp: number) => {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }]
    const answer = await call(ListOffsets, 7, { replicaId: -1, isolationLevel: 0, topics })
    return answer.topics[0]!.partitions[0]!.offset
  }
  return [await at(-2), await at(-1)]
}

/** `OFFSET KEY=VALUE` of all that is kept. */
async function contents(topic = 'orders'): Promise<string[]> {
  const lines: string[] = []
  for (let [fetchOffset, end] = await offsets(topic); fetchOffset < end; ) {
    const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 2 ** 20 }]
    const wait = { maxWaitMs: 0, minBytes: 0, isolationLevel: 0 }
    const answer = await call(Fetch, 12, { ...wait, topics: [{ topic, partitions }] })
    const batches = [...readBatches(answer.responses[0]!.partitions[0]!.records!)]
    for (const batch of batches) {
      for (const { offset, key, value } of batch.cursor()) lines.push(`${offset} ${key}=${value}`)
    }
    fetchOffset = batches.at(-1)!.nextOffset
  }
  return lines
}

/** A segment for each record, and no wait for what is to be compacted. */
const COMPACT = {
  'cleanup.policy': 'compact',
  'internal.segment.bytes': '1100',
  'min.cleanable.dirty.ratio': '0',
}

test('records go when they are too old, in virtual time, the active segment too', async () => {
  await cluster.createTopic('orders', { config: { 'retention.ms': String(HOUR) } })
  await produce('a', '1')
  await clock.advance(HOUR / 2)
  await produce('a', '2')
  await clock.advance(HOUR)
  expect(await offsets()).toEqual([0, 2])
  // Nothing waits but for the hour after the second record.
  await clock.advance(1)
  await cluster.clean()
  expect(await offsets()).toEqual([2, 2])
  await produce('a', '3')
  expect(await contents()).toEqual(['2 a=3'])
})

test('a log holds no more bytes than it may, in whole segments', async () => {
  const config = { 'retention.bytes': '5000', 'internal.segment.bytes': '1100' }
  await cluster.createTopic('orders', { config })
  for (let i = 0; i < 40; i++) await produce('a', 'x'.repeat(900))
  await clock.advance(1000)
  await cluster.clean()
  const [first, next] = await offsets()
  expect(next).toBe(40)
  // One less would be below the limit.
  expect(first).toBe(34)
})

test('a log that never stops growing is looked at all the same', async () => {
  const config = { 'retention.bytes': '5000', 'internal.segment.bytes': '1100' }
  await cluster.createTopic('orders', { config })
  for (let i = 0; i < 40; i++) {
    await produce('a', 'x'.repeat(900))
    await clock.advance(100)
  }
  const [first] = await offsets()
  expect(first).toBeGreaterThan(20)
})

test('shorter retention is in force when it is set', async () => {
  await cluster.createTopic('orders')
  await produce('a', '1')
  await clock.advance(HOUR)
  const configs = [{ name: 'retention.ms', configOperation: 0, value: '1000' }]
  const resources = [{ resourceType: 2, resourceName: 'orders', configs }]
  await call(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  await clock.advance(1000)
  await cluster.clean()
  expect(await offsets()).toEqual([1, 1])
})

test('a compacted topic keeps the latest of each key, and tombstones for a while', async () => {
  await cluster.createTopic('orders', { config: { ...COMPACT, 'delete.retention.ms': '1000' } })
  for (let i = 0; i < 10; i++) await produce(`key-${i % 2}`, `${i}`.padEnd(950))
  await produce('key-0', null)
  await produce('last', 'x'.repeat(990))
  await clock.advance(2000)
  await cluster.clean()
  const trimmed = async () => (await contents()).map(line => line.slice(0, 14).trim())
  expect(await trimmed()).toEqual(['9 key-1=9', '10 key-0=null', '11 last=xxxxxx'])
  await produce('last', 'y'.repeat(990))
  await clock.advance(2000)
  await cluster.clean()
  expect(await trimmed()).toEqual(['9 key-1=9', '11 last=xxxxxx', '12 last=yyyyyy'])
})

test('a compacted topic in a folder comes back compacted, and goes on', async () => {
  await cluster.stop()
  await start({ dataDir: folder })
  await cluster.createTopic('orders', { config: COMPACT })
  for (let i = 0; i < 10; i++) await produce(`key-${i % 2}`, `${i}`.padEnd(950))
  await cluster.clean()
  const before = await contents()
  expect(before.map(line => line.slice(0, 9))).toEqual(['7 key-1=7', '8 key-0=8', '9 key-1=9'])
  await cluster.stop()
  await start({ dataDir: folder })
  expect(await contents()).toEqual(before)
  await produce('key-1', 'new'.padEnd(950))
  await cluster.clean()
  expect((await contents()).map(line => line.slice(0, 9))).toEqual([
    '8 key-0=8',
    '9 key-1=9',
    '10 key-1=',
  ])
})

test('a topic is deleted while it is compacted, and one of its name begins empty', async () => {
  await cluster.stop()
  await start({ dataDir: folder })
  for (let round = 0; round < 5; round++) {
    await cluster.createTopic('orders', { config: COMPACT })
    for (let i = 0; i < 20; i++) await produce(`key-${i % 3}`, `${i}`.padEnd(950))
    const cleaning = cluster.clean()
    await cluster.deleteTopic('orders')
    await cleaning
  }
  await cluster.createTopic('orders', { config: COMPACT })
  expect(await offsets()).toEqual([0, 0])
})

// A process is started in each of four rounds.
const SLOW = { timeout: 240_000 }

test('a broker that is killed while it compacts has the latest of each key', SLOW, async () => {
  await cluster.stop()
  const script = join(import.meta.dirname, 'serve.ts')
  const acknowledged = new Map<string, number>()
  let counter = 0
  for (let round = 0; round < 4; round++) {
    // It compacts all the time.
    const args = ['--import', 'tsx', script, folder, '2', '0']
    const broker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const port = Number((await firstLine(broker)).split(':').at(-1))
    using client = await RawClient.open({ host: '127.0.0.1', port })
    const configs = Object.entries(COMPACT).map(([name, value]) => ({ name, value }))
    const topic = {
      name: 'state',
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs,
    }
    await client.call(CreateTopics, 7, { topics: [topic], validateOnly: false })
    const waiting: [key: string, value: number][] = []
    for (let sent = 1; ; sent++) {
      const [key, value] = [`key-${counter % 7}`, counter++]
      const topicData = [
        { name: 'state', partitionData: [{ index: 0, records: recordOf(key, `${value}`) }] },
      ]
      client.send(Produce, 9, { acks: -1, timeoutMs: 1000, topicData })
      waiting.push([key, value])
      if (waiting.length < 5) continue
      if (!(await client.frame())) break
      acknowledged.set(...waiting.shift()!)
      if (sent === 400 + 37 * round) broker.kill('SIGKILL')
    }
    if (broker.exitCode === null && broker.signalCode === null) await once(broker, 'exit')
  }
  clock = new FakeClock(Date.now())
  await start({ dataDir: folder })
  const kept = await cluster.records('state')
  const latest = new Map(kept.map(({ key, value }) => [`${key}`, Number(value)]))
  expect([...latest.keys()].sort()).toEqual([...acknowledged.keys()].sort())
  for (const [key, value] of acknowledged) expect(latest.get(key)).toBeGreaterThanOrEqual(value)
  // Those that were killed had compacted some.
  expect(kept.length).toBeLessThan(counter)
  expect(kept.map(({ offset }) => offset)).toEqual([...new Set(kept.map(each => each.offset))])
})

test('an idle cluster has no timer for what nobody writes', async () => {
  await cluster.createTopic('orders', { config: { 'retention.ms': '-1' } })
  await clock.advance(HOUR)
  const idle = clock.pending
  await produce('a', '1')
  await clock.advance(HOUR)
  expect(clock.pending).toBe(idle)
})
