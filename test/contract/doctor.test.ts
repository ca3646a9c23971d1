import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Admin, type AdminOptions, orThrow, silentLogger } from '../../src/index.ts'
import { found } from '../cli/doctor.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { freePorts } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'
import {
  type ListenerName,
  PASSWORDS,
  type SecureKafka,
  startSecureKafka,
} from './security-kafka.ts'

type Settings = Readonly<Record<string, unknown>>

interface Mistake {
  readonly to: ListenerName
  readonly settings: (kafka: SecureKafka) => Settings
  readonly what: RegExp
  readonly advice: RegExp
}

const WRONG = 'wrong-secret-55e0'
const SECRETS = [...Object.values(PASSWORDS), WRONG]

const tls = ({ authority }: SecureKafka) => ({
  'security.protocol': 'ssl',
  'ssl.ca.pem': authority.certificate,
})
const sasl = (mechanism: string, password = PASSWORDS.alice) => ({
  'security.protocol': 'sasl_plaintext',
  'sasl.mechanism': mechanism,
  'sasl.username': 'alice',
  'sasl.password': password,
})

const mistakes: Readonly<Record<string, Mistake>> = {
  'plaintext to a TLS listener': {
    to: 'tls',
    settings: () => ({}),
    what: /^it speaks TLS, and security\.protocol here does not$/,
    advice: /it speaks TLS: set security\.protocol to ssl/,
  },
  'TLS to a plaintext listener': {
    to: 'plaintext',
    settings: tls,
    what: /TLS/,
    advice: /plaintext listener/,
  },
  'the wrong mechanism': {
    to: 'plainOnly',
    settings: () => sasl('SCRAM-SHA-512'),
    what: /offers PLAIN, but sasl\.mechanism is SCRAM-SHA-512/,
    advice: /sasl\.mechanism/,
  },
  'a wrong password': {
    to: 'sasl',
    settings: () => sasl('SCRAM-SHA-256', WRONG),
    what: /invalid credentials/,
    advice: /sasl\.password/,
  },
  'no SASL where it is wanted': {
    to: 'sasl',
    settings: () => ({}),
    what: /closed the connection/,
    advice: /does this listener want SASL/,
  },
  'a certificate of another host': {
    to: 'elsewhere',
    settings: tls,
    what: /for another host.*kafka\.example\.org/,
    advice: /ssl\.endpoint\.identification\.algorithm/,
  },
  'an authority that is not trusted': {
    to: 'tls',
    settings: () => ({ 'security.protocol': 'ssl' }),
    what: /not signed by an authority that we trust/,
    advice: /ssl\.ca\.location/,
  },
  'an expired certificate': {
    to: 'expired',
    settings: tls,
    what: /has expired/,
    advice: /renew it on the broker/,
  },
  'no certificate of our own': {
    to: 'mtls',
    settings: tls,
    what: /wants a certificate from us/,
    advice: /ssl\.certificate\.location/,
  },
}

describeWithKafka('doctor, on a real Kafka', () => {
  describe('that asks who we are', () => {
    let kafka: SecureKafka
    beforeAll(async () => {
      kafka = await startSecureKafka()
    })
    afterAll(() => kafka?.stop())

    test.each(Object.entries(mistakes))('names %s', async (_, mistake) => {
      const { to, settings, what, advice } = mistake
      const given = { 'bootstrap.servers': kafka.at(to), ...settings(kafka) }
      const { findings } = await found(given)
      const [problem] = findings.filter(each => each.is === 'problem')
      expect(problem?.what).toMatch(what)
      expect(problem?.do).toMatch(advice)
      for (const secret of SECRETS) expect(JSON.stringify(findings)).not.toContain(secret)
    })

    test('finds nothing where all is right', async () => {
      // Coordinators are made for whoever asks first, which may take longer than a visit waits.
      using admin = new Admin({ 'bootstrap.servers': kafka.bootstrapServers })
      await admin.groups.offsets('g')
      await admin.transactions.describe(['t'])
      const given = { 'bootstrap.servers': kafka.at('sasl'), ...sasl('SCRAM-SHA-256') }
      const told = await found({ ...given, 'group.id': 'g', 'transactional.id': 't' })
      expect(told.findings.filter(({ is }) => is !== 'ok')).toEqual([])
      expect(told.findings.map(({ check }) => check)).toContain('clock')
    })
  })

  describe('that has rights', () => {
    let kafka: KafkaCluster
    let admin: Admin
    let bob: AdminOptions
    beforeAll(async () => {
      const [port] = await freePorts(1)
      const guarded = `127.0.0.1:${port}`
      kafka = await startKafka({
        config: place => guardedBy(guarded, place.port, place.controllerPort),
      })
      admin = new Admin({ 'bootstrap.servers': kafka.bootstrapServers })
      orThrow((await admin.topics.create([{ name: 'orders' }]))[0]!)
      bob = {
        'bootstrap.servers': guarded,
        'security.protocol': 'sasl_plaintext',
        'sasl.mechanism': 'PLAIN',
        'sasl.username': 'bob',
        'sasl.password': PASSWORDS.bob,
        logger: silentLogger,
      }
    })
    afterAll(async () => {
      admin?.close()
      await kafka?.stop()
    })

    /** Lets bob do more, and waits until the broker has heard of it. */
    const allow = async (
      resourceType: 'TOPIC' | 'GROUP',
      resourceName: string,
      operation: 'DESCRIBE' | 'WRITE',
    ) => {
      const right = { resourceType, resourceName, operation, principal: 'User:bob' } as const
      orThrow((await admin.acls.create([right]))[0]!)
      await waitFor('the right to be known', async () => {
        return (await admin.acls.list({ resourceName, operation })).length === 1
      })
    }

    test('names each one that is missing', async () => {
      const given = { ...bob, 'group.id': 'billing' }
      const words = async (more: Settings = {}) => {
        const { findings } = await found({ ...given, ...more }, { topic: 'orders' })
        return findings.flatMap(each => (each.is === 'problem' ? `${each.what} → ${each.do}` : []))
      }
      const none = await words()
      expect(none).toContainEqual(expect.stringContaining('--operation DESCRIBE --topic orders'))
      expect(none).toContainEqual(expect.stringContaining('IDEMPOTENT_WRITE'))
      expect(none).toContainEqual(expect.stringContaining('--group billing'))
      expect(await words({ 'transactional.id': 'tx-1' })).toContainEqual(
        expect.stringContaining('--transactional-id tx-1'),
      )

      await allow('TOPIC', 'orders', 'DESCRIBE')
      await waitFor('the missing operations to be told', async () => {
        return (await words()).some(each => each.includes('may not WRITE the topic orders'))
      })
      const some = await words()
      expect(some).toContainEqual(expect.stringContaining('may not READ the topic orders'))

      await allow('TOPIC', 'orders', 'WRITE')
      await waitFor('the right to write', async () => {
        const { findings } = await found(given, { topic: 'orders', role: 'producer' })
        return findings.every(({ is }) => is !== 'problem')
      })
    })
  })
})

function guardedBy(guarded: string, port: number, controllerPort: number) {
  const open = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  return {
    listeners: `${open},GUARDED://${guarded}`,
    'advertised.listeners': `${open},GUARDED://${guarded}`,
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,GUARDED:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.guarded.plain.sasl.jaas.config': `${login} user_bob="${PASSWORDS.bob}";`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  }
}
