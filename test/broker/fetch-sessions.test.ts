import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { type ClusterOptions, EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { type ErrorName, errorByName } from '../../src/protocol/errors.ts'
import { DeleteRecords, Fetch, Metadata, Produce } from '../../src/protocol/messages/index.ts'
import type { RequestInput } from '../../src/protocol/schema/api.ts'
import { batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

const code = (name: ErrorName) => errorByName(name).code
const ALL = [0, 1, 2]
let clock: FakeClock
let cluster: EmbeddedCluster
let client: RawClient
let topicId: string

async function start(options: ClusterOptions = {}) {
  clock = new FakeClock()
  cluster = await EmbeddedCluster.start({ logger: silentLogger, clock, ...options })
  await cluster.createTopic('orders', { partitions: 3 })
  client = await RawClient.open(cluster.brokers[0]!.address)
  const { topics } = await client.call(Metadata, 12, { topics: [{ name: 'orders' }] })
  topicId = topics[0]!.topicId
}

beforeEach(() => start())
afterEach(async () => {
  client.close()
  await cluster.stop()
})

async function produce(index: number) {
  const records = batchOf(['a'], { timestamp: 1 })
  const topicData = [{ name: 'orders', partitionData: [{ index, records }] }]
  await client.call(Produce, 9, { acks: -1, timeoutMs: 1000, topicData })
}

interface Session {
  readonly id?: number
  readonly epoch: number
}

function request(
  { id = 0, epoch }: Session,
  offsets: Readonly<Record<number, number>> = {},
  more: Partial<RequestInput<typeof Fetch>> = {},
): RequestInput<typeof Fetch> {
  const partitions = Object.entries(offsets).map(([partition, fetchOffset]) => ({
    partition: Number(partition),
    fetchOffset,
    partitionMaxBytes: 2 ** 20,
  }))
  const topics = partitions.length === 0 ? [] : [{ topic: 'orders', topicId, partitions }]
  const session = { sessionId: id, sessionEpoch: epoch }
  return { maxWaitMs: 0, minBytes: 0, isolationLevel: 0, ...session, topics, ...more }
}

/** What an answer tells: `PARTITION@HIGH_WATERMARK`, with an error behind it. */
function told({ responses }: Awaited<ReturnType<typeof fetch>>): string[] {
  return responses.flatMap(({ partitions }) =>
    partitions.map(({ partitionIndex, highWatermark, errorCode, records }) =>
      [`${partitionIndex}@${highWatermark}`, records?.length ? 'records' : '', errorCode || '']
        .filter(part => part !== '')
        .join(' '),
    ),
  )
}

const fetch = (...args: Parameters<typeof request>) => client.call(Fetch, 12, request(...args))

async function begin(): Promise<number> {
  const { sessionId } = await fetch({ epoch: 0 }, { 0: 0, 1: 0, 2: 0 })
  expect(sessionId).toBeGreaterThan(0)
  return sessionId
}

test('a session answers in full first, then only what is new', async () => {
  const first = await fetch({ epoch: 0 }, { 0: 0, 1: 0, 2: 0 })
  expect(told(first)).toEqual(['0@0', '1@0', '2@0'])
  const id = first.sessionId
  expect(await fetch({ id, epoch: 1 })).toMatchObject({ sessionId: id, responses: [] })
  await produce(1)
  expect(told(await fetch({ id, epoch: 2 }))).toEqual(['1@1 records'])
  // Its offset has not moved: the records come again.
  expect(told(await fetch({ id, epoch: 3 }))).toEqual(['1@1 records'])
  expect(told(await fetch({ id, epoch: 4 }, { 1: 1 }))).toEqual([])
})

test('a new high watermark or start of the log is news without records', async () => {
  await produce(0)
  const id = await begin()
  await fetch({ id, epoch: 1 }, { 0: 1 })
  const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 1 }] }]
  await client.call(DeleteRecords, 2, { topics, timeoutMs: 1000 })
  const { responses } = await fetch({ id, epoch: 2 })
  expect(responses[0]!.partitions).toMatchObject([{ partitionIndex: 0, logStartOffset: 1 }])
  expect(told(await fetch({ id, epoch: 3 }))).toEqual([])
})

test('a forgotten partition is heard of no more; without any the session ends', async () => {
  const id = await begin()
  await produce(1)
  await produce(2)
  const without = (partitions: number[]) => ({
    forgottenTopicsData: [{ topic: 'orders', topicId, partitions }],
  })
  expect(told(await fetch({ id, epoch: 1 }, {}, without([1])))).toEqual(['2@1 records'])
  expect(await fetch({ id, epoch: 2 }, {}, without([0, 2]))).toMatchObject({
    errorCode: 0,
    sessionId: 0,
    responses: [],
  })
  const { errorCode } = await fetch({ id, epoch: 3 })
  expect(errorCode).toBe(code('FETCH_SESSION_ID_NOT_FOUND'))
})

