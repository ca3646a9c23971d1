import { describe, expect, test } from 'vitest'
import { Admin } from '../../../src/admin/admin.ts'
import { orThrow } from '../../../src/admin/result.ts'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { EmbeddedCluster } from '../../../src/broker/index.ts'
import { silentLogger } from '../../../src/logger.ts'
import { MemoryNetwork } from '../../../src/net/memory.ts'
import type { ApiName } from '../../../src/protocol/index.ts'

async function setUp() {
  const clock = new FakeClock()
  const network = new MemoryNetwork(clock)
  const logger = silentLogger
  const cluster = await EmbeddedCluster.start({
    brokers: 3,
    clock,
    listen: network.listen,
    logger,
  })
  const { dial } = network
  const settings = { 'bootstrap.servers': cluster.bootstrapServers, logger }
  const admin = new Admin(settings, { clock, random: seededRandom(7), dial })
  /** What a promise comes to while so much time passes. */
  const settle = async <T>(promise: Promise<T>, ms = 5_000): Promise<T> => {
    const outcome = promise.then(
      value => ({ value }),
      error => ({ error }),
    )
    await clock.advance(ms)
    const settled = await outcome
    if ('error' in settled) throw settled.error
    return settled.value
  }
  await cluster.createTopic('t', { partitions: 3 })
  return { clock, cluster, admin, settle }
}

