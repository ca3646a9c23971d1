import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../../../src/broker/index.ts'
import { silentLogger } from '../../../../src/logger.ts'
import { errorByCode } from '../../../../src/protocol/errors.ts'
import {
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
  CreatePartitions,
  DeleteGroups,
  DescribeGroups,
  Heartbeat,
  JoinGroup,
  ListGroups,
  OffsetCommit,
  OffsetFetch,
  SyncGroup,
} from '../../../../src/protocol/messages/index.ts'
import { RawClient } from '../../../broker/raw-client.ts'
import { root } from '../../../support/cache.ts'
import { firstLine } from '../../../support/first-line.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthaste-groups-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const start = () => EmbeddedCluster.start({ dataDir: folder, logger: silentLogger })
const connect = (cluster: EmbeddedCluster) => RawClient.open(cluster.brokers[0]!.address)

async function commit(
  client: RawClient,
  offset: number,
  { groupId = 'g', memberId = '', epoch = -1, partition = 0, metadata = '' } = {},
): Promise<void> {
  const partitions = [
    { partitionIndex: partition, committedOffset: offset, committedMetadata: metadata },
  ]
  const answer = await client.call(OffsetCommit, 9, {
    groupId,
    memberId,
    generationIdOrMemberEpoch: epoch,
    topics: [{ name: 'orders', partitions }],
  })
  expect(errorByCode(answer.topics[0]!.partitions[0]!.errorCode).name).toBe('NONE')
}

async function offsetsOf(client: RawClient, groupId = 'g'): Promise<number[]> {
  const topics = [{ name: 'orders', partitionIndexes: [0, 1] }]
  const answer = await client.call(OffsetFetch, 8, { groups: [{ groupId, topics }] })
  return answer.groups[0]!.topics[0]!.partitions.map(({ committedOffset }) => committedOffset)
}

const joiningNew = {
  groupId: 'new',
  memberId: 'm',
  memberEpoch: 0,
  rebalanceTimeoutMs: 60_000,
  subscribedTopicNames: ['orders'],
  topicPartitions: [],
}

test('groups come back with their members, who go on without a rebalance', async () => {
  const first = await start()
  await first.createTopic('orders', { partitions: 2 })
  const before = await connect(first)
  const joining = {
    groupId: 'g',
    memberId: '',
    groupInstanceId: 'i',
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('mine') }],
  }
  const { memberId, generationId } = await before.call(JoinGroup, 5, joining)
  const member = { groupId: 'g', memberId, groupInstanceId: 'i', generationId }
  const assignments = [{ memberId, assignment: Buffer.from('given') }]
  await before.call(SyncGroup, 3, { ...member, assignments })
  await commit(before, 7, { memberId, epoch: generationId })
  await commit(before, 5, { groupId: 'simple', partition: 1 })
  await commit(before, 5, { groupId: 'deleted' })
  await before.call(DeleteGroups, 2, { groupsNames: ['deleted'] })
  await before.call(ConsumerGroupHeartbeat, 1, joiningNew)
  await commit(before, 6, { groupId: 'new', memberId: 'm', epoch: 1 })
  await first.stop()

  await using second = await start()
  using after = await connect(second)
  const listed = (await after.call(ListGroups, 5, {})).groups
  expect(listed.map(each => `${each.groupId} ${each.groupType} ${each.groupState}`).sort()).toEqual(
    ['g classic Stable', 'new consumer Stable', 'simple classic Empty'],
  )
  expect((await after.call(Heartbeat, 4, member)).errorCode).toBe(0)
  const described = (await after.call(DescribeGroups, 5, { groups: ['g'] })).groups[0]!
  expect(described.members).toMatchObject([
    {
      memberId,
      groupInstanceId: 'i',
      clientId: 'raw',
      clientHost: '/127.0.0.1',
      memberMetadata: Buffer.from('mine'),
      memberAssignment: Buffer.from('given'),
    },
  ])
  expect(await offsetsOf(after)).toEqual([7, -1])
  expect(await offsetsOf(after, 'simple')).toEqual([-1, 5])
  expect(await offsetsOf(after, 'new')).toEqual([6, -1])
  const mine = { groupId: 'new', memberId: 'm', memberEpoch: 1 }
  const beaten = await after.call(ConsumerGroupHeartbeat, 1, mine)
  expect(beaten).toMatchObject({ errorCode: 0, memberEpoch: 1, assignment: null })
  const ask = { groupIds: ['new'], includeAuthorizedOperations: false }
  const [group] = (await after.call(ConsumerGroupDescribe, 1, ask)).groups
  const partitions = { topicPartitions: [{ topicName: 'orders', partitions: [0, 1] }] }
  expect(group).toMatchObject({
    groupEpoch: 1,
    assignmentEpoch: 1,
    groupState: 'Stable',
    members: [
      { memberId: 'm', clientId: 'raw', subscribedTopicNames: ['orders'], assignment: partitions },
    ],
  })
})

