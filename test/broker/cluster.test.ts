import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { ConfigError } from '../../src/errors.ts'
import { silentLogger } from '../../src/logger.ts'
import { formatAddress } from '../../src/net/transport.ts'
import { type ErrorName, errorByName } from '../../src/protocol/errors.ts'
import {
  CreateTopics,
  DeleteTopics,
  DescribeCluster,
  DescribeConfigs,
  Fetch,
  FindCoordinator,
  InitProducerId,
  Metadata,
  Produce,
} from '../../src/protocol/messages/index.ts'
import type { RequestInput } from '../../src/protocol/schema/api.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { freePorts } from '../support/ports.ts'
import { batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

const code = (name: ErrorName) => errorByName(name).code
const logger = silentLogger
let cluster: EmbeddedCluster
let client: RawClient

beforeEach(async () => {
  cluster = await EmbeddedCluster.start({ brokers: 3, logger })
  client = await RawClient.open(cluster.broker(1).address)
})
afterEach(async () => {
  client.close()
  await cluster.stop()
})

const toTopic = (name: string, index = 0) => ({
  acks: -1,
  timeoutMs: 1000,
  topicData: [{ name, partitionData: [{ index, records: batchOf(['a']) }] }],
})

const metadataOf = async (name: string, version = 12) =>
  (await client.call(Metadata, version, { topics: [{ name }] })).topics[0]!

describe('starting', () => {
  test('takes neighbouring ports, and tells where clients find it', async () => {
    const [port = 0] = await freePorts(3)
    await using own = await EmbeddedCluster.start({ brokers: 3, port, logger })
    expect(own.bootstrapServers).toBe([0, 1, 2].map(i => `127.0.0.1:${port + i}`).join())
    await expect(EmbeddedCluster.start({ port, logger })).rejects.toThrow(/EADDRINUSE/)
  })

  test('tells clients the advertised addresses', async () => {
    const advertised = [{ host: 'kafka.test', port: 9092 }]
    await using own = await EmbeddedCluster.start({ advertised, logger })
    expect(own.bootstrapServers).toBe('kafka.test:9092')
  })

  test.each([
    [{ brokers: 0 }, /brokers must be/],
    [{ port: 70_000 }, /port must be/],
    [{ defaultReplicationFactor: 2 }, /defaultReplicationFactor must be/],
    [{ topicConfig: { 'retention.ms': 'long' } }, /retention.ms/],
    [{ topicConfig: { 'no.such': '1' } }, /unknown topic setting no.such/],
    [{ brokers: 2, advertised: [{ host: 'a', port: 1 }] }, /1 addresses for 2 brokers/],
  ])('refuses %j', async (options, complaint) => {
    await expect(EmbeddedCluster.start({ logger, ...options })).rejects.toThrow(complaint)
    await expect(EmbeddedCluster.start({ logger, ...options })).rejects.toBeInstanceOf(ConfigError)
  })

  test('clusters of one process do not know of each other', async () => {
    await using other = await EmbeddedCluster.start({ logger })
    await cluster.createTopic('orders')
    expect(other.clusterId).not.toBe(cluster.clusterId)
    await other.createTopic('orders')
    await expect(other.createTopic('orders')).rejects.toThrow(/TOPIC_ALREADY_EXISTS/)
  })
})

describe('topics', () => {
  const one = (topic: Partial<RequestInput<typeof CreateTopics>['topics'][number]>) => ({
    name: 'orders',
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [],
    configs: [],
    ...topic,
  })

  async function create(topic: Parameters<typeof one>[0], validateOnly = false) {
    const answer = await client.call(CreateTopics, 7, { topics: [one(topic)], validateOnly })
    return answer.topics[0]!
  }

  test('names that metrics could not tell apart do not both exist, until one is deleted', async () => {
    await cluster.createTopic('a.topic')
    for (const name of ['a_topic', 'a.topic']) {
      const problem = name === 'a.topic' ? 'TOPIC_ALREADY_EXISTS' : 'INVALID_TOPIC_EXCEPTION'
      await expect(cluster.createTopic(name)).rejects.toThrow(problem)
    }
    await cluster.createTopic('a-topic')
    await client.call(DeleteTopics, 4, { topicNames: ['a.topic'], timeoutMs: 1_000 })
    await cluster.createTopic('a_topic')
    expect(cluster.topics()).toEqual(['a-topic', 'a_topic'])
  })

  test('spread their partitions and replicas over the brokers', async () => {
    await cluster.createTopic('orders', { partitions: 6 })
    const { partitions, topicId, errorCode } = await metadataOf('orders')
    expect([errorCode, topicId === ZERO_UUID]).toEqual([0, false])
    const leaders = partitions.map(({ leaderId }) => leaderId).sort()
    expect(leaders).toEqual([1, 1, 2, 2, 3, 3])
    for (const { replicaNodes, isrNodes, leaderId } of partitions) {
      expect(replicaNodes[0]).toBe(leaderId)
      expect([...replicaNodes].sort()).toEqual([1, 2, 3])
      expect(isrNodes).toEqual(replicaNodes)
    }
  })

  test.each<[ErrorName, Parameters<typeof one>[0]]>([
    ['INVALID_TOPIC_EXCEPTION', { name: '' }],
    ['INVALID_TOPIC_EXCEPTION', { name: '..' }],
    ['INVALID_TOPIC_EXCEPTION', { name: 'a/b' }],
    ['INVALID_TOPIC_EXCEPTION', { name: 'x'.repeat(250) }],
    ['INVALID_TOPIC_EXCEPTION', { name: 'there_is' }],
    ['TOPIC_ALREADY_EXISTS', { name: 'there.is' }],
    ['INVALID_PARTITIONS', { numPartitions: 0 }],
    ['INVALID_PARTITIONS', { numPartitions: -2 }],
    ['INVALID_REPLICATION_FACTOR', { replicationFactor: 0 }],
    ['INVALID_REPLICATION_FACTOR', { replicationFactor: 4 }],
    ['INVALID_CONFIG', { configs: [{ name: 'retention.ms', value: '-5' }] }],
    ['INVALID_CONFIG', { configs: [{ name: 'no.such', value: '1' }] }],
    ['INVALID_CONFIG', { configs: [{ name: 'retention.ms', value: null }] }],
    ['INVALID_REQUEST', { numPartitions: 1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] }],
    ['INVALID_REPLICA_ASSIGNMENT', { assignments: [{ partitionIndex: 0, brokerIds: [9] }] }],
    ['INVALID_REPLICA_ASSIGNMENT', { assignments: [{ partitionIndex: 0, brokerIds: [1, 1] }] }],
    ['INVALID_REPLICA_ASSIGNMENT', { assignments: [{ partitionIndex: 1, brokerIds: [1] }] }],
  ])('are refused with %s: %j', async (error, topic) => {
    await cluster.createTopic('there.is')
    expect(await create(topic)).toMatchObject({ errorCode: code(error) })
    expect((await client.call(Metadata, 12, { topics: null })).topics).toHaveLength(1)
  })

  test('are created with settings and assignments, and tell them', async () => {
    const configs = [{ name: 'retention.ms', value: '5' }]
    const made = await create({ configs, assignments: [{ partitionIndex: 0, brokerIds: [3, 1] }] })
    expect(made).toMatchObject({ errorCode: 0, numPartitions: 1, replicationFactor: 2 })
    const retention = made.configs!.find(({ name }) => name === 'retention.ms')
    expect(retention).toMatchObject({ value: '5', configSource: 1 })
    expect(await metadataOf('orders')).toMatchObject({
      topicId: made.topicId,
      partitions: [{ leaderId: 3, replicaNodes: [3, 1] }],
    })
  })

  test('are only judged, not created, where that is asked for', async () => {
    expect(await create({ numPartitions: 4 }, true)).toMatchObject({
      errorCode: 0,
      numPartitions: 4,
    })
    expect((await client.call(Metadata, 12, { topics: null })).topics).toEqual([])
  })

  test('named twice in a request are refused once', async () => {
    const topics = [one({}), one({}), one({ name: 'other' })]
    const answer = await client.call(CreateTopics, 5, { topics, validateOnly: false })
    expect(answer.topics.map(({ errorCode }) => errorCode)).toEqual([code('INVALID_REQUEST'), 0])
  })

  test('come into being when they are asked for, where that is allowed', async () => {
    const ask = (name: string, allowAutoTopicCreation: boolean) =>
      client.call(Metadata, 9, { topics: [{ name }], allowAutoTopicCreation })
    expect((await ask('new', false)).topics[0]!.errorCode).toBe(code('UNKNOWN_TOPIC_OR_PARTITION'))
    expect((await ask('a b', true)).topics[0]!.errorCode).toBe(code('INVALID_TOPIC_EXCEPTION'))
    expect((await ask('a b', false)).topics[0]!.errorCode).toBe(code('INVALID_TOPIC_EXCEPTION'))
    expect((await ask('new', true)).topics[0]).toMatchObject({ errorCode: 0, name: 'new' })
  })

  test('are found by id, and deleted by name and by id', async () => {
    await cluster.createTopic('a')
    await cluster.createTopic('b')
    const { topicId } = await metadataOf('b')
    const byId = await client.call(Metadata, 12, { topics: [{ topicId, name: null }] })
    expect(byId.topics[0]).toMatchObject({ name: 'b', errorCode: 0 })
    const byName = await client.call(DeleteTopics, 4, { topicNames: ['a', 'no'], timeoutMs: 1 })
    expect(byName.responses.map(({ errorCode }) => errorCode)).toEqual([
      0,
      code('UNKNOWN_TOPIC_OR_PARTITION'),
    ])
    const remove = () => client.call(DeleteTopics, 6, { topics: [{ topicId }], timeoutMs: 1 })
    expect((await remove()).responses[0]).toMatchObject({ name: 'b', errorCode: 0 })
    expect((await remove()).responses[0]!.errorCode).toBe(code('UNKNOWN_TOPIC_ID'))
    const gone = await client.call(Metadata, 12, { topics: [{ topicId, name: null }] })
    expect(gone.topics[0]!.errorCode).toBe(code('UNKNOWN_TOPIC_ID'))
    expect((await client.call(Metadata, 12, { topics: null })).topics).toEqual([])
  })
})

