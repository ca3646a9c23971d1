import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeClock, settle } from '../../src/base/fake-clock.ts'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { type ErrorName, errorByName } from '../../src/protocol/errors.ts'
import {
  Fetch,
  InitProducerId,
  ListOffsets,
  Metadata,
  Produce,
} from '../../src/protocol/messages/index.ts'
import { readBatches, sealBatch } from '../../src/records/index.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { type BatchOptions, batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

const code = (name: ErrorName) => errorByName(name).code
let cluster: EmbeddedCluster
let client: RawClient

beforeEach(async () => {
  cluster = await EmbeddedCluster.start({ logger: silentLogger })
  await cluster.createTopic('orders', { partitions: 2 })
  client = await RawClient.open(cluster.brokers[0]!.address)
})
afterEach(async () => {
  client.close()
  await cluster.stop()
})

function toOrders(records: Buffer | null, index = 0, acks = -1, name = 'orders') {
  const topicData = [{ name, partitionData: [{ index, records }] }]
  return { acks, timeoutMs: 1000, topicData }
}

async function produce(records: Buffer | null, { index = 0, version = 9, name = 'orders' } = {}) {
  const answer = await client.call(Produce, version, toOrders(records, index, -1, name))
  return answer.responses[0]!.partitionResponses[0]!
}

const produceValues = (values: string[], options?: BatchOptions) =>
  produce(batchOf(values, options))

interface FetchOptions {
  readonly offset?: number
  readonly minBytes?: number
  readonly maxWaitMs?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly partitions?: readonly number[]
  readonly currentLeaderEpoch?: number
  readonly isolationLevel?: number
}

function fetchOf(options: FetchOptions) {
  const { offset = 0, minBytes = 1, maxWaitMs = 0, maxBytes = 2 ** 20 } = options
  const { partitionMaxBytes = 2 ** 20, partitions = [0], currentLeaderEpoch = -1 } = options
  return {
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel: options.isolationLevel ?? 0,
    topics: [
      {
        topic: 'orders',
        partitions: partitions.map(partition => ({
          partition,
          fetchOffset: offset,
          partitionMaxBytes,
          currentLeaderEpoch,
        })),
      },
    ],
  }
}

async function fetch(options: FetchOptions = {}, version = 12) {
  const answer = await client.call(Fetch, version, fetchOf(options))
  return answer.responses[0]!.partitions
}

function offsetsIn(records: Buffer | null): number[][] {
  return [...readBatches(records ?? Buffer.alloc(0))].map(({ baseOffset, lastOffset }) => [
    baseOffset,
    lastOffset,
  ])
}