describe('the admin client', () => {
  test('looks for the controller again when it has moved', async () => {
    const { cluster, admin, settle } = await setUp()
    for (const api of ['CreateTopics', 'CreatePartitions', 'DeleteTopics'] as const) {
      cluster.fail(api, 'NOT_CONTROLLER', { times: 2 })
    }
    const made = await settle(admin.topics.create([{ name: 'a', partitions: 1 }]))
    const grown = await settle(admin.topics.createPartitions([{ name: 'a', count: 2 }]))
    const gone = await settle(admin.topics.delete(['a']))
    expect([made, grown, gone].map(([each]) => each?.is)).toEqual(['done', 'done', 'done'])
  })

  test('looks for the coordinator again when it has moved or is not ready', async () => {
    const { cluster, admin, settle } = await setUp()
    const slot = { topic: 't', partition: 0 }
    const moved: [ApiName, () => Promise<unknown>][] = [
      ['OffsetCommit', () => admin.groups.alterOffsets('g', [{ ...slot, offset: 0 }])],
      ['OffsetFetch', () => admin.groups.offsets('g')],
      ['DescribeGroups', () => admin.groups.describe(['g'])],
      ['ListGroups', () => admin.groups.list()],
      ['OffsetDelete', () => admin.groups.deleteOffsets('g', [slot])],
      ['DeleteGroups', () => admin.groups.delete(['g'])],
    ]
    for (const [api, call] of moved) {
      cluster.fail(api, 'COORDINATOR_LOAD_IN_PROGRESS', { times: 1 })
      if (api !== 'ListGroups') cluster.fail(api, 'NOT_COORDINATOR', { times: 1 })
      const outcome = await settle(call())
      expect(JSON.stringify(outcome), api).not.toContain('failed')
      expect(cluster.pendingFaults, api).toBe(0)
    }
  })

  test('waits for a broker that still knows the topic which had the name before', async () => {
    const { cluster, admin, settle } = await setUp()
    const [old] = (await settle(admin.topics.describe(['t']))).map(orThrow)
    await settle(admin.topics.delete(['t']))
    const partitions = old!.partitions.map(({ partition, leader, leaderEpoch }) => ({
      errorCode: 0,
      partitionIndex: partition,
      leaderId: leader,
      leaderEpoch,
      replicaNodes: [leader],
      isrNodes: [leader],
      offlineReplicas: [],
    }))
    const known = { errorCode: 0, name: 't', topicId: old!.id, partitions }
    const reply = { brokers: [], topics: [known] }
    cluster.intercept('Metadata', () => ({ reply }), { broker: 2, topic: 't', times: 3 })
    const made = await settle(admin.topics.create([{ name: 't', partitions: 1 }]))
    expect(made.map(({ is }) => is)).toEqual(['done'])
    expect(cluster.pendingFaults).toBe(0)
  })

  test('asks the leaders again that have moved, and only those', async () => {
    const { cluster, admin, settle } = await setUp()
    for (const partition of [0, 1, 2]) cluster.moveLeader('t', partition, partition + 1)
    cluster.fail('ListOffsets', 'NOT_LEADER_OR_FOLLOWER', { times: 2, broker: 2 })
    const answered: number[][] = []
    cluster.intercept(
      'ListOffsets',
      ({ topics }) => {
        answered.push(topics.flatMap(each => each.partitions.map(one => one.partitionIndex)))
        return 'pass'
      },
      { while: () => true },
    )
    const asks = [0, 1, 2].map(partition => ({ topic: 't', partition, at: 'latest' }) as const)
    const results = await settle(admin.records.offsets(asks))
    expect(results.map(orThrow).map(({ offset }) => offset)).toEqual([0, 0, 0])
    // Those that the fault did not meet: the other two at first, and in the end the one alone.
    expect(answered.slice(0, 2).flat().sort()).toEqual([0, 2])
    expect(answered.slice(2)).toEqual([[1]])
  })

  test('finds a partition that moves to another leader', async () => {
    const { cluster, admin, settle } = await setUp()
    const slot = { topic: 't', partition: 0 }
    orThrow((await settle(admin.records.delete([{ ...slot, offset: 'end' }])))[0]!)
    const [topic] = (await settle(admin.topics.describe(['t']))).map(orThrow)
    const leader = topic?.partitions[0]?.leader
    cluster.moveLeader('t', 0, leader === 1 ? 2 : 1)
    const [moved] = await settle(admin.records.delete([{ ...slot, offset: 'end' }]))
    expect(moved?.is).toBe('done')
  })

  test('has one deadline for all its tries', async () => {
    const { cluster, admin, settle, clock } = await setUp()
    cluster.fail('OffsetFetch', 'COORDINATOR_LOAD_IN_PROGRESS', { times: 1_000 })
    const before = clock.now()
    let endedAt = 0
    const call = admin.groups.offsets('g', { timeoutMs: 3_000 }).finally(() => {
      endedAt = clock.now()
    })
    await expect(settle(call, 20_000)).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(endedAt - before).toBeLessThanOrEqual(3_000)
    const moving = admin.topics.create([{ name: 'b' }], { timeoutMs: 2_000 })
    cluster.fail('CreateTopics', 'NOT_CONTROLLER', { times: 1_000 })
    const [late] = await settle(moving, 20_000)
    expect(late?.is === 'failed' && late.error.code).toBe('NOT_CONTROLLER')
  })

  test('names the brokers that could not be asked, and gives what the others said', async () => {
    const { cluster, admin, settle } = await setUp()
    const slot = { topic: 't', partition: 0, offset: 0 }
    const groups = Array.from({ length: 12 }, (_, i) => `group-${i}`)
    await settle(Promise.all(groups.map(name => admin.groups.alterOffsets(name, [slot]))))
    expect((await settle(admin.groups.list())).groups).toHaveLength(12)
    cluster.fail('ListGroups', 'GROUP_AUTHORIZATION_FAILED', { times: 1, broker: 2 })
    const { groups: found, failures } = await settle(admin.groups.list())
    expect(failures).toMatchObject([{ broker: 2, error: { code: 'GROUP_AUTHORIZATION_FAILED' } }])
    expect(found.length).toBeGreaterThan(0)
    expect(found.length).toBeLessThan(12)
  })
})

describe('an error for want of a right', () => {
  test('names the operation, the resource and the ACL to make', async () => {
    const { cluster, admin, settle } = await setUp()
    cluster.fail('DeleteTopics', 'TOPIC_AUTHORIZATION_FAILED', { times: 1 })
    const [refused] = await settle(admin.topics.delete(['t']))
    expect(refused?.is === 'failed' && refused.error.hint).toBe(
      'it needs DELETE on the topic t: ' +
        'posthaste acls create --allow User:NAME --operation DELETE --topic t',
    )
    cluster.fail('OffsetFetch', 'GROUP_AUTHORIZATION_FAILED', { times: 1 })
    await expect(settle(admin.groups.offsets('sales'))).rejects.toThrow(
      /it needs DESCRIBE on the group sales: .* --operation DESCRIBE --group sales$/,
    )
    cluster.fail('AlterPartitionReassignments', 'CLUSTER_AUTHORIZATION_FAILED', { times: 1 })
    const move = admin.replicas.reassign([{ topic: 't', partition: 0, replicas: [1] }])
    await expect(settle(move)).rejects.toThrow(
      /it needs ALTER on the cluster: .* --operation ALTER --cluster$/,
    )
  })
})
