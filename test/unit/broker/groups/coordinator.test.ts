import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeClock, settle } from '../../../../src/base/fake-clock.ts'
import { EmbeddedCluster } from '../../../../src/broker/index.ts'
import { silentLogger } from '../../../../src/logger.ts'
import { errorByCode } from '../../../../src/protocol/errors.ts'
import {
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
  DeleteGroups,
  DescribeGroups,
  FindCoordinator,
  Heartbeat,
  JoinGroup,
  ListGroups,
  Metadata,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  SyncGroup,
} from '../../../../src/protocol/messages/index.ts'
import { RawClient } from '../../../broker/raw-client.ts'
import { freePorts } from '../../../support/ports.ts'

const nameOf = (errorCode: number) => errorByCode(errorCode).name
const start = (options = {}) => EmbeddedCluster.start({ logger: silentLogger, ...options })

let cluster: EmbeddedCluster
let client: RawClient
let topicId: string

async function begin(options = {}): Promise<void> {
  cluster = await start(options)
  client = await RawClient.open(cluster.brokers[0]!.address)
  await cluster.createTopic('orders', { partitions: 3 })
  topicId = (await client.call(Metadata, 12, { topics: [{ name: 'orders' }] })).topics[0]!.topicId
}

beforeEach(() => begin())
afterEach(async () => {
  client.close()
  await cluster.stop()
})

interface Commit {
  readonly groupId?: string
  readonly partition?: number
  readonly epoch?: number
  readonly memberId?: string
  readonly metadata?: string
  readonly name?: string
  readonly id?: string
}

/** Commits one offset; gives the error by name. */
async function commit(version: number, offset: number, more: Commit = {}): Promise<string> {
  const { groupId = 'g', partition = 0, epoch = -1, memberId = '', metadata = 'm' } = more
  const { name = 'orders', id = topicId } = more
  const partitions = [
    { partitionIndex: partition, committedOffset: offset, committedMetadata: metadata },
  ]
  const topics = [version >= 10 ? { topicId: id, partitions } : { name, partitions }]
  const request = { groupId, memberId, generationIdOrMemberEpoch: epoch, topics }
  const answer = await client.call(OffsetCommit, version, request)
  return nameOf(answer.topics[0]!.partitions[0]!.errorCode)
}

/** The offsets of partitions 0 and 1 as a group has them, and the error of the group. */
async function fetch(version: number, groupId = 'g'): Promise<[string, number[]]> {
  const partitionIndexes = [0, 1]
  if (version < 8) {
    const topics = [{ name: 'orders', partitionIndexes }]
    const { errorCode, topics: found } = await client.call(OffsetFetch, version, {
      groupId,
      topics,
    })
    return [nameOf(errorCode), found[0]!.partitions.map(each => each.committedOffset)]
  }
  const topic = version >= 10 ? { topicId } : { name: 'orders' }
  const groups = [{ groupId, topics: [{ ...topic, partitionIndexes }] }]
  const [group] = (await client.call(OffsetFetch, version, { groups })).groups
  return [nameOf(group!.errorCode), group!.topics[0]!.partitions.map(each => each.committedOffset)]
}

const protocols = [{ name: 'range', metadata: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) }]
const joining = (groupId: string, memberId = '') => ({
  groupId,
  memberId,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 60_000,
  protocolType: 'consumer',
  protocols,
})

/** One member in a stable group. */
async function joined(groupId = 'g'): Promise<{ memberId: string; generationId: number }> {
  const answer = await client.call(JoinGroup, 3, joining(groupId))
  const { memberId, generationId } = answer
  const assignments = [{ memberId, assignment: Buffer.from('mine') }]
  await client.call(SyncGroup, 3, { groupId, memberId, generationId, assignments })
  return { memberId, generationId }
}

const newMember = (groupId: string, more = {}) => ({
  groupId,
  memberId: 'm',
  memberEpoch: 0,
  rebalanceTimeoutMs: 60_000,
  subscribedTopicNames: ['orders'],
  topicPartitions: [],
  ...more,
})

