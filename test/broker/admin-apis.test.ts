import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { type ErrorName, errorByCode, errorByName } from '../../src/protocol/errors.ts'
import {
  AlterPartitionReassignments,
  AlterReplicaLogDirs,
  ApiVersions,
  ConsumerGroupHeartbeat,
  DescribeConfigs,
  DescribeLogDirs,
  DescribeQuorum,
  DescribeTopicPartitions,
  ElectLeaders,
  IncrementalAlterConfigs,
  ListConfigResources,
  ListPartitionReassignments,
  Metadata,
  Produce,
  UpdateFeatures,
} from '../../src/protocol/messages/index.ts'
import { batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

const TYPES = { topic: 2, broker: 4, logger: 8, metrics: 16, group: 32 } as const
const code = (name: ErrorName) => errorByName(name).code
let folder: string
let cluster: EmbeddedCluster
let client: RawClient

async function start(): Promise<void> {
  cluster = await EmbeddedCluster.start({ brokers: 3, dataDir: folder, logger: silentLogger })
  client = await RawClient.open(cluster.brokers[0]!.address)
}

async function stop(): Promise<void> {
  client.close()
  await cluster.stop()
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthaste-admin-'))
  await start()
  await cluster.createTopic('orders', { partitions: 3, replicationFactor: 2 })
})
afterEach(async () => {
  await stop()
  await rm(folder, { recursive: true })
})

async function produce(name: string, index = 0): Promise<string> {
  const partitionData = [{ index, records: batchOf(['a']) }]
  const message = { acks: -1, timeoutMs: 1000, topicData: [{ name, partitionData }] }
  using leader = await RawClient.open(cluster.broker(cluster.leader(name, index)).address)
  const { responses } = await leader.call(Produce, 9, message)
  return errorByCode(responses[0]!.partitionResponses[0]!.errorCode).name
}

