import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Acl,
  Admin,
  Consumer,
  type KafkaError,
  orThrow,
  Producer,
  silentLogger,
} from '../../src/index.ts'
import { freshName } from '../support/kafka.ts'
import { lacks } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'
import { letIn, outcomes, settles } from './admin-client.ts'
import { take } from './consuming.ts'
import { type GuardedCluster, onGuardedClusters } from './guarded-cluster.ts'
import { TransactionClient } from './transaction-client.ts'

const PASSWORD = 'a password, with=commas'

onGuardedClusters('who may do what', (cluster, kind) => {
  let admin: Admin
  beforeAll(() => {
    admin = new Admin({ 'bootstrap.servers': cluster().bootstrapServers })
  })
  afterAll(() => admin?.close())

  /** What one of Kafka's own tools prints, which must contain all these; where there is a Java. */
  async function toolSays(name: string, args: readonly string[], ...words: (string | RegExp)[]) {
    if (lacks('java', 'mvn')) return
    const { stdout, stderr } = await cluster().tool(name, args)
    for (const each of words) expect(stdout, stderr).toMatch(each)
  }

  const asUser = (user: string, mechanism: string, password = PASSWORD) => ({
    'bootstrap.servers': cluster().guarded,
    'security.protocol': 'sasl_plaintext' as const,
    'sasl.mechanism': mechanism,
    'sasl.username': user,
    'sasl.password': password,
  })

  /** A user with a password, who may do nothing yet. */
  async function newUser(): Promise<string> {
    const user = freshName('user')
    const mechanism = 'SCRAM-SHA-256'
    const made = await admin.scram.alter({ upsert: [{ user, mechanism, password: PASSWORD }] })
    expect(outcomes(made)).toEqual(['done'])
    return user
  }

  test('users with passwords are made, log in, are told of and deleted', async () => {
    const user = freshName('user')
    const results = await admin.scram.alter({
      upsert: [
        { user, mechanism: 'SCRAM-SHA-256', password: PASSWORD, iterations: 4096 },
        { user, mechanism: 'SCRAM-SHA-512', password: PASSWORD },
      ],
      delete: [{ user: 'never-was', mechanism: 'SCRAM-SHA-256' }],
    })
    expect(outcomes(results)).toEqual(['done', 'done', 'RESOURCE_NOT_FOUND'])
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      await letIn(asUser(user, mechanism))
      using wrong = new Admin({ ...asUser(user, mechanism, 'wrong'), logger: silentLogger })
      await expect(wrong.connect()).rejects.toMatchObject({ name: 'AuthenticationError' })
    }
    const [told, unknown] = await admin.scram.describe([user, 'never-was'])
    expect(orThrow(told!)).toEqual([
      { mechanism: 'SCRAM-SHA-256', iterations: 4096 },
      { mechanism: 'SCRAM-SHA-512', iterations: 8192 },
    ])
    expect(outcomes([unknown!])).toEqual(['RESOURCE_NOT_FOUND'])
    const describe = ['--describe', '--entity-type', 'users', '--entity-name', user]
    const credentials = ['SCRAM-SHA-256=iterations=4096', 'SCRAM-SHA-512=iterations=8192']
    await toolSays('ConfigCommand', describe, ...credentials)
    await admin.scram.alter({ delete: [{ user, mechanism: 'SCRAM-SHA-512' }] })
    const left = async () => (await admin.scram.describe([user])).flatMap(orThrow)
    await settles(left).toHaveLength(1)
    expect((await admin.scram.describe()).map(each => each.user)).toContain(user)
    await expect(
      admin.scram.alter({
        upsert: [{ user, mechanism: 'SCRAM-SHA-256', password: PASSWORD, iterations: 10 }],
      }),
    ).rejects.toThrow(/iterations of user .* must be 4096 to 16384, got 10/)
  })

  test('ACLs are made, found by all that they say, and deleted', async () => {
    const principal = `User:${freshName('alice')}`
    const topic = freshName('guarded')
    const acls: Acl[] = [
      acl({ resourceName: topic, principal, operation: 'READ', host: '127.0.0.1' }),
      acl({ resourceName: 'guard', principal, operation: 'WRITE', patternType: 'PREFIXED' }),
      acl({ resourceType: 'GROUP', resourceName: '*', principal, permission: 'DENY' }),
      acl({ resourceType: 'CLUSTER', resourceName: 'kafka-cluster', principal }),
    ]
    const made = await admin.acls.create([
      ...acls,
      { resourceType: 'CLUSTER', resourceName: 'a', principal, operation: 'READ' },
    ])
    expect(outcomes(made)).toEqual(['done', 'done', 'done', 'done', 'INVALID_REQUEST'])
    await settles(() => admin.acls.list({ principal })).toHaveLength(4)
    expect(await admin.acls.list({ principal, operation: 'READ' })).toEqual([acls[0]])
    expect(await admin.acls.list({ principal, permission: 'DENY' })).toEqual([acls[2]])
    const matching = { resourceType: 'TOPIC', resourceName: topic, patternType: 'MATCH' } as const
    const found = await admin.acls.list({ ...matching, principal })
    expect(found.map(each => each.operation).sort()).toEqual(['READ', 'WRITE'])
    await toolSays(
      'AclCommand',
      ['--list', '--principal', principal],
      `name=${topic}, patternType=LITERAL`,
      `principal=${principal}, host=127.0.0.1, operation=READ`,
      'permissionType=DENY',
    )
    const gone = await admin.acls.delete([{ principal, operation: 'READ' }, { principal }])
    expect(gone.map(each => orThrow(each).length)).toEqual([1, acls.length])
    await settles(() => admin.acls.list({ principal })).toEqual([])
  })

  test('a right that is missing is named, with what would grant it', async () => {
    const user = await newUser()
    const topic = freshName('closed')
    await admin.topics.create([{ name: topic, partitions: 1 }])
    await letIn(asUser(user, 'SCRAM-SHA-256'))
    using own = new Admin(asUser(user, 'SCRAM-SHA-256'))
    const slot = { topic, partition: 0 }
    const refusals: [string, () => Promise<unknown>][] = [
      ['DESCRIBE on the topic', async () => orThrow((await own.topics.describe([topic]))[0]!)],
      ['CREATE on the topic', async () => orThrow((await own.topics.create([{ name: 'n' }]))[0]!)],
      ['DESCRIBE on the group', async () => orThrow((await own.groups.delete(['g']))[0]!)],
      ['DESCRIBE on the group', () => own.groups.offsets('g')],
      ['DESCRIBE on the cluster', () => own.acls.list()],
      ['ALTER on the cluster', async () => orThrow((await own.acls.create([cheap]))[0]!)],
      ['DESCRIBE_CONFIGS on the cluster', () => own.quotas.describe()],
      ['ALTER on the cluster', () => own.replicas.electLeaders([slot])],
      [
        'DESCRIBE_CONFIGS on the topic',
        async () => orThrow((await own.configs.describe([{ type: 'topic', name: topic }]))[0]!),
      ],
      [
        'DESCRIBE on the transactional id',
        async () => orThrow((await own.transactions.describe(['t']))[0]!),
      ],
    ]
    for (const [right, call] of refusals) {
      const error: KafkaError = await call().then(
        () => expect.unreachable(right),
        thrown => thrown,
      )
      expect(error.code, right).toContain('AUTHORIZATION_FAILED')
      expect(error.hint).toContain(`it needs ${right}`)
    }
    // What the hint says is all that it takes.
    await admin.acls.create([
      { ...cheap, principal: `User:${user}`, resourceName: topic, operation: 'DESCRIBE' },
    ])
    await waitFor('the right to be granted', async () => {
      const [described] = await own.topics.describe([topic])
      return described?.is === 'done'
    })
  })

  test('a producer and a consumer name what they lack, one right after the other', async () => {
    const user = await newUser()
    const [topic, group] = [freshName('lane'), freshName('readers')]
    await admin.topics.create([{ name: topic, partitions: 1 }])
    const own = { ...asUser(user, 'SCRAM-SHA-256'), logger: silentLogger }
    await letIn(own)
    const grant = async (...rights: Partial<Acl>[]) => {
      const principal = `User:${user}`
      const before = (await admin.acls.list({ principal })).length
      await admin.acls.create(rights.map(right => acl({ principal, ...right })))
      await settles(() => admin.acls.list({ principal })).toHaveLength(before + rights.length)
    }
    const produce = async (idempotence = true) => {
      await using producer = new Producer({ ...own, 'enable.idempotence': idempotence })
      await producer.send({ topic, value: 'v' })
    }
    const consume = async () => {
      await using consumer = new Consumer({ ...own, ...fromTheStart, 'group.id': group })
      await consumer.subscribe([topic])
      await take(consumer, 1)
    }
    const onTopic = { resourceName: topic }
    const onGroup = { resourceType: 'GROUP', resourceName: group } as const
    await expect(produce(false)).rejects.toThrow(`it needs DESCRIBE on the topic ${topic}`)
    await grant({ ...onTopic, operation: 'DESCRIBE' })
    await expect(produce()).rejects.toThrow(/WRITE on the cluster .*WRITE on any topic will do/)
    await expect(produce(false)).rejects.toThrow(`it needs WRITE on the topic ${topic}`)
    await grant({ ...onTopic, operation: 'WRITE' })
    await produce()
    await expect(consume()).rejects.toThrow(/it needs (DESCRIBE|READ) on the group/)
    await grant({ ...onGroup, operation: 'READ' })
    await expect(consume()).rejects.toThrow(`it needs READ on the topic ${topic}`)
    await grant({ ...onTopic, operation: 'READ' })
    await consume()
  })

  test('quotas are set, told and removed', async () => {
    const user = freshName('eager')
    const set = { producer_byte_rate: 1_000_000, request_percentage: 12.5 }
    const results = await admin.quotas.alter([
      { entity: { user }, set },
      { entity: { user, clientId: null }, set: { consumer_byte_rate: 500 } },
      { entity: { user: 'x' }, set: { no_such_rate: 1 } },
    ])
    expect(outcomes(results)).toEqual(['done', 'done', 'INVALID_REQUEST'])
    await waitFor('the quotas', async () => (await admin.quotas.describe({ user })).length === 2)
    expect(await admin.quotas.describe({ user }, { strict: true })).toEqual([
      { entity: { user }, values: set },
    ])
    expect(await admin.quotas.describe({ user, clientId: null })).toEqual([
      { entity: { user, clientId: null }, values: { consumer_byte_rate: 500 } },
    ])
    const ofUser = ['--describe', '--entity-type', 'users', '--entity-name', user]
    await toolSays('ConfigCommand', ofUser, /producer_byte_rate=1000000/)
    await admin.quotas.alter([{ entity: { user }, set: { producer_byte_rate: null } }])
    await waitFor('the quota to go', async () => {
      const [own] = await admin.quotas.describe({ user }, { strict: true })
      return own?.values.producer_byte_rate === undefined
    })
    expect(await admin.quotas.describe({ user: true, clientId: null })).toHaveLength(1)
  })

  test.skipIf(lacks('java', 'mvn'))("Kafka's own tools see what was done", async () => {
    const [topic, group] = [freshName('seen'), freshName('seen-group')]
    const config = { 'retention.ms': '700000' }
    await admin.topics.create([{ name: topic, partitions: 1, config }])
    await admin.topics.createPartitions([{ name: topic, count: 2 }])
    await admin.configs.alter([{ type: 'topic', name: topic, set: { 'segment.ms': '9000' } }])
    await using producer = new Producer({ 'bootstrap.servers': cluster().bootstrapServers })
    await producer.sendBatch([0, 1, 2].map(i => ({ topic, partition: 0, value: `${i}` })))
    await admin.groups.alterOffsets(group, [{ topic, partition: 0, offset: 1 }])
    await settles(async () => {
      const [described] = (await admin.topics.describe([topic])).map(orThrow)
      return described?.partitions.length
    }).toBe(2)
    await settles(async () => {
      const [entries] = (await admin.configs.describe([{ type: 'topic', name: topic }])).map(
        orThrow,
      )
      return entries?.find(({ name }) => name === 'segment.ms')?.value
    }).toBe('9000')
    const ofTopic = ['--describe', '--topic', topic]
    const settings = [/PartitionCount: 2.*retention.ms=700000/, 'segment.ms=9000']
    await toolSays('TopicCommand', ofTopic, ...settings)
    const lag = new RegExp(`${group}\\s+${topic}\\s+0\\s+1\\s+3\\s+2\\s`)
    await toolSays('ConsumerGroupCommand', ['--describe', '--group', group], lag)
    const reset = ['--reset-offsets', '--to-earliest', '--topic', topic, '--execute']
    await cluster().tool('ConsumerGroupCommand', [...reset, '--group', group])
    expect(await admin.groups.offsets(group)).toMatchObject([{ offset: 0 }, { offset: 0 }])
    await admin.groups.delete([group])
    await admin.topics.delete([topic])
    await settles(async () => (await admin.topics.list()).map(({ name }) => name)).not.toContain(
      topic,
    )
    const topics = await cluster().tool('TopicCommand', ['--list'])
    expect(topics.stdout).not.toContain(topic)
    const groups = await cluster().tool('ConsumerGroupCommand', ['--list'])
    expect(groups.stdout).not.toContain(group)
  })

  if (kind === 'kafka') ofRealKafka(cluster, () => admin)
})