describe('offsets', () => {
  test.each([2, 3, 4, 5, 6, 7, 8, 9, 10])('are committed in version %d', async version => {
    expect(await commit(version, 7)).toBe('NONE')
    expect((await fetch(9))[1]).toEqual([7, -1])
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('are fetched in version %d', async version => {
    await commit(9, 5)
    expect(await fetch(version)).toEqual(['NONE', [5, -1]])
    expect(await fetch(version, 'nobody')).toEqual(['NONE', [-1, -1]])
  })

  test('of several groups, and all of a group, are fetched at once', async () => {
    await commit(9, 5, { partition: 2 })
    await commit(9, 6, { groupId: 'h' })
    const ask = (version: number) =>
      client.call(OffsetFetch, version, {
        groups: ['g', 'h', 'none'].map(groupId => ({ groupId, topics: null })),
      })
    const found = (await ask(9)).groups.map(({ topics }) => topics)
    expect(found).toMatchObject([
      [{ name: 'orders', partitions: [{ partitionIndex: 2, committedOffset: 5, metadata: 'm' }] }],
      [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 6 }] }],
      [],
    ])
    expect((await ask(10)).groups[0]!.topics[0]!.topicId).toBe(topicId)
    const old = await client.call(OffsetFetch, 2, { groupId: 'g', topics: null })
    expect(old.topics).toMatchObject([{ partitions: [{ committedOffset: 5 }] }])
  })

  test.each<[string, number, Commit]>([
    ['UNKNOWN_TOPIC_OR_PARTITION', 9, { name: 'none' }],
    ['UNKNOWN_TOPIC_OR_PARTITION', 9, { partition: 3 }],
    ['UNKNOWN_TOPIC_ID', 10, { id: 'AAAAAAAAQACAAAAAAAAAAQ' }],
    ['OFFSET_METADATA_TOO_LARGE', 9, { metadata: 'x'.repeat(4097) }],
    ['NONE', 9, { metadata: 'x'.repeat(4096) }],
    ['GROUP_ID_NOT_FOUND', 9, { epoch: 1, memberId: 'a' }],
    ['ILLEGAL_GENERATION', 8, { epoch: 1, memberId: 'a' }],
    ['NONE', 9, { groupId: '' }],
  ])('are answered with %s in version %d: %j', async (error, version, more) => {
    expect(await commit(version, 1, more)).toBe(error)
  })

  test('of a group with members come from its members alone', async () => {
    const { memberId, generationId: epoch } = await joined()
    expect(await commit(9, 1)).toBe('UNKNOWN_MEMBER_ID')
    expect(await commit(9, 1, { memberId, epoch: epoch + 1 })).toBe('ILLEGAL_GENERATION')
    expect(await commit(9, 1, { memberId, epoch })).toBe('NONE')
  })

  test('of topics that are deleted are gone', async () => {
    await commit(9, 1)
    await cluster.deleteTopic('orders')
    await cluster.createTopic('orders', { partitions: 3 })
    expect((await fetch(9))[1]).toEqual([-1, -1])
  })

  test('are deleted where nobody reads the topic', async () => {
    const remove = async (groupId: string, name = 'orders') => {
      const topics = [{ name, partitions: [{ partitionIndex: 0 }] }]
      const answer = await client.call(OffsetDelete, 0, { groupId, topics })
      return [answer.errorCode, ...answer.topics.map(each => each.partitions[0]!.errorCode)].map(
        nameOf,
      )
    }
    await commit(9, 1)
    expect(await remove('none')).toEqual(['GROUP_ID_NOT_FOUND'])
    expect(await remove('')).toEqual(['INVALID_GROUP_ID'])
    expect(await remove('g', 'none')).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
    expect(await remove('g')).toEqual(['NONE', 'NONE'])
    expect((await fetch(9))[1]).toEqual([-1, -1])
    await client.call(ConsumerGroupHeartbeat, 1, newMember('new'))
    expect(await remove('new')).toEqual(['NONE', 'GROUP_SUBSCRIBED_TO_TOPIC'])
  })

  test('fail by the partition where a fault says so', async () => {
    cluster.fail('OffsetCommit', 'COORDINATOR_LOAD_IN_PROGRESS', { topic: 'orders', partition: 1 })
    expect(await commit(9, 1, { partition: 1 })).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    expect(await commit(9, 1, { partition: 1 })).toBe('NONE')
  })
})