/** Sets what is a text, takes back what is null; gives the error, and what it says. */
async function alter(type: number, name: string, config: Record<string, string | null>) {
  const configs = Object.entries(config).map(([key, value]) => ({
    name: key,
    configOperation: value === null ? 1 : 0,
    value,
  }))
  const resources = [{ resourceType: type, resourceName: name, configs }]
  const answer = await client.call(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  const { errorCode, errorMessage } = answer.responses[0]!
  return `${errorByCode(errorCode).name} ${errorMessage ?? ''}`.trim()
}

/** `VALUE from SOURCE` of the settings that are named. */
async function describeConfigs(type: number, resourceName: string, ...keys: string[]) {
  const configurationKeys = keys.length === 0 ? null : keys
  const resources = [{ resourceType: type, resourceName, configurationKeys }]
  const { results } = await client.call(DescribeConfigs, 4, {
    resources,
    includeSynonyms: true,
    includeDocumentation: false,
  })
  const { errorCode, configs } = results[0]!
  if (errorCode !== 0) return errorByCode(errorCode).name
  return configs.map(({ name, value, configSource }) => `${name}=${value} from ${configSource}`)
}

test('the log directory tells the size of what has a replica here', async () => {
  for (const index of [0, 1, 2]) await produce('orders', index)
  const { results } = await client.call(DescribeLogDirs, 5, { topics: null })
  expect(results).toMatchObject([{ errorCode: 0, logDir: folder, isCordoned: false }])
  const { topics, totalBytes, usableBytes } = results[0]!
  expect(totalBytes).toBeGreaterThan(usableBytes)
  expect(topics).toMatchObject([{ name: 'orders' }])
  // Three partitions with two replicas each on three brokers: two on every one.
  expect(topics[0]!.partitions).toHaveLength(2)
  expect(topics[0]!.partitions.every(each => each.partitionSize > 60 && each.offsetLag === 0)).toBe(
    true,
  )
  const here = topics[0]!.partitions[0]!.partitionIndex
  const one = { topics: [{ topic: 'orders', partitions: [here] }] }
  const few = await client.call(DescribeLogDirs, 1, one)
  expect(few.results[0]!.topics[0]!.partitions).toHaveLength(1)
  const none = { topics: [{ topic: 'missing', partitions: [0] }] }
  expect((await client.call(DescribeLogDirs, 4, none)).results[0]!.topics).toEqual([])
})

test('replicas stay in the one log directory that there is', async () => {
  const move = async (path: string, name: string, partition: number) => {
    const dirs = [{ path, topics: [{ name, partitions: [partition] }] }]
    const { results } = await client.call(AlterReplicaLogDirs, 2, { dirs })
    return errorByCode(results[0]!.partitions[0]!.errorCode).name
  }
  const { topics } = (await client.call(DescribeLogDirs, 4, { topics: null })).results[0]!
  const here = topics[0]!.partitions.map(({ partitionIndex }) => partitionIndex)
  const elsewhere = [0, 1, 2].find(index => !here.includes(index))!
  expect(await move(folder, 'orders', here[0]!)).toBe('NONE')
  expect(await move('/elsewhere', 'orders', here[0]!)).toBe('LOG_DIR_NOT_FOUND')
  expect(await move(folder, 'orders', 9)).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  expect(await move(folder, 'orders', elsewhere)).toBe('NOT_LEADER_OR_FOLLOWER')
})

test('topics are described page by page', async () => {
  await cluster.createTopic('alpha', { partitions: 2 })
  const page = async (
    limit: number,
    cursor: { topicName: string; partitionIndex: number } | null,
  ) => {
    const ask = { topics: [], responsePartitionLimit: limit, cursor }
    const { topics, nextCursor } = await client.call(DescribeTopicPartitions, 0, ask)
    const told = topics.map(each => [each.name, ...each.partitions.map(p => p.partitionIndex)])
    return { told, nextCursor }
  }
  const first = await page(3, null)
  expect(first).toEqual({
    told: [
      ['alpha', 0, 1],
      ['orders', 0],
    ],
    nextCursor: { topicName: 'orders', partitionIndex: 1 },
  })
  expect(await page(2, first.nextCursor)).toEqual({ told: [['orders', 1, 2]], nextCursor: null })
  expect((await page(2, null)).nextCursor).toEqual({ topicName: 'orders', partitionIndex: 0 })
  const named = { topics: [{ name: 'missing' }, { name: 'alpha' }] }
  const { topics } = await client.call(DescribeTopicPartitions, 0, named)
  expect(topics).toMatchObject([
    { name: 'alpha', errorCode: 0, partitions: [{ isrNodes: [2, 3, 1] }, {}] },
    { name: 'missing', errorCode: code('UNKNOWN_TOPIC_OR_PARTITION') },
  ])
})

test('preferred leaders come back; without a leader any replica may be taken', async () => {
  const { topics } = await client.call(Metadata, 12, { topics: [{ name: 'orders' }] })
  const { replicaNodes } = topics[0]!.partitions.find(each => each.partitionIndex === 1)!
  const [first, second] = replicaNodes
  const elect = async (electionType: number, partitions: number[] | null) => {
    const topicPartitions = partitions && [{ topic: 'orders', partitions }]
    const answer = await client.call(ElectLeaders, 2, { electionType, topicPartitions })
    return answer.replicaElectionResults.flatMap(({ partitionResult }) =>
      partitionResult.map(each => `${each.partitionId} ${errorByCode(each.errorCode).name}`),
    )
  }
  expect(await elect(0, [0, 7])).toEqual(['0 ELECTION_NOT_NEEDED', '7 UNKNOWN_TOPIC_OR_PARTITION'])
  cluster.moveLeader('orders', 1, second!)
  expect(await elect(0, null)).toEqual(['1 NONE'])
  expect(cluster.leader('orders', 1)).toBe(first)
  expect(await elect(1, [1])).toEqual(['1 ELECTION_NOT_NEEDED'])
  const bad = await client.call(ElectLeaders, 2, { electionType: 5, topicPartitions: null })
  expect(bad.errorCode).toBe(code('INVALID_REQUEST'))
})

test('partitions move to other replicas at once', async () => {
  const move = async (partitionIndex: number, replicas: number[] | null, strict = false) => {
    const topics = [{ name: 'orders', partitions: [{ partitionIndex, replicas }] }]
    const ask = { topics, allowReplicationFactorChange: !strict }
    const { responses } = await client.call(AlterPartitionReassignments, 1, ask)
    return errorByCode(responses[0]!.partitions[0]!.errorCode).name
  }
  expect(await move(0, [3])).toBe('NONE')
  expect(cluster.leader('orders', 0)).toBe(3)
  expect(await move(0, [3, 2], true)).toBe('INVALID_REPLICATION_FACTOR')
  expect(await move(0, [3, 2])).toBe('NONE')
  expect(await move(0, null)).toBe('NO_REASSIGNMENT_IN_PROGRESS')
  for (const wrong of [[], [1, 1], [9]]) {
    expect(await move(0, wrong)).toBe('INVALID_REPLICA_ASSIGNMENT')
  }
  expect(await move(9, [1])).toBe('UNKNOWN_TOPIC_OR_PARTITION')
  const going = await client.call(ListPartitionReassignments, 0, { topics: null })
  expect(going).toMatchObject({ errorCode: 0, topics: [] })
  await stop()
  await start()
  const { topics } = await client.call(Metadata, 12, { topics: [{ name: 'orders' }] })
  expect(topics[0]!.partitions[0]!.replicaNodes).toEqual([3, 2])
})

test('features change within their range, and outlive a restart', async () => {
  const update = async (feature: string, maxVersionLevel: number, upgradeType = 1, version = 2) => {
    const featureUpdates = [{ feature, maxVersionLevel, upgradeType }]
    return client.call(UpdateFeatures, version as 2, { featureUpdates })
  }
  const level = async () => {
    const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }
    const { finalizedFeatures } = await client.call(ApiVersions, 4, software)
    return finalizedFeatures.find(each => each.name === 'transaction.version')?.maxVersionLevel
  }
  const wrong = code('INVALID_UPDATE_VERSION')
  expect(await update('transaction.version', 1)).toMatchObject({ errorCode: wrong })
  expect(await update('transaction.version', 3)).toMatchObject({ errorCode: wrong })
  expect(await update('missing', 1)).toMatchObject({ errorCode: wrong })
  expect(await level()).toBe(2)
  expect(await update('transaction.version', 1, 2)).toMatchObject({ errorCode: 0 })
  await stop()
  await start()
  expect(await level()).toBe(1)
  const perFeature = await update('missing', 1, 1, 1)
  expect(perFeature).toMatchObject({ errorCode: 0, results: [{ errorCode: wrong }] })
})

