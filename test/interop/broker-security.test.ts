import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/index.ts'
import { Authority, type Identity } from '../contract/security-certificates.ts'
import { runKafkaTool } from '../kafka/cluster.ts'
import { describeWithPython, pythonWithClients, runPython } from '../python/venv.ts'
import { describeWithKafka } from '../support/kafka.ts'

const SLOW = { timeout: 300_000 }
const KEY = 'a secret that signs tokens, of 32 bytes or more'
const PASSWORD = 'secret-0b7e'
const users = { alice: PASSWORD }

const authority = new Authority('those who sign')
const broker = authority.issue({ name: 'broker', hosts: ['127.0.0.1', 'localhost'] })
const own = authority.issue({ name: 'orders' })
const tls = { key: broker.key, cert: broker.certificate }
const sasl = {
  mechanisms: {
    PLAIN: { users },
    'SCRAM-SHA-256': { users },
    'SCRAM-SHA-512': { users },
    OAUTHBEARER: { key: KEY },
  },
  maxReauthMs: 5000,
}

/** Everybody is who they say, and alice may do all that the ACLs give her. */
function start(): Promise<EmbeddedCluster> {
  return EmbeddedCluster.start({
    logger: silentLogger,
    authorizer: { superUsers: ['User:ANONYMOUS', 'User:alice', 'User:CN=orders'] },
    listeners: {
      tls: { tls },
      mtls: { tls: { ...tls, ca: authority.certificate, clientAuth: 'required' } },
      sasl: { sasl },
      saslTls: { tls, sasl },
    },
  })
}

function token(): string {
  const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const text = `${part({ alg: 'HS256' })}.${part({ sub: 'alice', iat: now, exp: now + 600 })}`
  return `${text}.${createHmac('sha256', KEY).update(text).digest('base64url')}`
}

describeWithPython('the embedded broker protected, and librdkafka', () => {
  beforeAll(pythonWithClients)

  it('takes it by every mechanism, and refuses it by none', SLOW, async () => {
    await using cluster = await start()
    const at = (listener: string, settings: Record<string, string>) => ({
      'bootstrap.servers': cluster.bootstrapServersAt(listener),
      ...settings,
    })
    const trust = { 'ssl.ca.pem': authority.certificate }
    const alice = (mechanism: string, password = PASSWORD) => ({
      'sasl.mechanism': mechanism,
      'sasl.username': 'alice',
      'sasl.password': password,
    })
    const identity = { 'ssl.key.pem': own.key, 'ssl.certificate.pem': own.certificate }
    const open = { 'security.protocol': 'sasl_plaintext' }
    const safe = { 'security.protocol': 'sasl_ssl', ...trust }
    const given = {
      tls: at('tls', { 'security.protocol': 'ssl', ...trust }),
      mtls: at('mtls', { 'security.protocol': 'ssl', ...trust, ...identity }),
      plain: at('sasl', { ...open, ...alice('PLAIN') }),
      scram256: at('saslTls', { ...safe, ...alice('SCRAM-SHA-256') }),
      scram512: at('sasl', { ...open, ...alice('SCRAM-SHA-512') }),
      bearer: at('saslTls', { ...safe, 'sasl.mechanism': 'OAUTHBEARER', token: token() }),
      wrong: at('sasl', { ...open, ...alice('SCRAM-SHA-256', 'wrong') }),
    }
    const script = join(import.meta.dirname, 'broker-security.py')
    const { code, stdout, stderr } = await runPython(script, [JSON.stringify(given)])
    expect(`${code} ${stderr}`).toMatch(/^0 /)
    const names = Object.keys(given).filter(name => name !== 'wrong')
    const { wrong, ...others } = JSON.parse(stdout)
    expect(others).toEqual(Object.fromEntries(names.map(name => [name, name])))
    expect(wrong).toMatch(/_MSG_TIMED_OUT: \['(_AUTHENTICATION|_ALL_BROKERS_DOWN)'\]/)
  })
})