describe('groups', () => {
  test('are listed by state and type', async () => {
    await commit(9, 1, { groupId: 'simple' })
    await joined('classic')
    await client.call(ConsumerGroupHeartbeat, 1, newMember('new'))
    const list = async (filters = {}) => {
      const { groups } = await client.call(ListGroups, 5, filters)
      return groups.map(each => [each.groupId, each.protocolType, each.groupState, each.groupType])
    }
    expect(await list()).toEqual([
      ['simple', '', 'Empty', 'classic'],
      ['classic', 'consumer', 'Stable', 'classic'],
      ['new', 'consumer', 'Stable', 'consumer'],
    ])
    expect((await list({ statesFilter: ['empty'] })).map(([id]) => id)).toEqual(['simple'])
    expect((await list({ typesFilter: ['Consumer'] })).map(([id]) => id)).toEqual(['new'])
    expect(await list({ statesFilter: ['nonsense'] })).toEqual([])
    expect((await client.call(ListGroups, 0, {})).groups).toHaveLength(3)
  })

  test('are described, each by its protocol', async () => {
    const { memberId } = await joined('classic')
    await client.call(ConsumerGroupHeartbeat, 1, newMember('new'))
    const groups = ['classic', 'new', 'none']
    const classic = await client.call(DescribeGroups, 6, { groups })
    expect(classic.groups.map(each => [nameOf(each.errorCode), each.groupState])).toEqual([
      ['NONE', 'Stable'],
      ['GROUP_ID_NOT_FOUND', 'Dead'],
      ['GROUP_ID_NOT_FOUND', 'Dead'],
    ])
    expect(classic.groups[0]).toMatchObject({
      protocolData: 'range',
      members: [
        {
          memberId,
          clientId: 'raw',
          clientHost: '/127.0.0.1',
          memberAssignment: Buffer.from('mine'),
        },
      ],
    })
    const older = await client.call(DescribeGroups, 5, { groups })
    expect(older.groups.map(each => nameOf(each.errorCode))).toEqual(['NONE', 'NONE', 'NONE'])
    const ask = { groupIds: ['new', 'classic', 'none'], includeAuthorizedOperations: true }
    const described = (await client.call(ConsumerGroupDescribe, 1, ask)).groups
    expect(described.map(each => nameOf(each.errorCode))).toEqual([
      'NONE',
      'GROUP_ID_NOT_FOUND',
      'GROUP_ID_NOT_FOUND',
    ])
    const partitions = [{ topicId, topicName: 'orders', partitions: [0, 1, 2] }]
    expect(described[0]).toMatchObject({
      groupState: 'Stable',
      groupEpoch: 1,
      assignmentEpoch: 1,
      assignorName: 'uniform',
      authorizedOperations: 3400,
      members: [
        {
          memberId: 'm',
          memberEpoch: 1,
          assignment: { topicPartitions: partitions },
          targetAssignment: { topicPartitions: partitions },
          memberType: 1,
        },
      ],
    })
  })

  test('are deleted with their offsets when they have no members', async () => {
    await commit(9, 1)
    await joined('busy')
    const remove = async (...groupsNames: string[]) => {
      const { results } = await client.call(DeleteGroups, 2, { groupsNames })
      return results.map(({ groupId, errorCode }) => `${groupId} ${nameOf(errorCode)}`)
    }
    expect(await remove('g', 'busy', 'none', 'none')).toEqual([
      'g NONE',
      'busy NON_EMPTY_GROUP',
      'none GROUP_ID_NOT_FOUND',
    ])
    expect((await fetch(9))[1]).toEqual([-1, -1])
  })

  test('change their protocol only while they are empty', async () => {
    const beat = async (groupId: string, more = {}) =>
      nameOf((await client.call(ConsumerGroupHeartbeat, 1, newMember(groupId, more))).errorCode)
    const join = async (groupId: string) =>
      nameOf((await client.call(JoinGroup, 3, joining(groupId))).errorCode)
    await commit(9, 4)
    expect(await beat('g')).toBe('NONE')
    expect(await join('g')).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(await beat('g', { memberEpoch: -1 })).toBe('NONE')
    expect(await join('g')).toBe('NONE')
    expect(await beat('g')).toBe('GROUP_ID_NOT_FOUND')
    expect(await beat('none', { memberEpoch: 1 })).toBe('GROUP_ID_NOT_FOUND')
    expect((await fetch(9))[1]).toEqual([4, -1])
  })

  test('take patterns, and refuse what is none', async () => {
    const regex = { subscribedTopicNames: [], subscribedTopicRegex: 'or.*' }
    const taken = await client.call(ConsumerGroupHeartbeat, 1, newMember('g', regex))
    expect(taken.assignment?.topicPartitions).toEqual([{ topicId, partitions: [0, 1, 2] }])
    const wrong = newMember('h', { ...regex, subscribedTopicRegex: '(' })
    const refused = await client.call(ConsumerGroupHeartbeat, 1, wrong)
    expect(nameOf(refused.errorCode)).toBe('INVALID_REGULAR_EXPRESSION')
    const nameless = await client.call(ConsumerGroupHeartbeat, 1, newMember('h', { memberId: '' }))
    expect(nameOf(nameless.errorCode)).toBe('INVALID_REQUEST')
    const old = await client.call(ConsumerGroupHeartbeat, 0, newMember('h', { memberId: '' }))
    expect([old.errorCode, old.memberId?.length]).toEqual([0, 22])
  })

  test.each([
    ['INVALID_GROUP_ID', joining('')],
    ['INVALID_SESSION_TIMEOUT', { ...joining('g'), sessionTimeoutMs: 5999 }],
    ['INVALID_SESSION_TIMEOUT', { ...joining('g'), sessionTimeoutMs: 1_800_001 }],
    ['UNKNOWN_MEMBER_ID', joining('g', 'somebody')],
  ])('%s: %j', async (error, request) => {
    for (const version of [0, 4, 9]) {
      const answer = await client.call(JoinGroup, version, request)
      expect(nameOf(answer.errorCode)).toBe(error)
    }
    expect((await client.call(ListGroups, 5, {})).groups).toEqual([])
  })
})

