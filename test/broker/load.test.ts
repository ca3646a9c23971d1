import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Producer, silentLogger } from '../../src/index.ts'
import {
  ApiVersions,
  CreateTopics,
  Fetch,
  Metadata,
  Produce,
} from '../../src/protocol/messages/index.ts'
import { readBatches } from '../../src/records/index.ts'
import { readBack } from '../contract/read-back.ts'
import { batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

const TOPICS = 1_000
const PARTITIONS = 10

test('1,000 topics of 10 partitions each take records, and are there after a restart', {
  timeout: 300_000,
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'posthaste-topics-'))
  const start = () => EmbeddedCluster.start({ brokers: 3, dataDir, logger: silentLogger })
  const names = Array.from({ length: TOPICS }, (_, i) => `topic-${i}`)
  const first = await start()
  using client = await RawClient.open(first.brokers[0]!.address)
  const topics = names.map(name => ({
    name,
    numPartitions: PARTITIONS,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }))
  const made = await client.call(CreateTopics, 7, {
    topics,
    timeoutMs: 30_000,
    validateOnly: false,
  })
  expect(made.topics.filter(({ errorCode }) => errorCode !== 0)).toEqual([])
  await using producer = new Producer({ 'bootstrap.servers': first.bootstrapServers })
  const records = names.map((topic, i) => ({ topic, partition: i % PARTITIONS, value: topic }))
  const reports = await producer.sendBatch(records)
  expect(reports.filter(({ status }) => status !== 'fulfilled')).toEqual([])
  await producer.close()
  await first.stop()

  await using second = await start()
  using later = await RawClient.open(second.brokers[0]!.address)
  const metadata = await later.call(Metadata, 12, { topics: null })
  expect(metadata.topics).toHaveLength(TOPICS)
  expect(metadata.topics.every(({ partitions }) => partitions.length === PARTITIONS)).toBe(true)
  for (let i = 0; i < TOPICS; i += 97) {
    const stored = await readBack(second.bootstrapServers, names[i]!)
    expect(stored).toMatchObject([{ partition: i % PARTITIONS, offset: 0, value: names[i] }])
  }
  await second.stop()
  await rm(dataDir, { recursive: true })
})

const CLIENTS = 200
const ROUNDS = 15
/** What a broker takes where nothing else is said. */
const LONGEST_REQUEST = 100 * 2 ** 20

test('200 connections are served while 8 others send garbage', { timeout: 300_000 }, async () => {
  await using cluster = await EmbeddedCluster.start({ logger: silentLogger })
  await cluster.createTopic('busy', { partitions: CLIENTS })
  const { address } = cluster.brokers[0]!
  let isOver = false
  const attacks = new Array<number>(8).fill(0)
  const hostile = attacks.map((_, kind) => beHostile(kind, address, attacks, () => isOver))
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.open(address)))
  const isAttacked = () => Math.min(...attacks) > 1
  await Promise.all(clients.map((client, i) => work(client, i, isAttacked)))
  isOver = true
  await Promise.all(hostile)
  const rejected = attacks.filter((_, kind) => !isSlow(kind)).reduce((sum, each) => sum + each, 0)
  expect(cluster.counters.rejectedConnections).toBe(rejected)
  expect(cluster.counters.failedRequests).toBe(0)
  for (const client of clients) client.close()
})

/** One client with a partition of its own: what it writes, it reads, until it has been enough. */
async function work(client: RawClient, index: number, isEnough: () => boolean): Promise<void> {
  for (let round = 0; round < ROUNDS || !isEnough(); round++) {
    const value = `${index}-${round}-${'x'.repeat((index * 37) % 2_000)}`
    // Records of long ago would be gone by their topic's retention.
    const records = batchOf([value], { timestamp: systemClock.epoch() })
    const topicData = [{ name: 'busy', partitionData: [{ index, records }] }]
    const produced = await client.call(Produce, 9, { acks: -1, timeoutMs: 1_000, topicData })
    const report = produced.responses[0]!.partitionResponses[0]!
    expect(report).toMatchObject({ errorCode: 0, baseOffset: round })
    const partitions = [{ partition: index, fetchOffset: round, partitionMaxBytes: 1_000_000 }]
    const wait = { maxWaitMs: 0, minBytes: 1, isolationLevel: 0 }
    const topics = [{ topic: 'busy', partitions }]
    const fetched = await client.call(Fetch, 12, { ...wait, topics })
    const [found] = fetched.responses[0]!.partitions
    expect(found).toMatchObject({ errorCode: 0, records: expect.any(Buffer) })
    const [batch] = readBatches(found!.records!)
    expect([...batch!.cursor()].map(record => String(record.value))).toEqual([value])
  }
}

/** Until it is over: opens a connection, sends noise of one kind, and is thrown out each time. */
async function beHostile(
  kind: number,
  address: { host: string; port: number },
  attacks: number[],
  isOver: () => boolean,
): Promise<void> {
  const random = seededRandom(kind)
  do {
    using client = await RawClient.open(address)
    client.write(noise(kind, random))
    if (isSlow(kind)) await setImmediate()
    else {
      // Whatever it was taken for, this ends it.
      client.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))
      await client.closed
    }
    attacks[kind]!++
  } while (!isOver())
}

const isSlow = (kind: number) => kind % 4 === 3

function noise(kind: number, random: () => number): Buffer {
  const bytes = Buffer.from(Array.from({ length: 500 }, () => randomBelow(random, 256)))
  // A length that may be would be waited for, a minute long.
  const length = bytes.readInt32BE(0)
  if (kind % 4 === 0 && length >= 0 && length <= LONGEST_REQUEST) bytes[0]! |= 0x80
  if (kind % 4 === 0) return bytes
  // The rest look like requests, so that what is inside is looked at as well.
  bytes.writeInt32BE(bytes.length - 4, 0)
  const { key } = [ApiVersions, Produce, Fetch, Metadata][randomBelow(random, 4)]!
  bytes.writeInt16BE(key, 4)
  bytes.writeInt16BE(randomBelow(random, 14), 6)
  // Arrays that claim more than there is, and requests of which only the beginning ever comes.
  if (kind % 4 === 2) bytes.writeInt32BE(2 ** 31 - 1, 60)
  if (isSlow(kind)) bytes.writeInt32BE(50_000_000, 0)
  return bytes
}
