import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dashboard } from '../../src/dashboard/index.ts'
import { Admin, Consumer, Producer, type ProducerOptions } from '../../src/index.ts'
import { posthaste } from '../cli/posthaste.ts'
import { freshName } from '../support/kafka.ts'
import { Overheard } from './secrets.ts'
import { encryptedKey, type Identity } from './security-certificates.ts'
import { startSecureEmbedded } from './security-embedded.ts'
import { type ListenerName, PASSWORDS, type SecureKafka } from './security-kafka.ts'
import { CLIENT, KEY_CLIENT } from './security-oidc.ts'

const [KEY_PASSWORD, WRONG] = ['key-secret-90aa', 'wrong-secret-55e0']

let kafka: SecureKafka
let secrets: string[]
let client: Identity
beforeAll(async () => {
  kafka = await startSecureEmbedded()
  client = kafka.issue('client')
  const inKey = kafka.oidc.privateKey.split('\n')[3]!
  secrets = [...Object.values(PASSWORDS), CLIENT.secret, KEY_PASSWORD, WRONG, inKey]
})
afterAll(() => kafka?.stop())

type Settings = () => ProducerOptions | Promise<ProducerOptions>
interface Way {
  readonly at: ListenerName
  readonly right: Settings
  readonly wrong: Settings
}

const sasl = (mechanism: string, more: ProducerOptions): ProducerOptions => ({
  'security.protocol': 'sasl_plaintext',
  'sasl.mechanism': mechanism,
  ...more,
})
const password = (mechanism: string): Way => {
  const with_ = (word: string) => () =>
    sasl(mechanism, { 'sasl.username': 'alice', 'sasl.password': word })
  return { at: 'sasl', right: with_(PASSWORDS.alice), wrong: with_(WRONG) }
}
const jaas = (word: string) => () =>
  sasl('PLAIN', {
    'sasl.jaas.config': `a.PlainLoginModule required username="alice" password="${word}";`,
  })
const tls = () => ({ 'ssl.ca.pem': kafka.authority.certificate })
const oauth = (more: ProducerOptions): ProducerOptions => ({
  ...sasl('OAUTHBEARER', more),
  ...tls(),
  'security.protocol': 'sasl_ssl',
})
const oidc = (secret: string) => () =>
  oauth({
    'sasl.oauthbearer.token.endpoint.url': kafka.oidc.tokenUrl,
    'sasl.oauthbearer.client.id': CLIENT.id,
    'sasl.oauthbearer.client.secret': secret,
  })
const assertion = (keyId: string) => () =>
  oauth({
    'sasl.oauthbearer.token.endpoint.url': kafka.oidc.tokenUrl,
    'sasl.oauthbearer.client.id': KEY_CLIENT.id,
    'sasl.oauthbearer.assertion.key.id': keyId,
    'sasl.oauthbearer.assertion.private.key.pem': kafka.oidc.privateKey,
  })
const token = (seconds: number) => () =>
  oauth({ 'sasl.oauthbearer.token': () => kafka.oidc.sign({ sub: 'somebody' }, seconds) })
const identity = (own: () => Identity) => () => ({
  'security.protocol': 'ssl' as const,
  ...tls(),
  'ssl.key.pem': encryptedKey(own(), KEY_PASSWORD),
  'ssl.key.password': KEY_PASSWORD,
  'ssl.certificate.pem': own().certificate,
})

const ways: Readonly<Record<string, Way>> = {
  PLAIN: password('PLAIN'),
  'SCRAM-SHA-256': password('SCRAM-SHA-256'),
  'SCRAM-SHA-512': password('SCRAM-SHA-512'),
  'a line of JAAS': { at: 'sasl', right: jaas(PASSWORDS.alice), wrong: jaas(WRONG) },
  'a token of a function': { at: 'oauth', right: token(60), wrong: token(-60) },
  'OIDC with a secret': { at: 'oauth', right: oidc(CLIENT.secret), wrong: oidc(WRONG) },
  'OIDC with a key': { at: 'oauth', right: assertion(KEY_CLIENT.keyId), wrong: assertion('no') },
  'an encrypted key': {
    at: 'mtls',
    right: identity(() => client),
    wrong: () => ({ ...tls(), 'security.protocol': 'ssl' }),
  },
}