describe('Produce', () => {
  test.each([3, 5, 8, 9, 12])('appends and tells the offsets, version %i', async version => {
    expect(await produce(batchOf(['a', 'b']), { version })).toMatchObject({ baseOffset: 0 })
    const second = await produce(batchOf(['c']), { version })
    expect(second).toMatchObject({ errorCode: 0, baseOffset: 2, logAppendTimeMs: -1 })
  })

  test('takes topic ids from version 13 on', async () => {
    const metadata = await client.call(Metadata, 12, { topics: [{ name: 'orders' }] })
    const { topicId } = metadata.topics[0]!
    const partitionData = [{ index: 1, records: batchOf(['a']) }]
    const ask = (id: string) =>
      client.call(Produce, 13, {
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ topicId: id, partitionData }],
      })
    expect((await ask(topicId)).responses[0]).toMatchObject({
      topicId,
      partitionResponses: [{ index: 1, errorCode: 0, baseOffset: 0 }],
    })
    const unknown = await ask('abcdefghijklmnopqrstuA')
    expect(unknown.responses[0]!.partitionResponses[0]!.errorCode).toBe(code('UNKNOWN_TOPIC_ID'))
  })

  test('acks 0 gets no response; the next request does', async () => {
    client.send(Produce, 9, toOrders(batchOf(['a']), 0, 0))
    expect(await fetch()).toMatchObject([{ highWatermark: 1 }])
  })

  test('acks 0 that fails closes the connection', async () => {
    client.send(Produce, 9, toOrders(batchOf(['a']), 7, 0))
    await client.closed
  })

  test('acks that do not exist are refused', async () => {
    const answer = await client.call(Produce, 9, toOrders(batchOf(['a']), 0, 2))
    const { errorCode } = answer.responses[0]!.partitionResponses[0]!
    expect(errorCode).toBe(code('INVALID_REQUIRED_ACKS'))
  })

  test('knows duplicates, gaps and old epochs of an idempotent producer', async () => {
    const identity = await client.call(InitProducerId, 4, {
      transactionalId: null,
      transactionTimeoutMs: 1000,
    })
    const { producerId } = identity
    const send = (baseSequence: number, producerEpoch = 1) =>
      produceValues(['a', 'b'], { producerId, producerEpoch, baseSequence })
    expect(await send(0)).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(await send(2)).toMatchObject({ errorCode: 0, baseOffset: 2 })
    expect(await send(0)).toMatchObject({ errorCode: 0, baseOffset: 0 })
    expect(await send(6)).toMatchObject({ errorCode: code('OUT_OF_ORDER_SEQUENCE_NUMBER') })
    expect(await send(4, 0)).toMatchObject({ errorCode: code('INVALID_PRODUCER_EPOCH') })
    expect(await fetch()).toMatchObject([{ highWatermark: 4 }])
  })

  const damaged: readonly (readonly [ErrorName, string, (batch: Buffer) => Buffer | null])[] = [
    ['CORRUPT_MESSAGE', 'a wrong checksum', batch => batch.fill(9, 70, 71)],
    ['INVALID_RECORD', 'no batch', () => Buffer.alloc(0)],
    ['INVALID_RECORD', 'null', () => null],
    ['INVALID_RECORD', 'two batches', batch => Buffer.concat([batch, batch])],
    ['CORRUPT_MESSAGE', 'half a batch', batch => batch.subarray(0, 40)],
    ['UNSUPPORTED_FOR_MESSAGE_FORMAT', 'an old message set', batch => batch.fill(1, 16, 17)],
    ['INVALID_RECORD', 'a control batch', controlBatch],
    ['INVALID_RECORD', 'a count that does not fit', miscounted],
  ]

  function controlBatch(batch: Buffer): Buffer {
    sealBatch(batch, { count: 1, baseTimestamp: 1, maxTimestamp: 1, control: true })
    return batch
  }

  function miscounted(batch: Buffer): Buffer {
    sealBatch(batch, { count: 1, lastOffsetDelta: 5, baseTimestamp: 1, maxTimestamp: 1 })
    return batch
  }

  test.each(damaged)('answers %s to %s', async (error, _, damage) => {
    expect(await produce(damage(batchOf(['value'])))).toMatchObject({ errorCode: code(error) })
    expect(await fetch()).toMatchObject([{ highWatermark: 0 }])
  })

  test('refuses a batch over max.message.bytes, and only that', async () => {
    await cluster.createTopic('small', { config: { 'max.message.bytes': '200' } })
    const large = await produce(batchOf(['x'.repeat(200)]), { name: 'small' })
    expect(large).toMatchObject({ errorCode: code('MESSAGE_TOO_LARGE'), baseOffset: -1 })
    expect(large.errorMessage).toContain('max.message.bytes')
    expect(await produce(batchOf(['x']), { name: 'small' })).toMatchObject({ errorCode: 0 })
  })

  test('names the records without a key in a compacted topic', async () => {
    await cluster.createTopic('compact', { config: { 'cleanup.policy': 'compact' } })
    expect(await produce(batchOf(['a']), { name: 'compact' })).toMatchObject({ errorCode: 0 })
    const keyless = batchOf(['a', 'b'])
    // The first record's key length, behind size, attributes and two deltas, becomes -1.
    const at = keyless.indexOf('key-0') - 1
    const shorter = Buffer.concat([keyless.subarray(0, at + 1), keyless.subarray(at + 6)])
    shorter[at] = 1
    shorter[61]! -= 10
    sealBatch(shorter, {
      count: 2,
      baseTimestamp: 1_700_000_000_000,
      maxTimestamp: 1_700_000_000_001,
    })
    const answer = await produce(shorter, { name: 'compact' })
    expect(answer).toMatchObject({
      errorCode: code('INVALID_RECORD'),
      recordErrors: [{ batchIndex: 0 }],
    })
  })

  test('names the records with a timestamp too far in the future', async () => {
    const clock = new FakeClock()
    await using slow = await EmbeddedCluster.start({ logger: silentLogger, clock })
    await slow.createTopic('orders')
    using own = await RawClient.open(slow.brokers[0]!.address)
    const timestamp = clock.epoch() + 3_600_000 - 500
    const records = batchOf(Array(3000).fill('x'), { timestamp })
    const answer = await own.call(Produce, 9, toOrders(records))
    const { errorCode, recordErrors } = answer.responses[0]!.partitionResponses[0]!
    expect(errorCode).toBe(code('INVALID_TIMESTAMP'))
    expect(recordErrors.at(-1)).toMatchObject({ batchIndex: 2999 })
    expect(recordErrors[0]).toMatchObject({ batchIndex: 501 })
  })

  test('stamps the time of the append where the topic says so', async () => {
    await cluster.createTopic('stamped', { config: { 'message.timestamp.type': 'LogAppendTime' } })
    const before = Date.now()
    const { logAppendTimeMs } = await produce(batchOf(['a'], { timestamp: 5 }), { name: 'stamped' })
    expect(logAppendTimeMs).toBeGreaterThanOrEqual(before)
    const answer = await client.call(Fetch, 12, {
      ...fetchOf({}),
      topics: [
        {
          topic: 'stamped',
          partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }],
        },
      ],
    })
    const [batch] = readBatches(answer.responses[0]!.partitions[0]!.records!)
    batch!.verifyCrc()
    expect([...batch!.cursor()].map(record => record.timestamp)).toEqual([logAppendTimeMs])
  })
})