test('the quorum is told as if the brokers were its voters', async () => {
  const ask = (topicName: string) =>
    client.call(DescribeQuorum, 2, { topics: [{ topicName, partitions: [{ partitionIndex: 0 }] }] })
  const { topics, nodes } = await ask('__cluster_metadata')
  expect(topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, leaderId: 1 })
  expect(topics[0]!.partitions[0]!.currentVoters.map(each => each.replicaId)).toEqual([1, 2, 3])
  expect(nodes.map(each => each.nodeId)).toEqual([1, 2, 3])
  const { errorCode } = (await ask('orders')).topics[0]!.partitions[0]!
  expect(errorCode).toBe(code('UNKNOWN_TOPIC_OR_PARTITION'))
})

test('defaults of all brokers are in force in topics at once, and outlive a restart', async () => {
  const name = 'max.message.bytes'
  const topic = () => describeConfigs(TYPES.topic, 'orders', name)
  expect(await topic()).toEqual([`${name}=1048588 from 5`])
  expect(await alter(TYPES.broker, '', { 'message.max.bytes': '10' })).toBe('NONE')
  expect(await topic()).toEqual([`${name}=10 from 3`])
  expect(await produce('orders')).toBe('MESSAGE_TOO_LARGE')
  expect(await describeConfigs(TYPES.broker, '')).toEqual(['message.max.bytes=10 from 3'])
  const own = () => describeConfigs(TYPES.broker, '1', 'message.max.bytes')
  expect(await own()).toEqual(['message.max.bytes=10 from 3'])
  expect(await alter(TYPES.broker, '1', { 'message.max.bytes': '20' })).toBe('NONE')
  expect(await own()).toEqual(['message.max.bytes=20 from 2'])
  await stop()
  await start()
  expect(await topic()).toEqual([`${name}=10 from 3`])
  expect(await alter(TYPES.broker, '', { 'message.max.bytes': null })).toBe('NONE')
  expect(await topic()).toEqual([`${name}=1048588 from 5`])
  expect(await produce('orders')).toBe('NONE')
})

