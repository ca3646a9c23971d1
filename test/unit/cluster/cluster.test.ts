import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { EmbeddedCluster } from '../../../src/broker/index.ts'
import type { ListenerSecurity } from '../../../src/broker/security/options.ts'
import { Cluster } from '../../../src/cluster/cluster.ts'
import { ClusterView } from '../../../src/cluster/metadata.ts'
import { clientOptions, configure } from '../../../src/cluster/options.ts'
import { BrokerError } from '../../../src/errors.ts'
import { listen } from '../../../src/events.ts'
import { silentLogger } from '../../../src/logger.ts'
import { MemoryNetwork } from '../../../src/net/memory.ts'
import type { Dial } from '../../../src/net/transport.ts'
import { DescribeCluster } from '../../../src/protocol/index.ts'

async function setUp(
  settings: Record<string, unknown> = {},
  brokers = 3,
  security: ListenerSecurity = {},
) {
  const clock = new FakeClock()
  const network = new MemoryNetwork(clock)
  const embedded = await EmbeddedCluster.start({
    brokers,
    clock,
    listen: network.listen,
    logger: silentLogger,
    security,
  })
  const dials: string[] = []
  const { values } = configure(clientOptions, {
    'bootstrap.servers': embedded.bootstrapServers,
    logger: silentLogger,
    ...settings,
  })
  const cluster = new Cluster({
    config: values,
    autoCreateTopics: true,
    environment: {
      clock,
      random: seededRandom(1),
      dial: (address, signal) => {
        dials.push(`${address.host}:${address.port}`)
        return network.dial(address, signal)
      },
    },
  })
  const settle = async <T>(promise: Promise<T>, ms = 5_000): Promise<T> => {
    await clock.advance(ms)
    return promise
  }
  return { clock, embedded, cluster, settle, dialled: () => dials }
}

describe('a cluster', () => {
  test('asks for a topic that is new alone, and for very many some at a time', async () => {
    const { embedded, cluster, settle } = await setUp()
    const asked: number[] = []
    for (let i = 0; i < 9; i++) {
      embedded.intercept('Metadata', ({ topics }) => {
        asked.push(topics?.length ?? -1)
        return 'pass'
      })
    }
    await settle(cluster.topic('t'))
    await settle(cluster.topic('u'))
    expect(asked).toEqual([1, 1])
    await settle(cluster.refresh())
    expect(asked).toEqual([1, 1, 2])
    for (let i = 0; i < 2_500; i++) cluster.use(`topic-${i}`)
    await settle(Promise.resolve())
    expect(asked.slice(3).reduce((sum, each) => sum + each)).toBe(2_500)
    expect(Math.max(...asked)).toBe(1_000)
    expect(cluster.view.topics.size).toBe(2_502)
  })

  test('asks for metadata once for all who want it', async () => {
    const { embedded, cluster, settle } = await setUp()
    await embedded.createTopic('t', { partitions: 4 })
    let asked = 0
    for (let i = 0; i < 9; i++) {
      embedded.intercept('Metadata', () => {
        asked++
        return 'pass'
      })
    }
    const topics = await settle(Promise.all([1, 2, 3, 4].map(() => cluster.topic('t'))))
    expect(topics.map(({ partitions }) => partitions.length)).toEqual([4, 4, 4, 4])
    expect(asked).toBeLessThanOrEqual(2)
  })

  test('tries again what may pass, and tells what may not', async () => {
    const { embedded, cluster, settle } = await setUp()
    embedded.fail('DescribeCluster', 'REQUEST_TIMED_OUT', { times: 3 })
    const request = { includeClusterAuthorizedOperations: false }
    const answer = await settle(cluster.call(DescribeCluster, request))
    expect(answer.brokers).toHaveLength(3)
    embedded.fail('DescribeCluster', 'CLUSTER_AUTHORIZATION_FAILED')
    const refused = cluster.call(DescribeCluster, request).catch((error: unknown) => error)
    expect(await settle(refused)).toMatchObject({ code: 'CLUSTER_AUTHORIZATION_FAILED' })
  })

  test('gives up at its deadline, with the last reason', async () => {
    const { embedded, cluster, settle } = await setUp()
    embedded.fail('DescribeCluster', 'REQUEST_TIMED_OUT', { while: () => true })
    const call = cluster.call(
      DescribeCluster,
      { includeClusterAuthorizedOperations: false },
      { timeoutMs: 2_000 },
    )
    const error = await settle(call.catch((thrown: unknown) => thrown))
    expect(error).toMatchObject({ name: 'TimeoutError', retriable: true })
    expect((error as Error).message).toMatch(/did not succeed within 2000 ms: REQUEST_TIMED_OUT/)
    expect((error as Error).cause).toBeInstanceOf(BrokerError)
  })

  test('tells why no broker was reached, where the last try ran out of time', async () => {
    const clock = new FakeClock()
    const { dial } = new MemoryNetwork(clock)
    const { values: config } = configure(clientOptions, {
      'bootstrap.servers': 'broker:9092',
      logger: silentLogger,
    })
    let dials = 0
    // The first is refused. The next has no answer in time, as when the process itself stood still.
    const once: Dial = (...to) => (++dials === 1 ? dial(...to) : new Promise(() => {}))
    const environment = { clock, random: seededRandom(1), dial: once }
    const cluster = new Cluster({ config, autoCreateTopics: false, environment })
    const request = { includeClusterAuthorizedOperations: false }
    const call = cluster.call(DescribeCluster, request, { timeoutMs: 2_000 })
    const failed = call.catch((error: unknown) => error)
    await clock.advance(2_000)
    expect(dials).toBe(2)
    expect(await failed).toMatchObject({
      code: 'NO_BROKER',
      message: expect.stringContaining('broker:9092: refused'),
    })
    cluster.close()
  })

  test('finds the cluster again when every broker that it knew has gone (KIP-899)', async () => {
    const mapped = { host: 'nowhere', port: 1 }
    let reachable = false
    const { embedded, cluster, settle, dialled } = await setUp({
      // What the cluster advertises leads nowhere; only the bootstrap addresses answer.
      'broker.address.mapper': (address: { host: string; port: number }) =>
        reachable ? address : mapped,
    })
    await embedded.createTopic('t')
    await settle(cluster.topic('t'))
    for (const broker of embedded.brokers) await broker.stop()
    await settle(Promise.resolve(), 100)
    for (const broker of embedded.brokers) await broker.start()
    reachable = true
    await settle(
      cluster.refresh().catch(() => cluster.refresh()),
      10_000,
    )
    expect(cluster.view.brokers.size).toBe(3)
    expect(dialled()).toContain(embedded.bootstrapServers.split(',')[0])
  })

  test('counts a connection as open while its session is renewed (KIP-368)', async () => {
    const login = {
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanism': 'PLAIN',
      'sasl.username': 'alice',
      'sasl.password': 'sesame-opens',
    }
    const mechanisms = { PLAIN: { users: { alice: 'sesame-opens' } } }
    const security = { sasl: { mechanisms, maxReauthMs: 1_000 } }
    const { cluster, settle } = await setUp(login, 1, security)
    await settle(cluster.topic('t'), 100)
    const open = cluster.brokers.open().length
    expect(open).toBeGreaterThan(0)
    const whileRenewed: number[] = []
    const stop = listen('request:sent', ({ api }) => {
      if (api === 'SaslAuthenticate') whileRenewed.push(cluster.brokers.open().length)
    })
    await settle(Promise.resolve(), 1_000)
    stop()
    expect(whileRenewed).toEqual([open])
  })

  test('forgets topics that nobody uses, and closes connections without traffic', async () => {
    const { embedded, cluster, clock, settle } = await setUp({
      'metadata.max.idle.ms': 5_000,
      'connections.max.idle.ms': 5_000,
    })
    await embedded.createTopic('t')
    await settle(cluster.topic('t'), 1_000)
    expect(cluster.view.topics.has('t')).toBe(true)
    await clock.advance(20_000)
    expect(cluster.view.topics.has('t')).toBe(false)
    expect(embedded.brokers.reduce((sum, broker) => sum + broker.connections, 0)).toBe(0)
  })
})