describe('brokers', () => {
  test('that do not lead a partition say who does', async () => {
    await cluster.createTopic('orders')
    cluster.moveLeader('orders', 0, 2)
    for (const version of [3, 9, 12]) {
      const answer = await client.call(Produce, version, toTopic('orders'))
      const [partition] = answer.responses[0]!.partitionResponses
      expect(partition!.errorCode).toBe(code('NOT_LEADER_OR_FOLLOWER'))
      if (version < 10) continue
      expect(partition!.currentLeader).toEqual({ leaderId: 2, leaderEpoch: 1 })
      const { port } = cluster.broker(2).address
      expect(answer.nodeEndpoints).toEqual([{ nodeId: 2, host: '127.0.0.1', port, rack: null }])
    }
    const { topicId } = await metadataOf('orders')
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }]
    const topics = [{ topicId, partitions }]
    const wait = { maxWaitMs: 0, minBytes: 1, isolationLevel: 0 }
    const fetched = await client.call(Fetch, 16, { ...wait, topics })
    expect(fetched.responses[0]!.partitions[0]!.currentLeader.leaderId).toBe(2)
    expect(fetched.nodeEndpoints).toHaveLength(1)
  })

  test('that stop hand their partitions over, if there are other replicas', async () => {
    await cluster.createTopic('three', { partitions: 3 })
    await cluster.createTopic('alone', { partitions: 3, replicationFactor: 1 })
    const led = await metadataOf('alone')
    const { partitionIndex } = led.partitions.find(({ leaderId }) => leaderId === 3)!
    await cluster.broker(3).stop()
    await expect(RawClient.open(cluster.broker(3).address)).rejects.toThrow(/ECONNREFUSED/)
    const three = await metadataOf('three')
    expect(three.partitions.every(({ leaderId }) => leaderId === 1 || leaderId === 2)).toBe(true)
    expect(three.partitions.every(({ offlineReplicas }) => offlineReplicas[0] === 3)).toBe(true)
    const alone = (await metadataOf('alone')).partitions[partitionIndex]
    expect(alone).toMatchObject({ leaderId: -1, errorCode: code('LEADER_NOT_AVAILABLE') })
    const { address } = cluster.broker(3)
    await cluster.broker(3).start()
    expect(cluster.broker(3).address).toEqual(address)
    const back = (await metadataOf('alone')).partitions[partitionIndex]
    expect(back).toMatchObject({ leaderId: 3, errorCode: 0 })
  })

  test('that stop break their connections, and are told as fenced', async () => {
    using third = await RawClient.open(cluster.broker(3).address)
    await cluster.broker(3).stop()
    await third.closed
    const ask = (includeFencedBrokers: boolean) =>
      client.call(DescribeCluster, 2, {
        includeClusterAuthorizedOperations: false,
        includeFencedBrokers,
      })
    expect((await ask(false)).brokers.map(({ brokerId }) => brokerId)).toEqual([1, 2])
    const all = await ask(true)
    expect(all.brokers.map(({ isFenced }) => isFenced)).toEqual([false, false, true])
    expect(all).toMatchObject({ clusterId: cluster.clusterId, controllerId: 1, errorCode: 0 })
  })

  test('that are frozen answer when they thaw', async () => {
    cluster.broker(1).freeze()
    let answered = false
    const waiting = metadataOf('orders').then(() => {
      answered = true
    })
    using second = await RawClient.open(cluster.broker(2).address)
    for (let i = 0; i < 20; i++) await second.call(Metadata, 9, { topics: [] })
    expect(answered).toBe(false)
    cluster.broker(1).thaw()
    await waiting
  })

  test('give out producer ids that nobody else has', async () => {
    using second = await RawClient.open(cluster.broker(2).address)
    const ids = new Set<bigint>()
    for (const each of [client, second, client]) {
      const ask = { transactionalId: null, transactionTimeoutMs: 1 }
      ids.add((await each.call(InitProducerId, 5, ask)).producerId)
    }
    expect(ids.size).toBe(3)
  })

  test('agree on coordinators, in every version', async () => {
    using second = await RawClient.open(cluster.broker(2).address)
    const keys = Array.from({ length: 30 }, (_, i) => `group-${i}`)
    const ask = { keyType: 0, coordinatorKeys: keys }
    const here = await client.call(FindCoordinator, 6, ask)
    const there = await second.call(FindCoordinator, 4, ask)
    expect(here.coordinators).toEqual(there.coordinators)
    expect(new Set(here.coordinators.map(({ nodeId }) => nodeId))).toEqual(new Set([1, 2, 3]))
    const first = await client.call(FindCoordinator, 1, { key: 'group-0', keyType: 0 })
    expect(first.nodeId).toBe(here.coordinators[0]!.nodeId)
    const wrong = await client.call(FindCoordinator, 4, { keyType: 9, coordinatorKeys: ['a'] })
    expect(wrong.coordinators[0]!.errorCode).toBe(code('INVALID_REQUEST'))
  })
})