describe('time', () => {
  test('takes offsets that nobody needs, then the group', async () => {
    await cluster.stop()
    const clock = new FakeClock()
    await begin({ clock, groupConfig: { 'offsets.retention.minutes': '60' } })
    await commit(9, 1, { groupId: 'simple' })
    const { memberId, generationId: epoch } = await joined('left')
    await commit(9, 2, { groupId: 'left', memberId, epoch })
    const list = async () => {
      // Connections on which nothing happens are closed by then.
      client = await RawClient.open(cluster.brokers[0]!.address)
      return (await client.call(ListGroups, 5, {})).groups.map(({ groupId }) => groupId)
    }
    // The member is silent, so that its group is empty from here on.
    await clock.advance(10_000)
    await clock.advance(60 * 60_000 - 10_001)
    expect(await list()).toEqual(['simple', 'left'])
    // What is old is looked for every ten minutes at most.
    await clock.advance(10 * 60_000)
    expect(await list()).toEqual([])
    expect((await fetch(9, 'left'))[1]).toEqual([-1, -1])
  })

  test('is not watched by a cluster without groups', async () => {
    await cluster.stop()
    const clock = new FakeClock()
    await begin({ clock })
    const idle = clock.pending
    const { memberId, generationId } = await joined()
    expect(clock.pending).toBe(idle + 1)
    const beat = { groupId: 'g', memberId, generationId }
    for (let i = 0; i < 20; i++) await client.call(Heartbeat, 4, beat)
    await clock.advance(10_000)
    await settle()
    expect(clock.pending).toBe(idle)
  })
})