/** What the embedded cluster has not, or does not let happen. */
function ofRealKafka(cluster: () => GuardedCluster, admin: () => Admin): void {
  test('a transaction that hangs is found and aborted', async () => {
    using client = new TransactionClient(cluster().bootstrapServers, freshName('hanging'))
    const { topic } = client
    await admin().topics.create([{ name: topic, partitions: 1 }])
    const id = await client.identity()
    // A record that arrives after its transaction has ended, and whose coordinator knows nothing.
    expect(await client.produce(11, id)).toBe('NONE')
    const slot = { topic, partition: 0 }
    const find = () => admin().transactions.findHanging([slot], { maxTransactionTimeoutMs: 0 })
    await waitFor('it to hang', async () => (await find()).length > 0)
    const hanging = (await find())[0]!
    const { transactionalId } = client
    expect(hanging).toMatchObject({ ...slot, startOffset: 0, ...id, transactionalId })
    const committed = { isolation: 'read_committed' } as const
    const readable = async () =>
      orThrow((await admin().records.offsets([{ ...slot, at: 'latest' }], committed))[0]!).offset
    expect(await readable()).toBe(0)
    await admin().transactions.abort(hanging)
    await waitFor('readers to pass', async () => (await readable()) === 2)
    expect(await find()).toEqual([])
  })

  test('loggers and all brokers together have settings', async () => {
    const logger = { type: 'broker-logger', name: '1' } as const
    const all = { type: 'broker', name: '' } as const
    const name = 'kafka.server.KafkaApis'
    const results = await admin().configs.alter([
      { ...logger, set: { [name]: 'ERROR' } },
      { ...all, set: { 'log.cleaner.threads': '2' } },
    ])
    expect(outcomes(results)).toEqual(['done', 'done'])
    await waitFor('both to be set', async () => {
      const [levels, shared] = (await admin().configs.describe([logger, all])).map(orThrow)
      const level = levels?.find(each => each.name === name)
      const threads = shared?.find(each => each.name === 'log.cleaner.threads')
      return level?.value === 'ERROR' && level.isSet && threads?.value === '2' && threads.isSet
    })
  })

  test('a broker that never was can not be forgotten', async () => {
    await expect(admin().cluster.unregisterBroker(77)).rejects.toMatchObject({
      code: 'BROKER_ID_NOT_REGISTERED',
    })
  })
}

const fromTheStart = { 'auto.offset.reset': 'earliest' } as const

const cheap = {
  resourceType: 'TOPIC',
  resourceName: 'any',
  principal: 'User:any',
  operation: 'READ',
} as const

function acl(given: Partial<Acl>): Acl {
  return {
    resourceType: 'TOPIC',
    resourceName: 'any',
    patternType: 'LITERAL',
    principal: 'User:any',
    host: '*',
    operation: 'DESCRIBE',
    permission: 'ALLOW',
    ...given,
  }
}
