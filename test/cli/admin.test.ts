import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Consumer, Producer } from '../../src/index.ts'
import { posthaste } from './posthaste.ts'

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ brokers: 2 })
})
afterAll(() => cluster.stop())

const run = (...args: string[]) => posthaste([...args, '-b', cluster.bootstrapServers])

/** The lines of standard output, as JSON. */
async function json(...args: string[]): Promise<unknown[]> {
  const { stdout } = await run(...args, '--json')
  return stdout
    .trimEnd()
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

/** A group that has read so many of ten records of a topic with one partition. */
async function group(name: string, topic: string, count: number): Promise<Consumer> {
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  await cluster.createTopic(topic, { partitions: 1 })
  await using producer = new Producer(servers)
  await producer.sendBatch(Array.from({ length: 10 }, (_, i) => ({ topic, value: `${i}` })))
  const consumer = new Consumer({
    ...servers,
    'client.id': 'reader',
    'group.id': name,
    'auto.offset.reset': 'earliest',
  })
  await consumer.subscribe([topic])
  let left = count
  for await (const _ of consumer) if (--left === 0) consumer.stop()
  await consumer.commit()
  return consumer
}

describe('groups', () => {
  it('are listed, described with their lag, and reset only when nobody is in them', async () => {
    const consumer = await group('sales', 'orders', 4)
    expect(await run('groups', 'list')).toEqual({ code: 0, stdout: 'sales\n', stderr: '' })
    const described = await run('groups', 'describe', 'sales')
    expect(described.stdout).toContain('sales  Stable, 1 member, lag 6 (classic')
    expect(described.stdout).toMatch(/orders\s+0\s+4\s+10\s+6\s+reader\n/)
    const members = await run('groups', 'describe', 'sales', '--members')
    expect(members.stdout).toMatch(/reader\s+127\.0\.0\.1\s+orders \[0\]\n/)
    const refused = await run('groups', 'reset-offsets', 'sales', '--to-earliest', '--execute')
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toContain('group sales is Stable with one member')
    expect(await run('groups', 'delete', 'sales')).toMatchObject({ code: 1, stdout: '' })
    await consumer.close()

    const planned = await run('groups', 'reset-offsets', 'sales', '--shift-by', '-3')
    expect(planned).toMatchObject({ code: 0, stderr: 'nothing was changed; --execute does it\n' })
    expect(planned.stdout).toMatch(/orders\s+0\s+4\s+1\n/)
    const lag = { topic: 'orders', partition: 0, committed: 4, end: 10, lag: 6 }
    const told = { name: 'sales', state: 'Empty', lag: 6, partitions: [lag] }
    expect(await json('groups', 'describe', 'sales')).toMatchObject([told])
    expect(
      await json('groups', 'reset-offsets', 'sales', '--to-offset', '99', '--execute'),
    ).toEqual([
      { topic: 'orders', partition: 0, from: 4, offset: 10, clamped: true, outcome: 'reset' },
    ])
    expect(await json('groups', 'describe', 'sales')).toMatchObject([{ lag: 0 }])
    expect(await run('groups', 'list', '--state', 'stable')).toMatchObject({ stdout: '' })
    expect(await run('groups', 'delete', 'sales', 'none', '--if-exists')).toEqual({
      code: 0,
      stdout: 'deleted sales\nunchanged none\n',
      stderr: '',
    })
  })

  it('may begin in the middle of a topic', async () => {
    await cluster.createTopic('fresh', { partitions: 3 })
    const target = ['--to-latest', '--execute']
    const made = await run('groups', 'reset-offsets', 'new', '--topic', 'fresh:0,2', ...target)
    expect([made.code, made.stdout.trimEnd().split('\n')]).toEqual([
      0,
      ['topic  partition  from  to', 'fresh          0     -   0', 'fresh          2     -   0'],
    ])
    const nothing = await run('groups', 'reset-offsets', 'other', '--to-latest')
    expect([nothing.code, nothing.stderr]).toEqual([
      1,
      expect.stringContaining('group other has committed no offsets; name the topics'),
    ])
  })

  it('say what is wrong with what was asked', async () => {
    const wrong: [string[], string][] = [
      [['reset-offsets', 'g'], 'give one of --to-earliest'],
      [['reset-offsets', 'g', '--to-earliest', '--to-latest'], 'only go on at one place'],
      [['reset-offsets', 'g', '--by-duration', 'long'], 'length of time'],
      [['list', '--state', 'happy'], 'there is no state happy of groups; it may be Stable'],
    ]
    for (const [args, words] of wrong) {
      const { code, stderr } = await run('groups', ...args)
      expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
    }
    const missing = await run('groups', 'describe', 'none')
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining('GROUP_ID_NOT_FOUND'),
    ])
  })
})

