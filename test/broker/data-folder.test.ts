import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import {
  DescribeConfigs,
  Fetch,
  InitProducerId,
  ListOffsets,
  Metadata,
  Produce,
} from '../../src/protocol/messages/index.ts'
import { readBatches } from '../../src/records/index.ts'
import { firstLine } from '../support/first-line.ts'
import { type BatchOptions, batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthaste-data-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const start = (options = {}) =>
  EmbeddedCluster.start({ dataDir: folder, logger: silentLogger, ...options })
const connect = (cluster: EmbeddedCluster) => RawClient.open(cluster.brokers[0]!.address)

async function produce(client: RawClient, values: string[], options?: BatchOptions) {
  const records = batchOf(values, options)
  const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
  const answer = await client.call(Produce, 9, { acks: -1, timeoutMs: 1000, topicData })
  return answer.responses[0]!.partitionResponses[0]!
}

/** All values of the partition: a fetch ends with the segment in which it began. */
async function valuesOf(client: RawClient): Promise<string[]> {
  const values: string[] = []
  for (let fetchOffset = 0; ; ) {
    const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 2 ** 30 }]
    const topics = [{ topic: 'orders', partitions }]
    const wait = { maxWaitMs: 0, minBytes: 1, isolationLevel: 0 }
    const answer = await client.call(Fetch, 12, { ...wait, topics })
    const batches = [...readBatches(answer.responses[0]!.partitions[0]!.records!)]
    if (batches.length === 0) return values
    fetchOffset = batches.at(-1)!.nextOffset
    for (const batch of batches) {
      for (const record of batch.cursor()) values.push(String(record.value))
    }
  }
}

test.each([false, true])('a cluster comes back as it was (fsync %s)', async fsync => {
  const first = await start({ brokers: 2, fsync })
  await first.createTopic('orders', { partitions: 2, config: { 'max.message.bytes': '7000' } })
  first.moveLeader('orders', 0, 1)
  const before = await connect(first)
  const { topicId } = (await before.call(Metadata, 12, { topics: null })).topics[0]!
  const ask = { transactionalId: null, transactionTimeoutMs: 1 }
  const { producerId } = await before.call(InitProducerId, 4, ask)
  await produce(before, ['a', 'b'], { producerId, producerEpoch: 0, baseSequence: 0 })
  await first.stop()

  const second = await start({ brokers: 1 })
  const after = await connect(second)
  expect(second.clusterId).toBe(first.clusterId)
  const metadata = await after.call(Metadata, 12, { topics: null })
  expect(metadata.topics).toMatchObject([{ name: 'orders', topicId, partitions: [{}, {}] }])
  expect(metadata.topics[0]!.partitions.every(({ leaderId }) => leaderId === 1)).toBe(true)
  expect(metadata.topics[0]!.partitions[0]!.leaderEpoch).toBeGreaterThan(1)
  const resources = [{ resourceType: 2, resourceName: 'orders', configurationKeys: null }]
  const { results } = await after.call(DescribeConfigs, 4, {
    resources,
    includeSynonyms: false,
    includeDocumentation: false,
  })
  const largest = results[0]!.configs.find(({ name }) => name === 'max.message.bytes')
  expect(largest?.value).toBe('7000')
  expect(await valuesOf(after)).toEqual(['a', 'b'])
  const again = { producerId, producerEpoch: 0, baseSequence: 0 }
  expect(await produce(after, ['a', 'b'], again)).toMatchObject({ errorCode: 0, baseOffset: 0 })
  expect((await after.call(InitProducerId, 4, ask)).producerId).toBeGreaterThan(producerId)
  expect(await produce(after, ['c'])).toMatchObject({ errorCode: 0, baseOffset: 2 })
  await second.stop()
})

test('a deleted topic is gone, also when one of its name is made again', async () => {
  const first = await start()
  await first.createTopic('orders')
  const client = await connect(first)
  await produce(client, ['old'])
  await first.deleteTopic('orders')
  expect(await readdir(folder)).not.toContain('orders-0')
  await first.createTopic('orders')
  await produce(client, ['new'])
  await first.stop()
  const second = await start()
  expect(await valuesOf(await connect(second))).toEqual(['new'])
  await second.stop()
})

