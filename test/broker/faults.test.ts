import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { placesOf } from '../../src/broker/faults/places.ts'
import { refusal } from '../../src/broker/faults/refusal.ts'
import { handlers } from '../../src/broker/handlers/index.ts'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { type ErrorName, errorByName } from '../../src/protocol/errors.ts'
import { encodeResponse } from '../../src/protocol/frame.ts'
import {
  AddPartitionsToTxn,
  CreatePartitions,
  CreateTopics,
  DeleteTopics,
  DescribeProducers,
  Fetch,
  FindCoordinator,
  InitProducerId,
  Metadata,
  OffsetFetch,
  Produce,
} from '../../src/protocol/messages/index.ts'
import type { ResponseOf } from '../../src/protocol/schema/api.ts'
import { arbitrary } from '../../src/protocol/schema/arbitrary.ts'
import { readBatches } from '../../src/records/index.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

const code = (name: ErrorName) => errorByName(name).code
let clock: FakeClock
let cluster: EmbeddedCluster
let client: RawClient

beforeEach(async () => {
  clock = new FakeClock()
  cluster = await EmbeddedCluster.start({ logger: silentLogger, clock })
  await cluster.createTopic('orders', { partitions: 2 })
  await cluster.createTopic('other')
  client = await RawClient.open(cluster.brokers[0]!.address)
})
afterEach(async () => {
  client.close()
  await cluster.stop()
})

/** Produces to both partitions of orders and to other; gives the three error codes. */
async function produce(): Promise<number[]> {
  const data = (...indexes: number[]) =>
    indexes.map(index => ({ index, records: batchOf(['a'], { timestamp: 1 }) }))
  const answer = await client.call(Produce, 9, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [
      { name: 'orders', partitionData: data(0, 1) },
      { name: 'other', partitionData: data(0) },
    ],
  })
  return answer.responses.flatMap(topic => topic.partitionResponses.map(each => each.errorCode))
}

const leader = code('NOT_LEADER_OR_FOLLOWER')

test('an error meets the next request alone, all of it where nothing else is said', async () => {
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER')
  expect(await produce()).toEqual([leader, leader, leader])
  expect(await produce()).toEqual([0, 0, 0])
})

test('an error meets the topic and partition that are named, so many times', async () => {
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { times: 2, topic: 'orders', partition: 1 })
  expect(await produce()).toEqual([0, leader, 0])
  expect(await produce()).toEqual([0, leader, 0])
  expect(await produce()).toEqual([0, 0, 0])
})

test('a fault of one partition waits for that partition, not for its topic', async () => {
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { topic: 'other', partition: 1 })
  expect(await produce()).toEqual([0, 0, 0])
  expect(cluster.pendingFaults).toBe(1)
})

test('faults of several partitions meet one request, each its own', async () => {
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { topic: 'orders', partition: 1 })
  cluster.fail('Produce', 'REQUEST_TIMED_OUT', { topic: 'other', partition: 0 })
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { topic: 'other', partition: 0 })
  expect(await produce()).toEqual([0, leader, code('REQUEST_TIMED_OUT')])
  expect(await produce()).toEqual([0, 0, leader])
  expect(await produce()).toEqual([0, 0, 0])
})

test('a partition of any topic is counted wherever it is met', async () => {
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { partition: 0, times: 3 })
  expect(await produce()).toEqual([leader, 0, leader])
  expect(await produce()).toEqual([leader, 0, 0])
  expect(cluster.pendingFaults).toBe(0)
})

test('other requests of partitions fail in one alone, too', async () => {
  const one = { topic: 'orders', partition: 1 }
  cluster.fail('OffsetFetch', 'UNSTABLE_OFFSET_COMMIT', one)
  const topics = [{ name: 'orders', partitionIndexes: [0, 1] }]
  const fetched = await client.call(OffsetFetch, 9, { groups: [{ groupId: 'g', topics }] })
  const [group] = fetched.groups
  const codes = group!.topics[0]!.partitions.map(({ errorCode }) => errorCode)
  expect([group!.errorCode, ...codes]).toEqual([0, 0, code('UNSTABLE_OFFSET_COMMIT')])
  cluster.fail('DescribeProducers', 'NOT_LEADER_OR_FOLLOWER', one)
  const described = await client.call(DescribeProducers, 0, { topics })
  expect(described.topics[0]!.partitions.map(each => each.errorCode)).toEqual([0, leader])
  cluster.fail('AddPartitionsToTxn', 'TOPIC_AUTHORIZATION_FAILED', one)
  const adding = {
    transactionalId: 't',
    producerId: 0n,
    producerEpoch: 0,
    verifyOnly: false,
    topics: [{ name: 'orders', partitions: [0, 1] }],
  }
  const added = await client.call(AddPartitionsToTxn, 5, { transactions: [adding] })
  const results = added.resultsByTransaction[0]!.topicResults[0]!.resultsByPartition
  expect(results.map(({ partitionErrorCode }) => partitionErrorCode)).toEqual([
    code('OPERATION_NOT_ATTEMPTED'),
    code('TOPIC_AUTHORIZATION_FAILED'),
  ])
  expect(cluster.pendingFaults).toBe(0)
})