describe('DescribeConfigs', () => {
  async function describeOne(resourceType: number, resourceName: string, more = {}) {
    const resources = [{ resourceType, resourceName, configurationKeys: null, ...more }]
    const ask = { resources, includeSynonyms: true, includeDocumentation: true }
    return (await client.call(DescribeConfigs, 4, ask)).results[0]!
  }

  test("tells a topic's settings, where they come from and what else they could be", async () => {
    await cluster.createTopic('orders', { config: { 'retention.ms': '5' } })
    const { configs } = await describeOne(2, 'orders')
    expect(configs).toHaveLength(33)
    expect(configs.find(({ name }) => name === 'retention.ms')).toMatchObject({
      value: '5',
      configSource: 1,
      configType: 5,
      synonyms: [
        { name: 'retention.ms', value: '5', source: 1 },
        { name: 'log.retention.ms', value: '604800000', source: 5 },
      ],
    })
    const some = await describeOne(2, 'orders', { configurationKeys: ['segment.bytes', 'no'] })
    expect(some.configs).toMatchObject([{ name: 'segment.bytes', value: '1073741824' }])
  })

  test("tells this broker's settings alone", async () => {
    const { configs } = await describeOne(4, '1')
    expect(configs.find(({ name }) => name === 'node.id')).toMatchObject({ value: '1' })
    const address = `PLAINTEXT://${formatAddress(cluster.broker(1).address)}`
    expect(configs.find(({ name }) => name === 'listeners')).toMatchObject({ value: address })
    expect(await describeOne(4, '2')).toMatchObject({ errorCode: code('INVALID_REQUEST') })
    expect(await describeOne(4, '')).toMatchObject({ errorCode: 0, configs: [] })
  })

  test.each<[ErrorName, number, string]>([
    ['UNKNOWN_TOPIC_OR_PARTITION', 2, 'missing'],
    ['INVALID_TOPIC_EXCEPTION', 2, 'a b'],
    ['INVALID_REQUEST', 99, 'x'],
  ])('answers %s for resource %i %s', async (error, type, name) => {
    expect(await describeOne(type, name)).toMatchObject({ errorCode: code(error), configs: [] })
  })
})