test('what is not known, or not at that epoch, is refused; the session stays', async () => {
  const id = await begin()
  const unknown = await fetch({ id: id === 7 ? 8 : 7, epoch: 1 })
  expect(unknown).toMatchObject({ errorCode: code('FETCH_SESSION_ID_NOT_FOUND'), sessionId: 0 })
  const early = await fetch({ id, epoch: 2 })
  expect(early).toMatchObject({ errorCode: code('INVALID_FETCH_SESSION_EPOCH'), sessionId: 0 })
  const ids = await client.call(Fetch, 13, request({ id, epoch: 1 }))
  expect(ids.errorCode).toBe(code('FETCH_SESSION_TOPIC_ID_ERROR'))
  expect(await fetch({ id, epoch: 1 })).toMatchObject({ errorCode: 0, sessionId: id })
  const last = await fetch({ id, epoch: -1 }, { 0: 0 })
  expect(last).toMatchObject({ errorCode: 0, sessionId: 0 })
  expect(told(last)).toEqual(['0@0'])
  const { errorCode } = await fetch({ id, epoch: 2 })
  expect(errorCode).toBe(code('FETCH_SESSION_ID_NOT_FOUND'))
})

test('sessions go by topic ids; an error is told each time, and its end too', async () => {
  const ask = (session: Session, more: Parameters<typeof request>[2] = {}) =>
    client.call(Fetch, 17, request(session, session.epoch === 0 ? { 0: 0 } : {}, more))
  const { sessionId: id } = await ask({ epoch: 0 })
  cluster.fail('Fetch', 'KAFKA_STORAGE_ERROR', { topic: 'orders', times: 2 })
  const storage = code('KAFKA_STORAGE_ERROR')
  expect(told(await ask({ id, epoch: 1 }))).toEqual([`0@-1 ${storage}`])
  expect(told(await ask({ id, epoch: 2 }))).toEqual([`0@-1 ${storage}`])
  const well = await ask({ id, epoch: 3 })
  expect(well.responses[0]!.topicId).toBe(topicId)
  expect(told(well)).toEqual(['0@0'])
  expect(told(await ask({ id, epoch: 4 }))).toEqual([])
  await cluster.deleteTopic('orders')
  expect(told(await ask({ id, epoch: 5 }))).toEqual([`0@-1 ${code('UNKNOWN_TOPIC_ID')}`])
})

test('a fetch waits for any partition of its session, named or not', async () => {
  const id = await begin()
  client.send(Fetch, 12, request({ id, epoch: 1 }, {}, { maxWaitMs: 60_000, minBytes: 1 }))
  using other = await RawClient.open(cluster.brokers[0]!.address)
  const topicData = [
    { name: 'orders', partitionData: [{ index: 2, records: batchOf(['a'], { timestamp: 1 }) }] },
  ]
  await other.call(Produce, 9, { acks: -1, timeoutMs: 1000, topicData })
  const { message } = await client.receive(Fetch, 12)
  expect(told(message)).toEqual(['2@1 records'])
  client.send(Fetch, 12, request({ id, epoch: 2 }, { 2: 1 }, { maxWaitMs: 500, minBytes: 1 }))
  await other.call(Metadata, 12, { topics: [] })
  await clock.advance(500)
  expect(told((await client.receive(Fetch, 12)).message)).toEqual([])
})

test('what gave records goes to the end, so that all partitions get their turn', async () => {
  const id = await begin()
  for (const partition of ALL) await produce(partition)
  const small = { maxBytes: 1 }
  const first = told(await fetch({ id, epoch: 1 }, {}, small))
  expect(first.filter(text => text.endsWith('records'))).toEqual(['0@1 records'])
  const second = told(await fetch({ id, epoch: 2 }, { 0: 1 }, small))
  expect(second).toEqual(['1@1 records'])
  expect(told(await fetch({ id, epoch: 3 }, { 1: 1 }, small))).toEqual(['2@1 records'])
})

test('slots are bounded: old sessions give way when idle, or to larger ones', async () => {
  client.close()
  await cluster.stop()
  await start({ brokerConfig: { 'max.incremental.fetch.session.cache.slots': '2' } })
  const open = async (offsets: Record<number, number>) =>
    (await fetch({ epoch: 0 }, offsets)).sessionId
  const small = await open({ 0: 0 })
  const large = await open({ 0: 0, 1: 0 })
  expect([small, large].every(id => id > 0)).toBe(true)
  expect(await open({ 0: 0, 1: 0, 2: 0 })).toBe(0)
  await clock.advance(120_001)
  await fetch({ id: small, epoch: 1 })
  await fetch({ id: large, epoch: 1 })
  expect(await open({ 0: 0 })).toBe(0)
  expect(await open({ 0: 0, 1: 0, 2: 0 })).toBeGreaterThan(0)
  expect((await fetch({ id: small, epoch: 2 })).errorCode).toBe(code('FETCH_SESSION_ID_NOT_FOUND'))
  await clock.advance(120_001)
  expect(await open({ 0: 0 })).toBeGreaterThan(0)
  expect((await fetch({ id: large, epoch: 2 })).errorCode).toBe(code('FETCH_SESSION_ID_NOT_FOUND'))
})

test('sessions end with their broker', async () => {
  const id = await begin()
  client.close()
  await cluster.brokers[0]!.stop()
  await cluster.brokers[0]!.start()
  client = await RawClient.open(cluster.brokers[0]!.address)
  expect((await fetch({ id, epoch: 1 })).errorCode).toBe(code('FETCH_SESSION_ID_NOT_FOUND'))
})