test('a fault waits for a request that it is meant for', async () => {
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { topic: 'missing' })
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { broker: 2 })
  expect(await produce()).toEqual([0, 0, 0])
  expect(cluster.pendingFaults).toBe(2)
  cluster.clearFaults()
  expect(cluster.pendingFaults).toBe(0)
})

test('faults of one API come in the order in which they were asked for', async () => {
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { topic: 'other' })
  cluster.fail('Produce', 'REQUEST_TIMED_OUT', { topic: 'other' })
  expect(await produce()).toEqual([0, 0, leader])
  expect(await produce()).toEqual([0, 0, code('REQUEST_TIMED_OUT')])
})

test('a fault goes on while its condition holds', async () => {
  let isOn = true
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { while: () => isOn, topic: 'other' })
  for (let i = 0; i < 3; i++) expect(await produce()).toEqual([0, 0, leader])
  isOn = false
  expect(await produce()).toEqual([0, 0, 0])
})

test('requests without partitions fail as a whole, and nothing is done', async () => {
  cluster.fail('CreateTopics', 'NOT_CONTROLLER')
  const topics = [
    { name: 'new', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
  ]
  const create = () => client.call(CreateTopics, 7, { topics, validateOnly: false })
  expect((await create()).topics).toMatchObject([
    { name: 'new', errorCode: code('NOT_CONTROLLER') },
  ])
  expect((await create()).topics).toMatchObject([{ name: 'new', errorCode: 0 }])
  cluster.fail('InitProducerId', 'COORDINATOR_LOAD_IN_PROGRESS')
  const ask = { transactionalId: null, transactionTimeoutMs: 1 }
  const { errorCode } = await client.call(InitProducerId, 4, ask)
  expect(errorCode).toBe(code('COORDINATOR_LOAD_IN_PROGRESS'))
  cluster.fail('FindCoordinator', 'COORDINATOR_NOT_AVAILABLE', { times: 2 })
  const keys = await client.call(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['a', 'b'] })
  expect(keys.coordinators.map(({ key }) => key)).toEqual(['a', 'b'])
  const old = await client.call(FindCoordinator, 2, { key: 'a', keyType: 0 })
  expect(old.errorCode).toBe(code('COORDINATOR_NOT_AVAILABLE'))
})

describe('of requests about topics, the one that is named fails alone', () => {
  const policy = code('POLICY_VIOLATION')

  const creating = (names: readonly string[], ...brokerIds: number[][]) => {
    const assignments = brokerIds.map((ids, partitionIndex) => ({ partitionIndex, brokerIds: ids }))
    const count = assignments.length > 0 ? -1 : 1
    const size = { numPartitions: count, replicationFactor: count, assignments, configs: [] }
    return { topics: names.map(name => ({ name, ...size })), validateOnly: false }
  }

  test('CreateTopics', async () => {
    cluster.fail('CreateTopics', 'POLICY_VIOLATION', { topic: 'b' })
    const first = await client.call(CreateTopics, 7, creating(['a', 'b', 'c']))
    const told = first.topics.map(({ name, errorCode }) => [name, errorCode])
    expect(told).toEqual([
      ['a', 0],
      ['b', policy],
      ['c', 0],
    ])
    const again = await client.call(CreateTopics, 7, creating(['b']))
    expect(again.topics[0]!.errorCode).toBe(0)
  })

  test('CreateTopics that places the partition that is named', async () => {
    cluster.fail('CreateTopics', 'POLICY_VIOLATION', { partition: 1 })
    const placed = await client.call(CreateTopics, 7, creating(['a'], [1]))
    expect(placed.topics[0]!.errorCode).toBe(0)
    const two = await client.call(CreateTopics, 7, creating(['b'], [1], [1]))
    expect(two.topics[0]!.errorCode).toBe(policy)
    expect(cluster.pendingFaults).toBe(0)
  })

  test.each([5, 6])('DeleteTopics, version %i', async version => {
    cluster.fail('DeleteTopics', 'POLICY_VIOLATION', { topic: 'orders' })
    const names = ['orders', 'other']
    const wanted =
      version < 6
        ? { topicNames: names }
        : { topics: names.map(name => ({ name, topicId: ZERO_UUID })) }
    const ask = () => client.call(DeleteTopics, version, { ...wanted, timeoutMs: 1000 })
    const codes = async () => (await ask()).responses.map(({ errorCode }) => errorCode)
    expect(await codes()).toEqual([policy, 0])
    expect(await codes()).toEqual([0, code('UNKNOWN_TOPIC_OR_PARTITION')])
  })

  test('DeleteTopics, by the id', async () => {
    const { topics } = await client.call(Metadata, 12, { topics: [{ name: 'orders' }] })
    const [{ topicId }] = topics as [(typeof topics)[number]]
    cluster.fail('DeleteTopics', 'POLICY_VIOLATION', { topic: 'orders' })
    const ask = { topics: [{ name: null, topicId }], timeoutMs: 1000 }
    const { responses } = await client.call(DeleteTopics, 6, ask)
    expect(responses).toMatchObject([{ name: null, topicId, errorCode: policy }])
  })

  test('CreatePartitions', async () => {
    cluster.fail('CreatePartitions', 'POLICY_VIOLATION', { topic: 'orders' })
    const topics = ['orders', 'other'].map(name => ({ name, count: 5, assignments: null }))
    const ask = () =>
      client.call(CreatePartitions, 3, { topics, timeoutMs: 1000, validateOnly: false })
    expect((await ask()).results.map(({ errorCode }) => errorCode)).toEqual([policy, 0])
    expect((await ask()).results.map(({ errorCode }) => errorCode)).toEqual([
      0,
      code('INVALID_PARTITIONS'),
    ])
  })
})