describe('what is known of a cluster', () => {
  const answer = (leaderId: number, leaderEpoch: number) => ({
    throttleTimeMs: 0,
    errorCode: 0,
    clusterId: 'c',
    controllerId: 1,
    clusterAuthorizedOperations: 0,
    brokers: [1, 2].map(nodeId => ({ nodeId, host: 'h', port: nodeId, rack: null })),
    topics: [
      {
        errorCode: 0,
        name: 't',
        topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
        isInternal: false,
        topicAuthorizedOperations: 0,
        partitions: [
          {
            errorCode: 0,
            partitionIndex: 0,
            leaderId,
            leaderEpoch,
            replicaNodes: [1, 2],
            isrNodes: [1, 2],
            offlineReplicas: [],
          },
        ],
      },
    ],
  })

  test('news with an older leader epoch is not believed (KIP-320)', () => {
    const view = new ClusterView()
    view.update(answer(1, 5))
    view.update(answer(2, 4))
    expect(view.partition('t', 0)).toMatchObject({ leader: 1, leaderEpoch: 5 })
    view.update(answer(2, 6))
    expect(view.partition('t', 0)).toMatchObject({ leader: 2, leaderEpoch: 6 })
  })

  test('a hint is taken if it is newer and its broker is known (KIP-951)', () => {
    const view = new ClusterView()
    view.update(answer(1, 5))
    const hint = { topic: 't', partition: 0, leader: 2, leaderEpoch: 6 }
    expect(view.hint({ ...hint, leaderEpoch: 5 })).toBe(false)
    expect(view.hint({ ...hint, leader: 9 })).toBe(false)
    expect(view.hint({ ...hint, leader: -1 })).toBe(false)
    expect(view.hint(hint)).toBe(true)
    expect(view.partition('t', 0)).toMatchObject({ leader: 2, leaderEpoch: 6 })
    const stranger = { nodeId: 7, host: 'new', port: 7, rack: null }
    expect(view.hint({ ...hint, leader: 7, leaderEpoch: 7 }, stranger)).toBe(true)
    expect(view.brokers.get(7)).toBe(stranger)
  })
})

test('an advertised address that can not be reached is told as such', async () => {
  const { embedded, cluster, settle } = await setUp({
    'broker.address.mapper': () => ({ host: 'inside.only', port: 1 }),
  })
  await embedded.createTopic('t')
  await settle(cluster.topic('t'))
  const error = await settle(cluster.brokers.connect(1).catch((thrown: unknown) => thrown))
  expect(String(error)).toMatch(/inside\.only:1: refused.*advertises an address.*address\.mapper/)
})
