import { createHmac } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Admin, silentLogger } from '../../src/index.ts'
import { errorByCode } from '../../src/protocol/errors.ts'
import {
  ApiVersions,
  Metadata,
  SaslAuthenticate,
  SaslHandshake,
} from '../../src/protocol/messages/index.ts'
import { RawClient } from './raw-client.ts'

const PASSWORD = 'secret-0b7e'
const KEY = 'a secret that signs tokens, of 32 bytes or more'
const SESSION_MS = 60_000
const nothing = { topics: [], allowAutoTopicCreation: false }

function plain(user: string, password = PASSWORD): { authBytes: Buffer } {
  return { authBytes: Buffer.from(`\0${user}\0${password}`) }
}

function token(claims: Record<string, unknown>, key = KEY, alg = 'HS256'): { authBytes: Buffer } {
  const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url')
  const text = `${part({ alg })}.${part({ exp: Date.now() / 1000 + 3600, ...claims })}`
  const signature = createHmac('sha256', key).update(text).digest('base64url')
  return { authBytes: Buffer.from(`n,,\x01auth=Bearer ${text}.${signature}\x01\x01`) }
}

describe('SASL at the embedded broker', () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start({
      logger: silentLogger,
      security: {
        sasl: {
          mechanisms: {
            PLAIN: { users: { alice: PASSWORD, bob: PASSWORD } },
            'SCRAM-SHA-256': { users: { alice: PASSWORD } },
            OAUTHBEARER: { key: KEY, audience: 'kafka' },
          },
          maxReauthMs: SESSION_MS,
        },
      },
    })
  })
  afterAll(() => cluster.stop())

  const open = () => RawClient.open(cluster.brokers[0]!.address)

  /** A connection of somebody who is known. */
  async function known(user = 'alice'): Promise<RawClient> {
    const client = await open()
    await client.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
    expect(await client.call(SaslAuthenticate, 2, plain(user))).toMatchObject({ errorCode: 0 })
    return client
  }

  const named = ({ errorCode }: { errorCode: number }) => errorByCode(errorCode).name

  // Before the cluster's time is moved away from that of the tokens.
  test('a session ends with its token', async () => {
    using client = await open()
    await client.call(SaslHandshake, 1, { mechanism: 'OAUTHBEARER' })
    const claims = { sub: 'carol', aud: 'kafka', exp: Math.ceil(Date.now() / 1000) + 20 }
    const { sessionLifetimeMs } = await client.call(SaslAuthenticate, 2, token(claims))
    expect(sessionLifetimeMs).toBeGreaterThan(0)
    expect(sessionLifetimeMs).toBeLessThanOrEqual(21_000)
  })

  test('nothing but ApiVersions is answered before', async () => {
    using client = await open()
    const versions = await client.call(ApiVersions, 3, {
      clientSoftwareName: 'raw',
      clientSoftwareVersion: '1',
    })
    expect(versions.apiKeys.map(({ apiKey }) => apiKey)).toEqual(expect.arrayContaining([17, 36]))
    client.send(Metadata, 9, nothing)
    expect(await client.frame()).toBeUndefined()
    using other = await open()
    other.send(SaslAuthenticate, 2, plain('alice'))
    expect(await other.frame()).toBeUndefined()
  })

  test('a mechanism that is not there is told from those that are', async () => {
    using client = await open()
    const told = await client.call(SaslHandshake, 1, { mechanism: 'GSSAPI' })
    expect(named(told)).toBe('UNSUPPORTED_SASL_MECHANISM')
    expect(told.mechanisms).toEqual(['PLAIN', 'SCRAM-SHA-256', 'OAUTHBEARER'])
    await client.closed
  })

  test('a session lasts as long as it is told, and what comes later closes it', async () => {
    using client = await open()
    await client.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
    const answer = await client.call(SaslAuthenticate, 2, plain('alice'))
    expect(answer).toMatchObject({ errorCode: 0, sessionLifetimeMs: SESSION_MS })
    await client.call(Metadata, 9, nothing)
    await cluster.advanceTime(SESSION_MS)
    client.send(Metadata, 9, nothing)
    expect(await client.frame()).toBeUndefined()
  })

  test('a session is renewed by its own user alone', async () => {
    using client = await known()
    for (let i = 0; i < 3; i++) {
      await cluster.advanceTime(SESSION_MS * 0.7)
      client.send(SaslHandshake, 1, { mechanism: 'PLAIN' })
      client.send(SaslAuthenticate, 2, plain('alice'))
      // At once again is too often: it comes along, so that no second passes between them.
      client.send(SaslHandshake, 1, { mechanism: 'PLAIN' })
      expect(named((await client.receive(SaslHandshake, 1)).message)).toBe('NONE')
      expect(named((await client.receive(SaslAuthenticate, 2)).message)).toBe('NONE')
      const again = await client.receive(SaslHandshake, 1)
      expect(named(again.message)).toBe('ILLEGAL_SASL_STATE')
      await client.call(Metadata, 9, nothing)
    }
    await cluster.advanceTime(2000)
    await client.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
    const refused = await client.call(SaslAuthenticate, 2, plain('bob'))
    expect(named(refused)).toBe('SASL_AUTHENTICATION_FAILED')
    expect(refused.errorMessage).toBe(
      'Cannot change principals during re-authentication from User.alice: User.bob',
    )
    await client.closed
  })

  test('a session is renewed by its own mechanism alone', async () => {
    using client = await known()
    await client.call(SaslHandshake, 1, { mechanism: 'OAUTHBEARER' })
    const refused = await client.call(SaslAuthenticate, 2, token({ sub: 'alice', aud: 'kafka' }))
    expect(named(refused)).toBe('SASL_AUTHENTICATION_FAILED')
    expect(refused.errorMessage).toContain('not supported for re-authentication')
    await client.closed
  })

  test('messages may come bare, as before Kafka 1.0', async () => {
    const frame = (message: Buffer) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(message.length)
      return Buffer.concat([length, message])
    }
    using client = await open()
    await client.call(SaslHandshake, 0, { mechanism: 'PLAIN' })
    client.write(frame(plain('alice').authBytes))
    expect(await client.frame()).toHaveLength(0)
    await client.call(Metadata, 9, nothing)
    using wrong = await open()
    await wrong.call(SaslHandshake, 0, { mechanism: 'PLAIN' })
    wrong.write(frame(plain('alice', 'wrong').authBytes))
    expect(await wrong.frame()).toBeUndefined()
  })

  test.each([
    ['no names', Buffer.from('nonsense')],
    ['nothing', Buffer.alloc(0)],
    ['no password', plain('alice', '').authBytes],
    ['a right of somebody else', Buffer.from(`bob\0alice\0${PASSWORD}`)],
    ['a name of prototypes', plain('__proto__').authBytes],
  ])('PLAIN with %s is refused', async (_, authBytes) => {
    using client = await open()
    await client.call(SaslHandshake, 1, { mechanism: 'PLAIN' })
    const refused = await client.call(SaslAuthenticate, 2, { authBytes })
    expect(named(refused)).toBe('SASL_AUTHENTICATION_FAILED')
    await client.closed
  })

  test.each([
    ['one that is good', { sub: 'carol', aud: ['other', 'kafka'] }, KEY, 'HS256', true],
    ['another key', { sub: 'carol', aud: 'kafka' }, 'another', 'HS256', false],
    ['another audience', { sub: 'carol', aud: 'other' }, KEY, 'HS256', false],
    ['no user', { aud: 'kafka' }, KEY, 'HS256', false],
    ['an end that has passed', { sub: 'carol', aud: 'kafka', exp: 1 }, KEY, 'HS256', false],
    ['a beginning to come', { sub: 'carol', aud: 'kafka', nbf: 9e12 }, KEY, 'HS256', false],
    ['no algorithm', { sub: 'carol', aud: 'kafka' }, KEY, 'none', false],
    ['an algorithm of another kind of key', { sub: 'c', aud: 'kafka' }, KEY, 'RS256', false],
  ])('of tokens: %s', async (_, claims, key, alg, isGood) => {
    using client = await open()
    await client.call(SaslHandshake, 1, { mechanism: 'OAUTHBEARER' })
    const answer = await client.call(SaslAuthenticate, 2, token(claims, key, alg))
    expect(answer.errorCode).toBe(0)
    if (isGood) {
      await client.call(Metadata, 9, nothing)
      return
    }
    expect(answer.authBytes.toString()).toBe('{"status":"invalid_token"}')
    const last = await client.call(SaslAuthenticate, 2, { authBytes: Buffer.from([1]) })
    expect(last).toMatchObject({ errorCode: 58, errorMessage: '{"status":"invalid_token"}' })
    await client.closed
  })
})