test('metadata fails for topics, and still tells the brokers', async () => {
  cluster.fail('Metadata', 'LEADER_NOT_AVAILABLE', { topic: 'orders' })
  const names = [{ name: 'orders' }, { name: 'other' }]
  const { brokers, topics } = await client.call(Metadata, 9, { topics: names })
  expect(brokers).toHaveLength(1)
  const errors = topics.map(({ errorCode }) => errorCode)
  expect(errors).toEqual([code('LEADER_NOT_AVAILABLE'), 0])
})

test('a delayed request is handled after its delay', async () => {
  cluster.delay('Produce', 1000)
  let codes: number[] | undefined
  const waiting = produce().then(answered => {
    codes = answered
  })
  using other = await RawClient.open(cluster.brokers[0]!.address)
  await other.call(Metadata, 9, { topics: [] })
  await clock.advance(999)
  expect(codes).toBeUndefined()
  await clock.advance(1)
  await waiting
  expect(codes).toEqual([0, 0, 0])
})

test('a disconnected request is not handled; a dropped one is never answered', async () => {
  cluster.disconnect('Produce')
  await expect(produce()).rejects.toThrow(/closed/)
  client = await RawClient.open(cluster.brokers[0]!.address)
  cluster.drop('Produce')
  client.send(Produce, 9, { acks: -1, timeoutMs: 1000, topicData: [] })
  const { brokers } = await client.call(Metadata, 9, { topics: [] })
  expect(brokers).toHaveLength(1)
  expect(cluster.pendingFaults).toBe(0)
})

test('a request whose answer is lost is handled, and its connection breaks', async () => {
  cluster.loseAnswer('Produce', { topic: 'orders' })
  await expect(produce()).rejects.toThrow(/closed/)
  client = await RawClient.open(cluster.brokers[0]!.address)
  const topics = [
    {
      topic: 'orders',
      partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }],
    },
  ]
  const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: 1_000_000, isolationLevel: 0 }
  const { responses } = await client.call(Fetch, 11, { ...limits, topics })
  expect(responses[0]?.partitions[0]?.highWatermark).toBe(1)
})

test('an intercepted request is answered, passed on, or treated ill', async () => {
  const seen: (number | null)[] = []
  cluster.intercept('Metadata', request => {
    seen.push(request.topics?.length ?? null)
    return { reply: { brokers: [], topics: [], clusterId: 'mine' } }
  })
  cluster.intercept('Metadata', () => 'pass')
  cluster.intercept('Metadata', () => 'disconnect')
  const ask = () => client.call(Metadata, 9, { topics: [] })
  expect((await ask()).clusterId).toBe('mine')
  expect((await ask()).clusterId).toBe(cluster.clusterId)
  await expect(ask()).rejects.toThrow(/closed/)
  expect(seen).toEqual([0])
})

test('a throttled request is answered as usual, and says so', async () => {
  cluster.throttle('Metadata', 700)
  const ask = (version: number) => client.call(Metadata, version, { topics: [] })
  expect(await ask(9)).toMatchObject({ throttleTimeMs: 700, clusterId: cluster.clusterId })
  expect((await ask(9)).throttleTimeMs).toBe(0)
  // Of old there was no such field.
  cluster.throttle('Metadata', 700)
  expect((await ask(1)).brokers).toHaveLength(1)
  expect(cluster.pendingFaults).toBe(0)
})

