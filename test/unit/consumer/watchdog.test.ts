import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  Consumer,
  type ConsumerOptions,
  Producer,
  type StalledPartition,
} from '../../../src/index.ts'
import type { FetchRequest } from '../../../src/protocol/index.ts'
import { virtualCluster } from '../../support/virtual-cluster.ts'

const MINUTE = 60_000

type World = Awaited<ReturnType<typeof virtualCluster>>

let clock: World['clock']
let cluster: World['cluster']
let environment: World['environment']
let passing: World['passing']
let consumer: Consumer
let stalled: StalledPartition[]
let values: string[]

beforeEach(async () => {
  ;({ clock, cluster, environment, passing } = await virtualCluster())
  stalled = []
  values = []
})
afterEach(async () => {
  await passing(consumer.close())
  await passing(cluster.stop())
})

async function produce(...records: [partition: number, value: string][]): Promise<void> {
  const producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers }, {}, environment)
  const all = records.map(([partition, value]) => ({ topic: 'watched', partition, value }))
  await passing(producer.sendBatch(all))
  await passing(producer.close())
}

/** Begins to read two partitions; no request of it is ever given up by itself. */
async function read(more: ConsumerOptions = {}): Promise<void> {
  await cluster.createTopic('watched', { partitions: 2 })
  const options = { 'request.timeout.ms': 15 * MINUTE, 'stall.timeout.ms': MINUTE }
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  consumer = new Consumer({ ...servers, ...options, ...more }, {}, environment)
  consumer.on('stalled', partitions => stalled.push(...partitions))
  const slots = [0, 1].map(partition => ({ topic: 'watched', partition, offset: 0 }))
  await passing(consumer.assign(slots))
}

function loop(handle: (value: string) => void | Promise<void> = () => {}): void {
  void consumer.run({
    concurrency: 2,
    eachMessage: async ({ value }) => {
      values.push(String(value))
      await handle(String(value))
    },
  })
}

test('a broker that falls silent is told of, and another connection gets the records', async () => {
  await read()
  loop()
  await produce([0, 'before'])
  let silent = true
  cluster.drop('Fetch', { while: () => silent })
  await clock.advance(10_000)
  await produce([0, 'after'])
  silent = false
  await clock.advance(30_000)
  expect([values, stalled]).toEqual([['before'], []])
  await clock.advance(1.5 * MINUTE)
  expect(values).toEqual(['before', 'after'])
  expect(stalled).toHaveLength(2)
  expect(stalled.map(({ partition }) => partition).sort()).toEqual([0, 1])
  expect(stalled[0]).toMatchObject({ topic: 'watched', waitsFor: 'broker' })
  expect(consumer.metrics()).toMatchObject({ stalls: 2, stalledPartitions: 0 })
})

test('while it lasts it is told again after each time as long', async () => {
  await read()
  loop()
  cluster.drop('Fetch', { while: () => true })
  await clock.advance(5 * MINUTE)
  expect(consumer.metrics()).toMatchObject({ stalls: 2, stalledPartitions: 2 })
  const times = stalled.filter(({ partition }) => partition === 0).map(({ forMs }) => forMs)
  expect(times.length).toBeGreaterThanOrEqual(3)
  expect(times).toEqual([...times].sort((a, b) => a - b))
  cluster.clearFaults()
})

test('a broker that answers but gives nothing of what it has is told of', async () => {
  await read()
  loop()
  const answer = async ({ topics }: FetchRequest) => {
    await new Promise<void>(resolve => clock.after(100, resolve))
    return { reply: nothingOf(topics, 5) }
  }
  cluster.intercept('Fetch', answer, { while: () => stalled.length === 0 })
  await produce([1, 'there'])
  await clock.advance(2 * MINUTE)
  expect(stalled[0]).toMatchObject({ waitsFor: 'broker', offset: 0, end: 5 })
  expect(values).toEqual(['there'])
})

test('a handler that hangs is told of, though another partition gets on', async () => {
  await read({ 'max.poll.interval.ms': 5 * MINUTE })
  let finish = () => {}
  loop(value => (value === 'hangs' ? new Promise<void>(resolve => (finish = resolve)) : undefined))
  await produce([0, 'hangs'])
  for (let i = 0; i < 6; i++) {
    await produce([1, `${i}`])
    await clock.advance(MINUTE)
  }
  expect(values).toEqual(['hangs', '0', '1', '2', '3', '4', '5'])
  expect(stalled).toMatchObject([{ partition: 0, waitsFor: 'program' }])
  finish()
})

test('nothing is told of what is paused, at its end, or wanted by nobody', async () => {
  await read()
  await produce([0, 'waits'], [1, 'paused'])
  await clock.advance(10 * MINUTE)
  consumer.pause([{ topic: 'watched', partition: 1 }])
  loop()
  await clock.advance(10 * MINUTE)
  expect(values).toEqual(['waits'])
  expect(stalled).toEqual([])
})

/** An answer that knows of records up to `end` and has none of them. */
function nothingOf(topics: FetchRequest['topics'], end: number) {
  const answer = { errorCode: 0, highWatermark: end, lastStableOffset: end, logStartOffset: 0 }
  const none = { ...answer, abortedTransactions: null, records: Buffer.alloc(0) }
  const responses = topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map(({ partition }) => ({ partitionIndex: partition, ...none })),
  }))
  return { throttleTimeMs: 0, sessionId: 0, responses }
}