test('a topic that grew unseen before a restart is shared anew after it', async () => {
  const first = await start()
  await first.createTopic('orders', { partitions: 2 })
  const before = await connect(first)
  const joining = { ...joiningNew, groupId: 'g' }
  await before.call(ConsumerGroupHeartbeat, 1, joining)
  const grow = [{ name: 'orders', count: 3, assignments: null }]
  await before.call(CreatePartitions, 3, { topics: grow, timeoutMs: 1000, validateOnly: false })
  await first.stop()
  await using second = await start()
  using after = await connect(second)
  const mine = { groupId: 'g', memberId: 'm', memberEpoch: 1 }
  expect(await after.call(ConsumerGroupHeartbeat, 1, mine)).toMatchObject({
    memberEpoch: 2,
    assignment: { topicPartitions: [{ partitions: [0, 1, 2] }] },
  })
})

test('the log of offsets stays small however often they are committed', async () => {
  const first = await start()
  await first.createTopic('orders', { partitions: 2 })
  const before = await connect(first)
  await commit(before, 1, { groupId: 'other' })
  const metadata = 'x'.repeat(4000)
  const commits = 1500
  for (let i = 1; i <= commits; i++) await commit(before, i, { metadata })
  await first.stop()
  let bytes = 0
  for (const name of await readdir(folder)) {
    if (!name.startsWith('__consumer_offsets')) continue
    for (const file of await readdir(join(folder, name))) {
      bytes += (await stat(join(folder, name, file))).size
    }
  }
  expect(bytes).toBeLessThan(2.2 * 1024 * 1024)
  await using second = await start()
  using after = await connect(second)
  expect(await offsetsOf(after)).toEqual([commits, -1])
  expect(await offsetsOf(after, 'other')).toEqual([1, -1])
})

/** A broker in a process of its own, on the same folder. */
async function serve(): Promise<{ child: ChildProcess; client: RawClient }> {
  const script = join(root, 'test', 'broker', 'serve.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [host, port] = (await firstLine(child)).split(':')
  return { child, client: await RawClient.open({ host: host!, port: Number(port) }) }
}

test('what a killed broker had acknowledged is there afterwards', async () => {
  const first = await start()
  await first.createTopic('orders', { partitions: 2 })
  await first.stop()
  let acknowledged = 0
  for (let kill = 0; kill < 3; kill++) {
    const { child, client } = await serve()
    const ended = once(child, 'exit')
    const [offset = -1] = await offsetsOf(client)
    expect(offset).toBeGreaterThanOrEqual(kill === 0 ? -1 : acknowledged)
    const wanted = acknowledged + 200
    // Killed while commits are under way, one after the other.
    while (acknowledged < wanted) await commit(client, ++acknowledged)
    const last = commit(client, acknowledged + 1).catch(() => {})
    child.kill('SIGKILL')
    await Promise.all([last, ended])
  }
  await using after = await start()
  using client = await connect(after)
  const [offset] = await offsetsOf(client)
  expect([acknowledged, acknowledged + 1]).toContain(offset)
})