describe('a corrupted answer', () => {
  async function fetch(version: number, fetchOffset = 0) {
    const { topics } = await client.call(Metadata, 12, { topics: [{ name: 'orders' }] })
    const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1e6 }]
    const ask = [{ topic: 'orders', topicId: topics[0]!.topicId, partitions }]
    const wait = { maxWaitMs: 0, minBytes: 0, isolationLevel: 0 }
    const answer = await client.call(Fetch, version, { ...wait, topics: ask })
    return [...readBatches(answer.responses[0]!.partitions[0]!.records!)]
  }

  test.each([12, 17])(
    'has records whose checksum does not fit, Fetch version %i',
    async version => {
      await produce()
      cluster.corrupt('Fetch', { topic: 'orders', partition: 0 })
      // It waits for records.
      expect(await fetch(version, 1)).toEqual([])
      expect((await fetch(version))[0]!.crcIsRight()).toBe(false)
      expect((await fetch(version))[0]!.crcIsRight()).toBe(true)
    },
  )

  test('leaves other partitions alone', async () => {
    await produce()
    cluster.corrupt('Fetch', { topic: 'orders', partition: 1 })
    expect((await fetch(12))[0]!.crcIsRight()).toBe(true)
    expect(cluster.pendingFaults).toBe(1)
  })

  test('of another API ends too early', async () => {
    cluster.corrupt('Metadata')
    await expect(client.call(Metadata, 9, { topics: [] })).rejects.toThrow(/Metadata/)
    expect((await client.call(Metadata, 9, { topics: [] })).brokers).toHaveLength(1)
  })
})

describe('a request that is overtaken', () => {
  const toOther = (value: string) => ({
    acks: -1,
    timeoutMs: 1000,
    topicData: [
      { name: 'other', partitionData: [{ index: 0, records: batchOf([value], { timestamp: 1 }) }] },
    ],
  })
  const offsetIn = ({ responses }: ResponseOf<typeof Produce>) =>
    responses[0]!.partitionResponses[0]!.baseOffset

  test('is handled after the next one; answers keep their order', async () => {
    cluster.reorder('Produce')
    client.send(Produce, 9, toOther('first'))
    client.send(Produce, 9, toOther('second'))
    const answers = [await client.receive(Produce, 9), await client.receive(Produce, 9)]
    expect(answers.map(({ message }) => offsetIn(message))).toEqual([1, 0])
    expect(answers.map(({ correlationId }) => correlationId)).toEqual([0, 1])
  })

  test('is handled in the end, though no other comes', async () => {
    cluster.reorder('Produce', { maxWaitMs: 500 })
    client.send(Produce, 9, toOther('first'))
    using other = await RawClient.open(cluster.brokers[0]!.address)
    await other.call(Metadata, 9, { topics: [] })
    await clock.advance(500)
    expect(offsetIn((await client.receive(Produce, 9)).message)).toBe(0)
  })
})

test('an interceptor that throws is answered as a failure of the broker', async () => {
  cluster.intercept('InitProducerId', () => {
    throw new Error('a mistake of the test')
  })
  const ask = { transactionalId: null, transactionTimeoutMs: 1 }
  const { errorCode } = await client.call(InitProducerId, 4, ask)
  expect(errorCode).toBe(code('UNKNOWN_SERVER_ERROR'))
  expect(cluster.counters.failedRequests).toBe(1)
})

test('a name that is no error is refused at once', () => {
  const name: string = 'NOT_LEADER'
  expect(() => cluster.fail('Produce', name as ErrorName)).toThrow(/NOT_LEADER is not the name/)
})

test('places are found in requests of any shape', () => {
  const topics = [
    { name: 'a', partitions: [{ partitionIndex: 3 }] },
    { topic: 'b', partitions: [5, 6] },
  ]
  const byId = [{ topic: '', topicId: 'id', partitions: [7] }, { topicId: 'unknown' }]
  const groups = [{ groupId: 'g', topics: [{ name: 'd' }, { name: 'e', partitionIndexes: [8] }] }]
  const nameOf = (id: string) => (id === 'id' ? 'c' : undefined)
  expect(placesOf({ topics, byId, other: 5, groups }, nameOf)).toEqual([
    { topic: 'a', partition: 3 },
    { topic: 'b', partition: 5 },
    { topic: 'b', partition: 6 },
    { topic: 'c', partition: 7 },
    { topic: 'd', partition: -1 },
    { topic: 'e', partition: 8 },
  ])
})

const everyVersion = handlers.flatMap(({ api, versions: [min, max] }) =>
  Array.from({ length: max - min + 1 }, (_, i) => [api.name, min + i, api] as const),
)

test.each(everyVersion)('%s v%i can be refused, whatever was asked', (_, version, api) => {
  for (let seed = 0; seed < 20; seed++) {
    const request = arbitrary(api.request, version, seed)
    const response = refusal(api, version, request, leader)
    expect(encodeResponse(api, version, 1, response).length).toBeGreaterThan(0)
  }
})