test('passwords are kept salted and hashed, across a restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'posthaste-sasl-'))
  const sasl = { mechanisms: { 'SCRAM-SHA-512': {} } }
  const start = () =>
    EmbeddedCluster.start({ dataDir, listeners: { guarded: { sasl } }, logger: silentLogger })
  const login = async (cluster: EmbeddedCluster) => {
    using own = new Admin({
      'bootstrap.servers': cluster.bootstrapServersAt('guarded'),
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.username': 'dora',
      'sasl.password': PASSWORD,
      logger: silentLogger,
    })
    await own.connect()
  }
  try {
    await using cluster = await start()
    using admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers })
    const mechanism = 'SCRAM-SHA-512'
    await admin.scram.alter({ upsert: [{ user: 'dora', mechanism, password: PASSWORD }] })
    await login(cluster)
    await cluster.stop()
    const kept = await readFile(join(dataDir, 'cluster.json'), 'utf8')
    expect(kept).toContain('"user": "dora"')
    expect(kept).not.toContain(PASSWORD)
    await using again = await start()
    await login(again)
    using last = new Admin({ 'bootstrap.servers': again.bootstrapServers })
    await last.scram.alter({ delete: [{ user: 'dora', mechanism }] })
    await expect(login(again)).rejects.toMatchObject({ code: 'SASL_AUTHENTICATION_FAILED' })
  } finally {
    await rm(dataDir, { recursive: true })
  }
})
