import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { type Acl, Admin, orThrow, silentLogger } from '../../src/index.ts'
import { Metadata, SaslAuthenticate, SaslHandshake } from '../../src/protocol/messages/index.ts'
import { RawClient } from '../broker/raw-client.ts'
import { startKafka } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { freePorts } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'
import { CLOSED, OPEN, refusedRows, verdicts } from './rights-table.ts'

interface Guarded {
  /** Where everybody is a super user. */
  readonly bootstrapServers: string
  /** Where users log in by PLAIN. */
  readonly guarded: string
  stop(): Promise<void>
}

const USERS = { visitor: 'visitor-secret', stranger: 'stranger-secret' }

async function startEmbedded(): Promise<Guarded> {
  const cluster = await EmbeddedCluster.start({
    listeners: { guarded: { sasl: { mechanisms: { PLAIN: { users: USERS } } } } },
    authorizer: { superUsers: ['User:ANONYMOUS'] },
    logger: silentLogger,
  })
  return {
    bootstrapServers: cluster.bootstrapServers,
    guarded: cluster.bootstrapServersAt('guarded'),
    stop: () => cluster.stop(),
  }
}

async function startReal(): Promise<Guarded> {
  const [port] = await freePorts(1)
  const guarded = `127.0.0.1:${port}`
  const users = Object.entries(USERS).map(([name, password]) => `user_${name}="${password}"`)
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  const kafka = await startKafka({
    config: ({ host, port, controllerPort }) => {
      const listeners = `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort},GUARDED://${guarded}`
      return {
        listeners,
        'advertised.listeners': listeners,
        'listener.security.protocol.map':
          'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,GUARDED:SASL_PLAINTEXT',
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.guarded.plain.sasl.jaas.config': `${module} ${users.join(' ')};`,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      }
    },
  })
  return { bootstrapServers: kafka.bootstrapServers, guarded, stop: () => kafka.stop() }
}

async function login(guarded: string, user: keyof typeof USERS): Promise<RawClient> {
  const [host = '', port] = guarded.split(':')
  const client = await RawClient.open({ host, port: Number(port) })
  await client.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
  const authBytes = Buffer.from(`\0${user}\0${USERS[user]}`)
  const { errorCode } = await client.call(SaslAuthenticate, 2, { authBytes })
  expect(errorCode).toBe(0)
  return client
}

/** All that is called `open`, and what begins so. */
function openTo(principal: string): Acl[] {
  const types = ['TOPIC', 'GROUP', 'TRANSACTIONAL_ID'] as const
  return types.map(resourceType => ({
    resourceType,
    resourceName: OPEN,
    patternType: 'PREFIXED',
    principal,
    host: '*',
    operation: 'ALL',
    permission: 'ALLOW',
  }))
}

function rightsOf(start: () => Promise<Guarded>): void {
  let cluster: Guarded
  let admin: Admin
  beforeAll(async () => {
    cluster = await start()
    admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers })
    const names = [OPEN, CLOSED]
    for (const result of await admin.topics.create(names.map(name => ({ name, partitions: 1 })))) {
      orThrow(result)
    }
    for (const result of await admin.acls.create(openTo('User:visitor'))) orThrow(result)
    // The coordinators are there, and the rights known.
    await admin.groups.alterOffsets(OPEN, [{ topic: OPEN, partition: 0, offset: 0 }])
    await waitFor('rights to be in force', async () => {
      using client = await login(cluster.guarded, 'visitor')
      const topics = [{ name: OPEN, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }]
      const found = await client.call(Metadata, 12, { topics, allowAutoTopicCreation: false })
      return found.topics[0]?.errorCode === 0
    })
  })
  afterAll(async () => {
    admin?.close()
    await cluster?.stop()
  })

  test.each(refusedRows.map((row, i) => ({ ...row, i })))('$title ($i)', async row => {
    using client = await login(cluster.guarded, 'visitor')
    // Kafka gets its first producer ids when it is asked for one.
    const found = await waitFor('an answer', async () => {
      const said = verdicts(await row.ask(client))
      return said.includes('COORDINATOR_LOAD_IN_PROGRESS') ? undefined : said
    })
    expect(found).toEqual([...row.expected].sort())
  })
}

describe('rights, embedded', () => rightsOf(startEmbedded))
describeWithKafka('rights, real Kafka', () => rightsOf(startReal))