test('what would be told would be found, however it is spelled', () => {
  for (const told of [
    new Error(`no user with ${WRONG}`),
    { fields: { deep: [{ password: PASSWORDS.alice }] } },
    Buffer.from(`\0alice\0${PASSWORDS.alice}`).toString('base64'),
    Buffer.from(CLIENT.secret).toString('hex'),
    'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmVk',
  ]) {
    const overheard = new Overheard()
    overheard.hear('x', told)
    expect(() => overheard.expectNone(secrets)).toThrow()
  }
})

describe('secrets are told nowhere', () => {
  test.each(Object.entries(ways))('by %s', async (_, { at, right, wrong }) => {
    const overheard = new Overheard()
    const common = {
      'bootstrap.servers': kafka.at(at),
      'client.id': freshName('quiet'),
      logger: overheard.logger,
    }
    const topic = freshName('secrets')
    await using producer = new Producer({
      ...common,
      ...(await right()),
      'statistics.interval.ms': 50,
    })
    producer.on('stats', figures => overheard.hear('statistics', figures))
    await producer.send({ topic, value: 'v' })
    await using consumer = new Consumer({ ...common, ...(await right()) })
    await consumer.assign([{ topic, partition: 0, offset: 0 }])
    for await (const message of consumer) {
      overheard.hear('message', message)
      break
    }
    using admin = new Admin({ ...common, ...(await right()) })
    await admin.topics.list()
    for (const each of [producer, consumer, admin]) overheard.hear('client', each)
    await using stranger = new Producer({ ...common, ...(await wrong()) })
    const refused = await stranger.send({ topic, value: 'v' }).then(
      () => expect.unreachable('it was let in'),
      (error: unknown) => error,
    )
    overheard.hear('refusal', refused)
    expect(overheard.events).toBeGreaterThan(20)
    expect(overheard.lines).toBeGreaterThan(0)
    overheard.expectNone(secrets)
  })

  test('by the live page', async () => {
    const overheard = new Overheard()
    const settings = { ...(await ways.PLAIN!.right()), 'bootstrap.servers': kafka.at('sasl') }
    await using producer = new Producer({ ...settings, logger: overheard.logger })
    await producer.send({ topic: freshName('page'), value: 'v' })
    await using page = await dashboard(producer, { page: await emptyPage() })
    const address = page.url.replace(/\/$/, '')
    for (const path of ['about', 'topics', 'groups', 'messages', 'messages?topic=none']) {
      overheard.hear(path, await (await fetch(`${address}/api/${path}`)).text())
    }
    const live = await fetch(`${address}/api/live`)
    const reader = live.body!.getReader()
    overheard.hear('live', Buffer.from((await reader.read()).value ?? []).toString())
    await reader.cancel()
    overheard.expectNone(secrets)
  })

  test('by the command line that says more', async () => {
    const overheard = new Overheard()
    const folder = await mkdtemp(join(tmpdir(), 'posthaste-secrets-'))
    for (const [word, code] of [
      [PASSWORDS.alice, 0],
      [WRONG, 3],
    ] as const) {
      const file = join(folder, 'client.properties')
      await writeFile(
        file,
        `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=a.PlainLoginModule required username="alice" password="${word}";\n`,
      )
      const flags = ['sasl.username=alice', `sasl.password=${word}`].flatMap(x => ['-X', x])
      const protocol = ['-X', 'security.protocol=sasl_plaintext', '-X', 'sasl.mechanism=PLAIN']
      for (const settings of [
        ['--command-config', file],
        [...protocol, ...flags],
      ]) {
        const where = ['-b', kafka.at('sasl'), '--verbose']
        const outcome = await posthaste(['topics', 'list', ...where, ...settings])
        overheard.hear('topics', outcome)
        expect(outcome.code === 0, outcome.stderr).toBe(code === 0)
        overheard.hear('doctor', await posthaste(['doctor', ...where, ...settings]))
      }
    }
    await rm(folder, { recursive: true })
    overheard.expectNone(secrets)
  })
})

/** A folder that serves as the page, of which nothing is asked here. */
async function emptyPage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'posthaste-page-'))
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  return folder
}