describeWithKafka("the embedded broker protected, and Kafka's own tools", () => {
  let cluster: EmbeddedCluster
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'posthaste-secure-tools-'))
    await writeFile(join(folder, 'ca.pem'), authority.certificate)
    await writeFile(join(folder, 'own.pem'), keystore(own))
    cluster = await start()
    await cluster.createTopic('orders')
  })
  afterAll(async () => {
    await cluster.stop()
    await rm(folder, { recursive: true })
  })

  const keystore = ({ key, certificate }: Identity) => `${key}${certificate}`

  async function tool(name: string, servers: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runKafkaTool(servers, name, args)
    expect(`${code} ${stdout} ${stderr}`).toMatch(/^0 /)
    return stdout
  }

  const trust = () => ({
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(folder, 'ca.pem'),
  })
  const module = (name: string) =>
    `org.apache.kafka.common.security.${name} required username="alice" password="${PASSWORD}";`

  it.each([
    ['TLS', 'tls', () => ({ 'security.protocol': 'SSL', ...trust() })],
    [
      'mutual TLS',
      'mtls',
      () => ({
        'security.protocol': 'SSL',
        ...trust(),
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': join(folder, 'own.pem'),
      }),
    ],
    [
      'PLAIN',
      'sasl',
      () => ({
        'security.protocol': 'SASL_PLAINTEXT',
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': module('plain.PlainLoginModule'),
      }),
    ],
    [
      'SCRAM-SHA-512 over TLS',
      'saslTls',
      () => ({
        'security.protocol': 'SASL_SSL',
        ...trust(),
        'sasl.mechanism': 'SCRAM-SHA-512',
        'sasl.jaas.config': module('scram.ScramLoginModule'),
      }),
    ],
    [
      'OAUTHBEARER over TLS',
      'saslTls',
      () => ({
        'security.protocol': 'SASL_SSL',
        ...trust(),
        'sasl.mechanism': 'OAUTHBEARER',
        'sasl.login.callback.handler.class':
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler',
        'sasl.oauthbearer.token.endpoint.url': `file://${join(folder, 'token')}`,
        'sasl.jaas.config':
          'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;',
      }),
    ],
  ])("Java's client comes in by %s", SLOW, async (_, listener, settings) => {
    await writeFile(join(folder, 'token'), token())
    const file = join(folder, 'client.properties')
    const lines = Object.entries(settings()).map(([name, value]) => `${name}=${value}\n`)
    await writeFile(file, lines.join(''))
    // Java reads tokens from no file but those that it is told of.
    const url = `file://${join(folder, 'token')}`
    const allowed = 'org.apache.kafka.sasl.oauthbearer.allowed.urls'
    process.env.JAVA_TOOL_OPTIONS = `-D${allowed}=${url}`
    try {
      const servers = cluster.bootstrapServersAt(listener)
      const out = await tool('TopicCommand', servers, '--list', '--command-config', file)
      expect(out).toContain('orders')
    } finally {
      delete process.env.JAVA_TOOL_OPTIONS
    }
  })

  it('makes, lists and removes ACLs', SLOW, async () => {
    const servers = cluster.bootstrapServers
    const bob = ['--allow-principal', 'User:bob', '--producer', '--topic', 'orders']
    const made = await tool('AclCommand', servers, '--add', ...bob)
    expect(made).toContain('principal=User:bob, host=*, operation=WRITE')
    const listed = await tool('AclCommand', servers, '--list', '--topic', 'orders')
    for (const operation of ['WRITE', 'DESCRIBE', 'CREATE']) {
      expect(listed).toContain(`operation=${operation}, permissionType=ALLOW`)
    }
    await tool('AclCommand', servers, '--remove', '--force', ...bob)
    expect(await tool('AclCommand', servers, '--list')).not.toContain('User:bob')
  })

  it('sets quotas, and passwords of users', SLOW, async () => {
    const servers = cluster.bootstrapServers
    const user = ['--entity-type', 'users', '--entity-name', 'carol']
    const password = `SCRAM-SHA-256=[iterations=4096,password=${PASSWORD}]`
    const rates = 'producer_byte_rate=1024,consumer_byte_rate=2048'
    for (const set of [rates, password]) {
      await tool('ConfigCommand', servers, '--alter', '--add-config', set, ...user)
    }
    const told = await tool('ConfigCommand', servers, '--describe', ...user)
    expect(told).toContain('producer_byte_rate=1024')
    expect(told).toContain('SCRAM-SHA-256=iterations=4096')
  })
})
