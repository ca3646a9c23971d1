import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { errorByCode } from '../../src/protocol/errors.ts'
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  ConsumerGroupHeartbeat,
  CreateTopics,
  DeleteGroups,
  DeleteTopics,
  DescribeTransactions,
  EndTxn,
  Heartbeat,
  InitProducerId,
  JoinGroup,
  LeaveGroup,
  ListGroups,
  Metadata,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  Produce,
  SyncGroup,
  TxnOffsetCommit,
} from '../../src/protocol/messages/index.ts'
import { batchOf } from './batches.ts'
import { RawClient } from './raw-client.ts'

let folder: string
let cluster: EmbeddedCluster
let client: RawClient

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthaste-full-'))
  await start()
  await cluster.createTopic('orders', { partitions: 2 })
})
afterEach(async () => {
  free()
  client.close()
  await cluster.stop()
  await rm(folder, { recursive: true, force: true })
})

async function start() {
  cluster = await EmbeddedCluster.start({ dataDir: folder, logger: silentLogger })
  client = await RawClient.open(cluster.brokers[0]!.address)
}

async function restart() {
  client.close()
  await cluster.stop()
  await start()
}

/** From now on no byte more fits on the disk. */
async function fill() {
  const handle = await open(join(folder, 'cluster.json'))
  const prototype: typeof handle = Object.getPrototypeOf(handle)
  await handle.close()
  const full = () =>
    Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))
  vi.spyOn(prototype, 'writev').mockImplementation(full)
  vi.spyOn(prototype, 'writeFile').mockImplementation(full)
}

function free() {
  vi.restoreAllMocks()
}

const nameOf = (code: number) => errorByCode(code).name

async function commit(groupId: string, committedOffset: number) {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }]
  const answer = await client.call(OffsetCommit, 9, {
    groupId,
    memberId: '',
    topics: [{ name: 'orders', partitions }],
  })
  return nameOf(answer.topics[0]!.partitions[0]!.errorCode)
}

async function fetched(groupId: string) {
  const groups = [{ groupId, topics: [{ name: 'orders', partitionIndexes: [0] }] }]
  const [group] = (await client.call(OffsetFetch, 9, { groups })).groups
  return [nameOf(group!.errorCode), group!.topics[0]?.partitions[0]?.committedOffset]
}

const beating = {
  groupId: 'new',
  memberId: 'm',
  memberEpoch: 0,
  rebalanceTimeoutMs: 60_000,
  subscribedTopicNames: ['orders'],
  topicPartitions: [],
}

async function beat() {
  return nameOf((await client.call(ConsumerGroupHeartbeat, 1, beating)).errorCode)
}

const LOST = 'NOT_COORDINATOR'

describe('a group that can not be kept', () => {
  test('no offset is said to be committed, nor shown', async () => {
    expect(await commit('g', 3)).toBe('NONE')
    await fill()
    expect(await commit('g', 4)).toBe(LOST)
    expect(await commit('g', 5)).toBe(LOST)
    expect((await fetched('g'))[0]).toBe(LOST)
    free()
    await restart()
    expect(await fetched('g')).toEqual(['NONE', 3])
  })

  test('what deletes is refused, and nothing is gone', async () => {
    await commit('g', 3)
    await fill()
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }]
    const deleted = await client.call(OffsetDelete, 0, { groupId: 'g', topics })
    expect(nameOf(deleted.errorCode)).toBe(LOST)
    const { results } = await client.call(DeleteGroups, 2, { groupsNames: ['g'] })
    expect(nameOf(results[0]!.errorCode)).toBe(LOST)
    free()
    await restart()
    expect(await fetched('g')).toEqual(['NONE', 3])
  })

  test('KIP-848: a member is given no epoch, however often it asks', async () => {
    // The topic is there, so that what fails is the write.
    await commit('other', 1)
    await fill()
    for (let i = 0; i < 3; i++) expect(await beat()).toBe(LOST)
    free()
    await restart()
    expect(await beat()).toBe('NONE')
  })

  test('classic: a member is given no assignment, nor told that it is in a generation', async () => {
    const join = {
      groupId: 'g',
      memberId: '',
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('mine') }],
    }
    const { memberId, generationId } = await client.call(JoinGroup, 3, join)
    const member = { groupId: 'g', memberId, generationId }
    await commit('other', 1)
    await fill()
    const sync = async () => {
      const assignments = [{ memberId, assignment: Buffer.from('given') }]
      return nameOf((await client.call(SyncGroup, 3, { ...member, assignments })).errorCode)
    }
    expect(await sync()).toBe(LOST)
    expect(await sync()).toBe(LOST)
    expect(nameOf((await client.call(Heartbeat, 3, member)).errorCode)).toBe(LOST)
    const again = await client.call(JoinGroup, 3, { ...join, memberId })
    expect(nameOf(again.errorCode)).toBe(LOST)
    const left = await client.call(LeaveGroup, 2, { groupId: 'g', memberId })
    expect(nameOf(left.errorCode)).toBe(LOST)
  })

  test('where its topic can not be made it is tried again, and then all of it is kept', async () => {
    await fill()
    expect(await beat()).toBe(LOST)
    expect(await beat()).toBe(LOST)
    free()
    expect(await beat()).toBe('NONE')
    await restart()
    const { groups } = await client.call(ListGroups, 5, {})
    expect(groups).toMatchObject([{ groupId: 'new', groupState: 'Stable' }])
  })

  test('a topic is deleted all the same', async () => {
    await commit('g', 3)
    // The group's log alone is broken: its first failure stays.
    await fill()
    await commit('g', 4)
    free()
    const { responses } = await client.call(DeleteTopics, 5, {
      topicNames: ['orders'],
      timeoutMs: 1_000,
    })
    expect(nameOf(responses[0]!.errorCode)).toBe('NONE')
  })
})