test('a folder in use is refused, and free again afterwards', async () => {
  const first = await start()
  await expect(start()).rejects.toMatchObject({ code: 'DATA_FOLDER_LOCKED' })
  await first.stop()
  await (await start()).stop()
})

test('a lock whose owner is gone does not hold the folder', async () => {
  await (await start()).stop()
  for (const stale of ['999999999 12345\n', `${process.pid} 1\n`, `${process.ppid} 1\n`, '']) {
    await writeFile(join(folder, 'lock'), stale)
    await (await start()).stop()
  }
})

test('folders of others, of other versions, or damaged, stay as they are', async () => {
  const first = await start()
  await first.createTopic('orders')
  await produce(await connect(first), ['a'])
  await produce(await connect(first), ['b'])
  await first.stop()
  const file = join(folder, 'cluster.json')
  const log = join(folder, 'orders-0', '00000000000000000000.log')
  const good = await readFile(file, 'utf8')
  const goodLog = await readFile(log)
  const refuses = async (path: string, bytes: string | Buffer, code: string, words: RegExp) => {
    await writeFile(path, bytes)
    await expect(start()).rejects.toMatchObject({ code, message: expect.stringMatching(words) })
    expect(await readFile(path)).toEqual(Buffer.from(bytes))
    expect(await readdir(folder)).not.toContain('lock')
  }
  await refuses(file, good.replace('"format": 1', '"format": 2'), 'DATA_FOLDER_DAMAGED', /format 2/)
  await refuses(file, good.slice(0, 30), 'DATA_FOLDER_DAMAGED', /JSON/)
  await refuses(file, good.replace('"clusterId"', '"id"'), 'DATA_FOLDER_DAMAGED', /clusterId/)
  await writeFile(file, good)
  const badLog = Buffer.from(goodLog)
  badLog[65]! ^= 1
  await refuses(log, badLog, 'DATA_FOLDER_DAMAGED', /orders-0.*byte 0: the checksum is wrong/)
  await writeFile(log, goodLog)
  await (await start()).stop()
  await rm(file)
  await expect(start()).rejects.toMatchObject({ code: 'DATA_FOLDER_NOT_OURS' })
})

// A process is started in each of three rounds.
const SLOW = { timeout: 240_000 }

test('what a killed broker had acknowledged is there afterwards', SLOW, async () => {
  const script = join(import.meta.dirname, 'serve.ts')
  for (let round = 0; round < 3; round++) {
    const args = ['--import', 'tsx', script, folder]
    const broker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const acknowledged = await produceUntilKilled(broker, round)
    expect(acknowledged).toBeGreaterThan(10)
  }
  const cluster = await start()
  const client = await connect(cluster)
  const values = new Set(await valuesOf(client))
  const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, timestamp: -1 }] }]
  const end = await client.call(ListOffsets, 5, { replicaId: -1, topics })
  expect(values.size).toBe(end.topics[0]!.partitions[0]!.offset)
  for (const value of sent) expect(values).toContain(value)
  await cluster.stop()
})

const sent: string[] = []

/** Produces until the broker has acknowledged some, then kills it amid more; gives how many. */
async function produceUntilKilled(broker: ChildProcess, round: number): Promise<number> {
  const port = Number((await firstLine(broker)).split(':').at(-1))
  const client = await RawClient.open({ host: '127.0.0.1', port })
  await client.call(Metadata, 9, { topics: [{ name: 'orders' }] })
  const waiting: string[] = []
  let acknowledged = 0
  for (let i = 0; ; i++) {
    const value = `${round}-${i}`
    const records = batchOf([value, `${value}-${'x'.repeat(i * 10)}`])
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
    client.send(Produce, 9, { acks: -1, timeoutMs: 1000, topicData })
    waiting.push(value)
    if (waiting.length < 5) continue
    if (!(await client.frame())) break
    sent.push(waiting.shift()!)
    if (++acknowledged === 50) broker.kill('SIGKILL')
  }
  if (broker.exitCode === null && broker.signalCode === null) await once(broker, 'exit')
  return acknowledged
}