test('what a running broker can not take up, and what is no value, is refused', async () => {
  expect(await alter(TYPES.broker, '', { 'num.partitions': '2' })).toBe(
    'INVALID_REQUEST Cannot update these configs dynamically: num.partitions',
  )
  const wrong = await alter(TYPES.broker, '', { 'log.retention.ms': 'x' })
  expect(wrong).toMatch(/^INVALID_REQUEST Invalid value x for configuration log.retention.ms/)
  expect(await alter(TYPES.broker, '2', { 'log.retention.ms': '1' })).toMatch(/^INVALID_REQUEST/)
  expect(await alter(TYPES.group, '', { 'consumer.session.timeout.ms': '1' })).toMatch(
    /^INVALID_REQUEST Default group resources/,
  )
  expect(await alter(TYPES.group, 'g', { missing: '1' })).toMatch(/^INVALID_CONFIG Unknown group/)
  expect(await alter(TYPES.metrics, 'm', { missing: '1' })).toMatch(/^INVALID_REQUEST Unknown/)
  expect(await alter(TYPES.metrics, 'm', { 'interval.ms': '99' })).toMatch(/^INVALID_REQUEST/)
  expect(await alter(TYPES.metrics, 'm', { match: 'name=x' })).toMatch(/^INVALID_CONFIG Illegal/)
  expect(await alter(TYPES.metrics, 'm', { match: 'client_id=(' })).toMatch(/^INVALID_CONFIG/)
  // Others' plugins have settings too; whether these are secrets nobody can know.
  expect(await alter(TYPES.broker, '1', { 'my.plugin': 'x' })).toBe('NONE')
  expect(await describeConfigs(TYPES.broker, '1', 'my.plugin')).toEqual(['my.plugin=null from 2'])
})

test('a group gets its own settings; resources with settings are listed', async () => {
  const name = 'consumer.heartbeat.interval.ms'
  const beat = async (groupId: string) => {
    const facts = { groupId, memberId: 'm', memberEpoch: 0, rebalanceTimeoutMs: 1000 }
    const ask = { ...facts, subscribedTopicNames: ['orders'], topicPartitions: [] }
    for (const broker of cluster.brokers) {
      using other = await RawClient.open(broker.address)
      const answer = await other.call(ConsumerGroupHeartbeat, 1, ask)
      if (answer.errorCode === 0) return answer.heartbeatIntervalMs
    }
    return undefined
  }
  expect(await describeConfigs(TYPES.group, 'g', name)).toEqual([`${name}=5000 from 5`])
  expect(await alter(TYPES.group, 'g', { [name]: '7000' })).toBe('NONE')
  expect(await alter(TYPES.metrics, 'm', { metrics: 'org.apache' })).toBe('NONE')
  expect(await describeConfigs(TYPES.group, 'g', name)).toEqual([`${name}=7000 from 8`])
  expect(await describeConfigs(TYPES.metrics, 'm', 'metrics')).toEqual([
    'metrics=org.apache from 7',
  ])
  expect([await beat('g'), await beat('h')]).toEqual([7000, 5000])
  const list = async (version: 0 | 1, resourceTypes: number[]) => {
    const answer = await client.call(ListConfigResources, version as 1, { resourceTypes })
    if (answer.errorCode !== 0) return errorByCode(answer.errorCode).name
    return answer.configResources.map(each => `${each.resourceType} ${each.resourceName}`)
  }
  expect(await list(1, [TYPES.group, TYPES.metrics])).toEqual(['32 g', '16 m'])
  expect(await list(0, [])).toEqual(['16 m'])
  expect(await list(1, [])).toEqual(expect.arrayContaining(['2 orders', '4 1', '8 3', '32 g']))
  expect(await list(1, [99])).toBe('UNSUPPORTED_VERSION')
  expect(await alter(TYPES.group, 'g', { [name]: null })).toBe('NONE')
  expect(await list(1, [TYPES.group])).toEqual([])
})

test("the cluster's own topics take no records from clients", async () => {
  const facts = { groupId: 'g', memberId: 'm', memberEpoch: 0, rebalanceTimeoutMs: 1000 }
  const ask = { ...facts, subscribedTopicNames: ['orders'], topicPartitions: [] }
  for (const broker of cluster.brokers) {
    using other = await RawClient.open(broker.address)
    await other.call(ConsumerGroupHeartbeat, 1, ask)
  }
  expect(await produce('__consumer_offsets')).toBe('INVALID_TOPIC_EXCEPTION')
})