describe('a transaction that can not be kept', () => {
  async function init(transactionalId: string | null) {
    const ask = { transactionalId, transactionTimeoutMs: 60_000 }
    const answer = await client.call(InitProducerId, 4, ask)
    const { producerId, producerEpoch } = answer
    return { error: nameOf(answer.errorCode), producer: { producerId, producerEpoch } }
  }

  async function stateOf(transactionalId: string) {
    const ask = { transactionalIds: [transactionalId] }
    const [state] = (await client.call(DescribeTransactions, 0, ask)).transactionStates
    return state!.errorCode === 0 ? state!.transactionState : nameOf(state!.errorCode)
  }

  async function addTo(transactionalId: string, producer: Awaited<ReturnType<typeof init>>) {
    const answer = await client.call(AddPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producer.producer.producerId,
      v3AndBelowProducerEpoch: producer.producer.producerEpoch,
      v3AndBelowTopics: [{ name: 'orders', partitions: [0] }],
    })
    const [topic] = answer.resultsByTopicV3AndBelow
    return nameOf(topic!.resultsByPartition[0]!.partitionErrorCode)
  }

  test('no identity is given, whether its topic is there or not', async () => {
    await fill()
    expect((await init('t')).error).toBe(LOST)
    free()
    expect((await init('t')).error).toBe('NONE')
    await fill()
    expect((await init('t')).error).toBe(LOST)
    expect((await init('t')).error).toBe(LOST)
  })

  test('no part is added', async () => {
    const producer = await init('t')
    await fill()
    for (let i = 0; i < 2; i++) expect(await addTo('t', producer)).toBe(LOST)
    expect(await stateOf('t')).toBe(LOST)
    free()
    await restart()
    expect(await stateOf('t')).toBe('Empty')
  })

  test('no offsets are added, nor committed in it', async () => {
    const { producer } = await init('t')
    const { producer: other } = await init('u')
    await client.call(AddOffsetsToTxn, 3, { transactionalId: 'u', groupId: 'g', ...other })
    await commit('g', 1)
    await fill()
    const added = { transactionalId: 't', groupId: 'g', ...producer }
    const { errorCode } = await client.call(AddOffsetsToTxn, 3, added)
    expect(nameOf(errorCode)).toBe(LOST)
    const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }]
    const topics = [{ name: 'orders', partitions }]
    const committing = { transactionalId: 'u', groupId: 'g', ...other, topics }
    const committed = await client.call(TxnOffsetCommit, 3, committing)
    expect(nameOf(committed.topics[0]!.partitions[0]!.errorCode)).toBe(LOST)
  })

  test('it is not said to be committed, and is open after a restart', async () => {
    const made = await init('t')
    expect(await addTo('t', made)).toBe('NONE')
    await fill()
    const end = async () => {
      const ask = { transactionalId: 't', committed: true, ...made.producer }
      return nameOf((await client.call(EndTxn, 3, ask)).errorCode)
    }
    for (let i = 0; i < 2; i++) expect(await end()).toBe(LOST)
    free()
    await restart()
    expect(await stateOf('t')).toBe('Ongoing')
    expect(await end()).toBe('NONE')
  })

  test('no producer id is given that a restart could give again', async () => {
    await fill()
    const refused = await Promise.all([init(null), init(null)])
    for (const { error } of refused) expect(error).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    free()
    expect((await init(null)).error).toBe('NONE')
  })
})

describe('topics and records', () => {
  test('a topic that can not be kept is not there, and can be made later', async () => {
    const topics = [
      { name: 'new', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
    ]
    const create = async () => {
      const answer = await client.call(CreateTopics, 7, { topics, validateOnly: false })
      return nameOf(answer.topics[0]!.errorCode)
    }
    await fill()
    expect(await create()).toBe('KAFKA_STORAGE_ERROR')
    const { topics: told } = await client.call(Metadata, 9, {
      topics: [{ name: 'auto' }],
      allowAutoTopicCreation: true,
    })
    expect(nameOf(told[0]!.errorCode)).toBe('KAFKA_STORAGE_ERROR')
    expect(cluster.topics()).toEqual(['orders'])
    free()
    expect(await create()).toBe('NONE')
    await restart()
    expect(cluster.topics()).toContain('new')
  })

  test('records that can not be kept are refused, those of acks 0 without harm', async () => {
    await fill()
    const produce = (acks: number) => ({
      acks,
      timeoutMs: 1_000,
      topicData: [
        {
          name: 'orders',
          partitionData: [0, 1].map(index => ({
            index,
            records: batchOf(['a'], { timestamp: 1 }),
          })),
        },
      ],
    })
    client.send(Produce, 9, produce(0))
    const { responses } = await client.call(Produce, 9, produce(-1))
    const codes = responses[0]!.partitionResponses.map(({ errorCode }) => nameOf(errorCode))
    expect(codes).toEqual(['KAFKA_STORAGE_ERROR', 'KAFKA_STORAGE_ERROR'])
  })

  test('a cluster that can not be saved stops, and frees its folder', async () => {
    await fill()
    await expect(cluster.stop()).rejects.toThrow(/ENOSPC/)
    free()
    client.close()
    await start()
    expect(cluster.topics()).toEqual(['orders'])
  })
})