describe('configs', () => {
  it('are altered and described', async () => {
    await cluster.createTopic('set')
    const change = ['--set', 'retention.ms=5000', '--append', 'cleanup.policy=compact']
    expect(await run('configs', 'alter', 'topic', 'set', ...change)).toEqual({
      code: 0,
      stdout: 'altered set\n',
      stderr: '',
    })
    expect(await run('configs', 'describe', 'topics', 'set')).toEqual({
      code: 0,
      stdout: 'topic set\n  cleanup.policy=delete,compact\n  retention.ms=5000\n',
      stderr: '',
    })
    await run('configs', 'alter', 'topic', 'set', '--delete', 'cleanup.policy')
    const [described] = await json('configs', 'describe', 'topic', 'set', '--all')
    expect(described).toMatchObject({ type: 'topic', name: 'set' })
    expect((described as { configs: unknown[] }).configs).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'retention.ms', value: '5000', isSet: true }),
        expect.objectContaining({ name: 'cleanup.policy', value: 'delete', isSet: false }),
      ]),
    )
    const refused = await run('configs', 'alter', 'topic', 'set', '--set', 'retention.ms=soon')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('INVALID_CONFIG')])
    expect(await run('configs', 'alter', 'topic', 'set')).toMatchObject({ code: 2 })
    const unknown = await run('configs', 'describe', 'planet', 'set')
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('it may be topic, broker, broker-logger, client-metrics, group'),
    ])
  })
})

describe('cluster', () => {
  it('is described', async () => {
    const { code, stdout } = await run('cluster', 'describe')
    expect([code, stdout]).toEqual([0, expect.stringContaining(`cluster ${cluster.clusterId}`)])
    expect(stdout).toContain(cluster.bootstrapServers.split(',')[1])
    const [told] = await json('cluster', 'describe')
    expect(told).toMatchObject({
      clusterId: cluster.clusterId,
      brokers: [{ id: 1 }, { id: 2 }],
      features: expect.arrayContaining([expect.objectContaining({ name: 'transaction.version' })]),
    })
  })

  it('ends with 3 where nobody answers', async () => {
    const { code } = await posthaste(['cluster', 'describe', '-b', '127.0.0.1:1'])
    expect(code).toBe(3)
  })
})

describe('topics', () => {
  it('are placed on brokers, and those that lack replicas are shown alone', async () => {
    const assignment = ['--assignment', '1,2', '--assignment', '2,1']
    const made = await run('topics', 'create', 'placed', ...assignment)
    expect(made).toEqual({ code: 0, stdout: 'created placed\n', stderr: '' })
    const [described] = await json('topics', 'describe', 'placed')
    expect(described).toMatchObject({ partitions: [{ replicas: [1, 2] }, { replicas: [2, 1] }] })
    expect(await json('topics', 'describe', 'placed', '--under-replicated')).toEqual([])
    const both = await run('topics', 'create', 'x', '--assignment', '1', '--partitions', '2')
    expect(both).toMatchObject({ code: 2 })
    const valid = await run('topics', 'create', 'maybe', '--validate-only')
    expect(valid).toEqual({ code: 0, stdout: 'valid maybe\n', stderr: '' })
  })
})

describe('acls', () => {
  it('say what is missing before anything is done', async () => {
    const wrong: [string[], string][] = [
      [['create', '--operation', 'READ', '--topic', 't'], 'give --allow User:NAME'],
      [['create', '--allow', 'alice', '--operation', 'READ', '--topic', 't'], 'User:alice'],
      [['create', '--allow', 'User:a', '--topic', 't'], 'give --operation READ'],
      [['create', '--allow', 'User:a', '--operation', 'READ'], 'give --topic'],
      [['create', '--allow', 'User:a', '--operation', 'FLY', '--cluster'], 'no operation FLY'],
      [['delete'], 'that would delete every ACL'],
    ]
    for (const [args, words] of wrong) {
      const { code, stderr } = await run('acls', ...args)
      expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
    }
  })
})