describe('coordinators', () => {
  beforeEach(async () => {
    client.close()
    await cluster.stop()
    // One is stopped and started again: a port of the system's choice might be taken meanwhile.
    const [port] = await freePorts(3)
    await begin({ brokers: 3, port })
  })

  async function coordinatorOf(groupId: string): Promise<number> {
    using any = await RawClient.open(cluster.brokers.find(each => each.isRunning)!.address)
    const ask = { keyType: 0, coordinatorKeys: [groupId] }
    return (await any.call(FindCoordinator, 4, ask)).coordinators[0]!.nodeId
  }

  async function goTo(brokerId: number): Promise<void> {
    client.close()
    client = await RawClient.open(cluster.broker(brokerId).address)
  }

  test('alone serve their groups', async () => {
    const own = await coordinatorOf('g')
    await goTo(own)
    expect(await commit(9, 3)).toBe('NONE')
    await joined('g')
    await goTo((own % 3) + 1)
    const wrong = 'NOT_COORDINATOR'
    expect(await commit(9, 3)).toBe(wrong)
    const fetched = await client.call(OffsetFetch, 9, { groups: [{ groupId: 'g', topics: [] }] })
    const member = { groupId: 'g', memberId: 'm', generationId: 1 }
    const ask = { groupIds: ['g'], includeAuthorizedOperations: false }
    const errors = [
      fetched.groups[0]!,
      await client.call(JoinGroup, 9, joining('g')),
      await client.call(Heartbeat, 4, member),
      await client.call(SyncGroup, 3, { ...member, assignments: [] }),
      await client.call(ConsumerGroupHeartbeat, 1, newMember('g')),
      (await client.call(DescribeGroups, 6, { groups: ['g'] })).groups[0]!,
      (await client.call(DeleteGroups, 2, { groupsNames: ['g'] })).results[0]!,
      (await client.call(ConsumerGroupDescribe, 1, ask)).groups[0]!,
      await client.call(OffsetDelete, 0, { groupId: 'g', topics: [] }),
    ].map(({ errorCode }) => nameOf(errorCode))
    expect(errors).toEqual(errors.map(() => wrong))
    expect((await client.call(ListGroups, 5, {})).groups).toEqual([])
  })

  test('that stop hand their groups over as they are', async () => {
    const own = await coordinatorOf('g')
    await goTo(own)
    const { memberId, generationId } = await joined()
    expect(await commit(9, 8, { memberId, epoch: generationId })).toBe('NONE')
    await cluster.broker(own).stop()
    const next = await coordinatorOf('g')
    expect(next).not.toBe(own)
    await goTo(next)
    const beat = () => client.call(Heartbeat, 4, { groupId: 'g', memberId, generationId })
    expect(nameOf((await beat()).errorCode)).toBe('NONE')
    expect(await fetch(9)).toEqual(['NONE', [8, -1]])
    // Back with its old coordinator, those who wait at the other are told.
    const newcomer = client.call(JoinGroup, 3, joining('g'))
    await cluster.broker(own).start()
    expect(nameOf((await newcomer).errorCode)).toBe('NOT_COORDINATOR')
    expect(nameOf((await beat()).errorCode)).toBe('NOT_COORDINATOR')
    expect(await coordinatorOf('g')).toBe(own)
  })

  test('lead the partition that keeps their groups, in a topic shown as internal', async () => {
    await goTo(await coordinatorOf('g'))
    expect((await client.call(Metadata, 12, { topics: null })).topics).toHaveLength(1)
    await commit(9, 1)
    const { topics } = await client.call(Metadata, 12, { topics: null })
    const offsets = topics.find(({ name }) => name === '__consumer_offsets')!
    expect([offsets.isInternal, offsets.partitions.length]).toEqual([true, 50])
    // The slot of 'g': its Java hash code 103 modulo 50.
    expect(offsets.partitions[3]!.leaderId).toBe(await coordinatorOf('g'))
  })
})