describe('Fetch', () => {
  test.each([4, 7, 11, 12])('gives whole batches in their order, version %i', async version => {
    await produceValues(['a', 'b'])
    await produceValues(['c'])
    const [partition] = await fetch({ offset: 1 }, version)
    expect(partition).toMatchObject({ errorCode: 0, highWatermark: 3, abortedTransactions: null })
    expect(offsetsIn(partition!.records)).toEqual([
      [0, 1],
      [2, 2],
    ])
  })

  test('takes topic ids from version 13 on', async () => {
    await produceValues(['a'])
    const metadata = await client.call(Metadata, 12, { topics: [{ name: 'orders' }] })
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }]
    for (const [topicId, error] of [
      [metadata.topics[0]!.topicId, 'NONE'],
      ['abcdefghijklmnopqrstuA', 'UNKNOWN_TOPIC_ID'],
      [ZERO_UUID, 'UNKNOWN_TOPIC_ID'],
    ] as const) {
      const answer = await client.call(Fetch, 17, {
        ...fetchOf({}),
        topics: [{ topicId, partitions }],
      })
      expect(answer.responses[0]!.partitions[0]!.errorCode).toBe(code(error))
    }
  })

  test('keeps to the limits, but gives one batch in any case', async () => {
    const size = batchOf(['x'.repeat(100)]).length
    for (const index of [0, 1]) {
      for (let i = 0; i < 5; i++) await produce(batchOf(['x'.repeat(100)]), { index })
    }
    const count = async (options: FetchOptions) =>
      (await fetch({ partitions: [0, 1], ...options })).map(
        ({ records }) => offsetsIn(records).length,
      )
    expect(await count({})).toEqual([5, 5])
    expect(await count({ partitionMaxBytes: size * 2 })).toEqual([2, 2])
    expect(await count({ maxBytes: size * 6 })).toEqual([5, 1])
    expect(await count({ maxBytes: 1 })).toEqual([1, 0])
    expect(await count({ partitionMaxBytes: 1 })).toEqual([1, 0])
  })

  test('tells offsets that do not exist, and errors of leadership', async () => {
    await produceValues(['a'])
    const error = async (options: FetchOptions) => (await fetch(options))[0]!.errorCode
    expect(await error({ offset: 1 })).toBe(0)
    expect(await error({ offset: 2 })).toBe(code('OFFSET_OUT_OF_RANGE'))
    expect(await error({ offset: -1 })).toBe(code('OFFSET_OUT_OF_RANGE'))
    expect(await error({ currentLeaderEpoch: 1 })).toBe(code('UNKNOWN_LEADER_EPOCH'))
    cluster.moveLeader('orders', 0, 1)
    expect(await error({ currentLeaderEpoch: 0 })).toBe(code('FENCED_LEADER_EPOCH'))
    expect(await error({ partitions: [5] })).toBe(code('UNKNOWN_TOPIC_OR_PARTITION'))
  })
})

