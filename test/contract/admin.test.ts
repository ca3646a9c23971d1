import { expect, test } from 'vitest'
import { Admin, type ConfigResource, orThrow } from '../../src/index.ts'
import { adminOf, outcomes, settles } from './admin-client.ts'
import { freshName, onBothClusters } from './clusters.ts'
import { dealt, produceAll } from './consuming.ts'

onBothClusters('topics', cluster => {
  const admin = adminOf(cluster)

  test('are made with assignments and settings, described, and deleted by name and by id', async () => {
    const [placed, plain] = [freshName('placed'), freshName('plain')]
    const assignments = [
      [2, 1],
      [3, 2],
    ]
    const config = { 'cleanup.policy': 'compact' }
    const made = await admin().topics.create([
      { name: placed, assignments, config },
      { name: plain, partitions: 4, replicationFactor: 2 },
    ])
    expect(made.map(orThrow)).toEqual([
      { id: expect.stringMatching(/^[\w-]{22}$/), partitions: 2, replicationFactor: 2 },
      { id: expect.stringMatching(/^[\w-]{22}$/), partitions: 4, replicationFactor: 2 },
    ])
    const { id } = orThrow(made[0]!)
    const [byName, byId] = (await admin().topics.describe([placed, { id }])).map(orThrow)
    expect(byId).toEqual(byName)
    expect(byName).toMatchObject({
      name: placed,
      internal: false,
      partitions: [
        { partition: 0, leader: 2, replicas: [2, 1] },
        { partition: 1, leader: 3, replicas: [3, 2] },
      ],
    })
    const gone = await admin().topics.delete([{ id }, plain, 'never-was'])
    expect(gone.map(({ name }) => name)).toEqual([id, plain, 'never-was'])
    expect(outcomes(gone)).toEqual(['done', 'done', 'UNKNOWN_TOPIC_OR_PARTITION'])
  })

  test('succeed and fail each alone', async () => {
    const name = freshName('there')
    orThrow((await admin().topics.create([{ name, partitions: 1 }]))[0]!)
    const results = await admin().topics.create([
      { name },
      { name: 'no/name' },
      { name: freshName('much'), partitions: 1, replicationFactor: 9 },
      { name: freshName('fine'), partitions: 1 },
    ])
    expect(outcomes(results)).toEqual([
      'TOPIC_ALREADY_EXISTS',
      'INVALID_TOPIC_EXCEPTION',
      'INVALID_REPLICATION_FACTOR',
      'done',
    ])
    const described = await admin().topics.describe(['never-was', name])
    expect(outcomes(described)).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', 'done'])
    const nobody = await admin().topics.describe([{ id: 'AAAAAAAAAAAAAAAAAAAAAQ' }])
    expect(outcomes(nobody)).toEqual(['UNKNOWN_TOPIC_ID'])
  })

  test('are known to every broker when they are made', async () => {
    const names = Array.from({ length: 5 }, () => freshName('known'))
    const made = await admin().topics.create(names.map(name => ({ name, partitions: 2 })))
    expect(outcomes(made)).toEqual(names.map(() => 'done'))
    for (const address of cluster().bootstrapServers.split(',')) {
      using one = new Admin({ 'bootstrap.servers': address })
      const described = (await one.topics.describe(names)).map(orThrow)
      const leaders = described.flatMap(topic => topic.partitions.map(each => each.leader))
      expect(leaders.every(leader => leader > 0)).toBe(true)
    }
  })

  test('are only looked at with validateOnly', async () => {
    const name = freshName('maybe')
    const [would] = await admin().topics.create([{ name, partitions: 2 }], { validateOnly: true })
    expect(would?.is).toBe('done')
    expect((await admin().topics.list()).map(topic => topic.name)).not.toContain(name)
    const contradiction = { name, partitions: 2, assignments: [[1]] }
    await expect(admin().topics.create([contradiction])).rejects.toThrow(/assignments say how many/)
  })

  test('get more partitions, where it is said', async () => {
    const name = freshName('more')
    await admin().topics.create([{ name, assignments: [[1]] }])
    const grown = await admin().topics.createPartitions([
      { name, count: 3, assignments: [[2], [3]] },
      { name: 'never-was', count: 3 },
    ])
    expect(outcomes(grown)).toEqual(['done', 'UNKNOWN_TOPIC_OR_PARTITION'])
    await settles(async () => {
      const [topic] = (await admin().topics.describe([name])).map(orThrow)
      return topic?.partitions.map(({ replicas }) => replicas)
    }).toEqual([[1], [2], [3]])
    const fewer = await admin().topics.createPartitions([{ name, count: 2 }])
    expect(outcomes(fewer)).toEqual(['INVALID_PARTITIONS'])
  })

  test('are listed by name', async () => {
    const names = [freshName('z'), freshName('a')]
    await admin().topics.create(names.map(name => ({ name, partitions: 1 })))
    const listed = (await admin().topics.list()).map(({ name }) => name)
    expect(listed.filter(name => names.includes(name))).toEqual(names.toSorted())
    expect(listed.some(name => name.startsWith('__'))).toBe(false)
  })
})