describe('a fetch that waits', () => {
  let clock: FakeClock
  let other: RawClient

  beforeEach(async () => {
    client.close()
    await cluster.stop()
    clock = new FakeClock(Date.now())
    cluster = await EmbeddedCluster.start({ logger: silentLogger, clock })
    await cluster.createTopic('orders', { partitions: 2 })
    client = await RawClient.open(cluster.brokers[0]!.address)
    other = await RawClient.open(cluster.brokers[0]!.address)
  })
  afterEach(() => other.close())

  const append = (values: string[], index = 0) =>
    other.call(Produce, 9, toOrders(batchOf(values), index))
  /** Sends a fetch and lets the broker begin to wait. */
  async function begin(options: FetchOptions) {
    client.send(Fetch, 12, fetchOf({ maxWaitMs: 500, ...options }))
    await other.call(Metadata, 9, { topics: [] })
    await settle()
  }
  async function answer() {
    const { message } = await client.receive(Fetch, 12)
    return message.responses[0]!.partitions
  }

  test('is answered by the append that it waited for', async () => {
    await begin({ partitions: [0, 1] })
    await append(['a'], 1)
    expect((await answer()).map(({ records }) => offsetsIn(records).length)).toEqual([0, 1])
  })

  test('waits until there are as many bytes as it asked for', async () => {
    const size = batchOf(['a']).length
    await append(['a'])
    await begin({ minBytes: size * 3 })
    await append(['b'])
    expect(clock.pending).toBeGreaterThan(2)
    await append(['c'])
    expect(offsetsIn((await answer())[0]!.records)).toHaveLength(3)
  })

  test('is answered with what there is when its time has come', async () => {
    await append(['a'])
    await begin({ minBytes: 1_000_000 })
    await clock.advance(500)
    expect(offsetsIn((await answer())[0]!.records)).toHaveLength(1)
  })

  test('is answered at once when the topic is deleted, or its leader moves', async () => {
    await begin({})
    await cluster.deleteTopic('orders')
    expect((await answer())[0]!.errorCode).toBe(code('UNKNOWN_TOPIC_OR_PARTITION'))
  })

  test('leaves nothing behind when its client goes away', async () => {
    const before = clock.pending
    await begin({})
    client.close()
    await client.closed
    await other.call(Metadata, 9, { topics: [] })
    await settle()
    expect(clock.pending).toBeLessThan(before)
  })
})

describe('ListOffsets', () => {
  async function list(timestamp: number, version = 11, more = {}) {
    const partitions = [{ partitionIndex: 0, timestamp, ...more }]
    const topics = [{ name: 'orders', partitions }]
    const answer = await client.call(ListOffsets, version, { replicaId: -1, topics })
    return answer.topics[0]!.partitions[0]!
  }

  test('finds ends, times and the greatest timestamp', async () => {
    expect(await list(-3)).toMatchObject({ offset: -1, timestamp: -1 })
    const start = Date.now()
    await produceValues(['a', 'b'], { timestamp: start + 1000 })
    await produceValues(['c'], { timestamp: start + 5000 })
    await produceValues(['d'], { timestamp: start + 3000 })
    expect(await list(-2)).toMatchObject({ offset: 0, timestamp: -1 })
    expect(await list(-1)).toMatchObject({ offset: 4, timestamp: -1 })
    expect(await list(-3)).toMatchObject({ offset: 2, timestamp: start + 5000 })
    expect(await list(0)).toMatchObject({ offset: 0, timestamp: start + 1000 })
    const second = { offset: 1, timestamp: start + 1001 }
    expect(await list(start + 1001)).toMatchObject(second)
    const third = { offset: 2, timestamp: start + 5000 }
    expect(await list(start + 1002)).toMatchObject(third)
    expect(await list(start + 5001)).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 })
    expect(await list(-4)).toMatchObject({ offset: 0 })
    expect(await list(-5)).toMatchObject({ errorCode: 0, offset: -1 })
  })

  test('knows special times only from their version on, and checks epochs', async () => {
    expect(await list(-3, 6)).toMatchObject({ errorCode: code('UNSUPPORTED_VERSION') })
    expect(await list(-9)).toMatchObject({ errorCode: code('UNSUPPORTED_VERSION') })
    const epoch = await list(-1, 11, { currentLeaderEpoch: 3 })
    expect(epoch).toMatchObject({ errorCode: code('UNKNOWN_LEADER_EPOCH') })
    expect(await list(-1, 1)).toMatchObject({ errorCode: 0, offset: 0 })
  })
})