onBothClusters('settings', cluster => {
  const admin = adminOf(cluster)

  /** What is set on a resource itself. */
  async function setOn(resource: ConfigResource): Promise<Record<string, string | null>> {
    const [entries] = (await admin().configs.describe([resource])).map(orThrow)
    const own = entries?.filter(({ isSet }) => isSet) ?? []
    return Object.fromEntries(own.map(({ name, value }) => [name, value]))
  }

  test('of a topic are set, appended to, subtracted from and given back', async () => {
    const topic = { type: 'topic', name: freshName('set') } as const
    await admin().topics.create([{ name: topic.name, partitions: 1 }])
    const set = { 'retention.ms': '5000', 'cleanup.policy': { append: 'compact' } } as const
    expect(outcomes(await admin().configs.alter([{ ...topic, set }]))).toEqual(['done'])
    const policy = { 'cleanup.policy': 'delete,compact' }
    await settles(() => setOn(topic)).toEqual({ 'retention.ms': '5000', ...policy })
    const back = { 'retention.ms': null, 'cleanup.policy': { subtract: 'delete' } } as const
    await admin().configs.alter([{ ...topic, set: back }])
    await settles(() => setOn(topic)).toEqual({ 'cleanup.policy': 'compact' })
    const wrong = { 'retention.ms': 'soon' }
    const refused = await admin().configs.alter([
      { ...topic, set: wrong },
      { type: 'topic', name: 'never-was', set: { 'retention.ms': '1' } },
    ])
    expect(outcomes(refused)).toEqual(['INVALID_CONFIG', 'UNKNOWN_TOPIC_OR_PARTITION'])
    await settles(() => setOn(topic)).toEqual({ 'cleanup.policy': 'compact' })
  })

  test('of a topic are all told, with where they come from', async () => {
    const name = freshName('told')
    await admin().topics.create([{ name, partitions: 1, config: { 'max.message.bytes': '9000' } }])
    const [entries] = (await admin().configs.describe([{ type: 'topic', name }])).map(orThrow)
    const byName = new Map(entries?.map(entry => [entry.name, entry]))
    expect(byName.get('max.message.bytes')).toMatchObject({ value: '9000', source: 'topic' })
    expect(byName.get('cleanup.policy')).toMatchObject({ value: 'delete', isSet: false })
    expect(byName.get('cleanup.policy')?.source).toBe('default')
  })

  test('are asked of the broker that has them', async () => {
    const [first, second, nobody] = await admin().configs.describe([
      { type: 'broker', name: '1' },
      { type: 'broker', name: '2' },
      { type: 'broker', name: '77' },
    ])
    const idOf = (result: typeof first) =>
      orThrow(result!).find(({ name }) => name === 'node.id' || name === 'broker.id')?.value
    expect([idOf(first), idOf(second)]).toEqual(['1', '2'])
    expect(nobody?.is).toBe('failed')
  })

  test('are listed by type', async () => {
    const name = freshName('listed')
    await admin().topics.create([{ name, partitions: 1 }])
    expect(await admin().configs.list(['topic'])).toContainEqual({ type: 'topic', name })
    // One that stood still for seconds is left out until it is heard of again.
    await settles(async () => {
      const brokers = await admin().configs.list(['broker'])
      return brokers.flatMap(each => each.name || []).sort()
    }).toEqual(['1', '2', '3'])
  })

  test('of groups and of client metrics are set', async () => {
    const group = { type: 'group', name: freshName('group') } as const
    const metrics = { type: 'client-metrics', name: freshName('metrics') } as const
    const results = await admin().configs.alter([
      { ...group, set: { 'consumer.session.timeout.ms': '50000' } },
      { ...metrics, set: { 'interval.ms': '5000' } },
    ])
    expect(results.map(each => (each.is === 'failed' ? each.error.message : each.is))).toEqual([
      'done',
      'done',
    ])
    await settles(() => setOn(group)).toEqual({ 'consumer.session.timeout.ms': '50000' })
    await settles(() => setOn(metrics)).toEqual({ 'interval.ms': '5000' })
    await admin().configs.alter([{ ...metrics, set: { 'interval.ms': null } }])
  })
})

onBothClusters('records', cluster => {
  const admin = adminOf(cluster)

  test('are found by time, and deleted up to an offset', async () => {
    const topic = freshName('log')
    await admin().topics.create([{ name: topic, partitions: 2 }])
    // Not long ago, or retention may take them away meanwhile.
    const begun = Date.now() - 60_000
    const records = dealt(topic, 10, 1).map((each, i) => ({ ...each, timestamp: begun + i * 100 }))
    // One batch a record, so that times are found to the record.
    for (const record of records) await produceAll(cluster().bootstrapServers, [record])
    const at = (at: 'earliest' | 'latest' | 'max-timestamp' | { timestamp: number }) =>
      ({ topic, partition: 0, at }) as const
    const found = async () => {
      const [within, after] = [at({ timestamp: begun + 450 }), at({ timestamp: begun + 99_000 })]
      const all = [at('earliest'), within, after, at('max-timestamp'), at('latest')]
      return (await admin().records.offsets(all)).map(orThrow).map(({ offset }) => offset)
    }
    expect(await found()).toEqual([0, 5, -1, 9, 10])
    const deleted = await admin().records.delete([
      { topic, partition: 0, offset: 7 },
      { topic, partition: 1, offset: 'end' },
      { topic, partition: 2, offset: 1 },
      { topic: 'never-was', partition: 0, offset: 1 },
    ])
    expect(outcomes(deleted)).toEqual([
      'done',
      'done',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ])
    expect(orThrow(deleted[0]!)).toBe(7)
    expect(await found()).toEqual([7, 7, -1, 9, 10])
    const wrong = [{ topic, partition: 0, offset: -1 }]
    await expect(admin().records.delete(wrong)).rejects.toThrow(/whole number from 0, got -1/)
    const beyond = await admin().records.delete([{ topic, partition: 0, offset: 99 }])
    expect(outcomes(beyond)).toEqual(['OFFSET_OUT_OF_RANGE'])
  })
})
