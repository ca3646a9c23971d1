import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Producer, type ProducerOptions, silentLogger } from '../../src/index.ts'
import { describeWithKafka, freshName } from '../support/kafka.ts'
import { waitFor } from '../support/wait.ts'
import { readBack } from './read-back.ts'
import { encryptedKey, pkcs12 } from './security-certificates.ts'
import { startSecureEmbedded } from './security-embedded.ts'
import {
  type ListenerName,
  ODD,
  PASSWORDS,
  type SecureKafka,
  SOAK_SECONDS,
  startSecureKafka,
} from './security-kafka.ts'
import { CLIENT, KEY_CLIENT } from './security-oidc.ts'
import { refusals } from './security-refusals.ts'
import { renewals } from './security-renewal.ts'

type Settings = (kafka: SecureKafka) => ProducerOptions | Promise<ProducerOptions>

const ca = ({ authority }: SecureKafka) => ({ 'ssl.ca.pem': authority.certificate })
const alice = { 'sasl.username': 'alice', 'sasl.password': PASSWORDS.alice }

const byTls: Readonly<Record<string, readonly [ListenerName, Settings]>> = {
  'a CA file': ['tls', ({ folder }) => ({ 'ssl.ca.location': join(folder, 'authority.pem') })],
  'a CA text': ['tls', ca],
  "Node's own options": [
    'tls',
    ({ authority }) => ({ 'ssl.options': { ca: authority.certificate, minVersion: 'TLSv1.3' } }),
  ],
  'options from a function': [
    'tls',
    ({ authority }) => ({ 'ssl.options': async () => ({ ca: authority.certificate }) }),
  ],
  'a host that is not looked for': [
    'elsewhere',
    kafka => ({ ...ca(kafka), 'ssl.endpoint.identification.algorithm': '' }),
  ],
  'nothing verified': ['expired', () => ({ 'enable.ssl.certificate.verification': false })],
  'a certificate of its own': [
    'mtls',
    kafka => {
      const { key, certificate } = kafka.issue('client')
      return { ...ca(kafka), 'ssl.key.pem': key, 'ssl.certificate.pem': certificate }
    },
  ],
  'an encrypted key': [
    'mtls',
    async kafka => {
      const identity = kafka.issue('client')
      const [keyFile, file] = [join(kafka.folder, 'client.key'), join(kafka.folder, 'client.crt')]
      await writeFile(keyFile, encryptedKey(identity, 'key-secret'))
      await writeFile(file, identity.certificate)
      return {
        ...ca(kafka),
        'ssl.key.location': keyFile,
        'ssl.certificate.location': file,
        'ssl.key.password': 'key-secret',
      }
    },
  ],
  'a PKCS#12 keystore': [
    'mtls',
    async kafka => {
      const file = join(kafka.folder, 'client.p12')
      await writeFile(file, pkcs12(kafka.issue('client'), 'store-secret'))
      return {
        ...ca(kafka),
        'ssl.keystore.location': file,
        'ssl.keystore.password': 'store-secret',
      }
    },
  ],
}

const oidc = ({ oidc }: SecureKafka) => ({
  'sasl.mechanism': 'OAUTHBEARER',
  'sasl.oauthbearer.method': 'oidc' as const,
  'sasl.oauthbearer.token.endpoint.url': oidc.tokenUrl,
})

const bySasl: Readonly<Record<string, readonly [ListenerName[], Settings]>> = {
  PLAIN: [['sasl', 'saslTls'], () => ({ 'sasl.mechanism': 'PLAIN', ...alice })],
  'SCRAM-SHA-256': [['sasl', 'saslTls'], () => ({ 'sasl.mechanism': 'SCRAM-SHA-256', ...alice })],
  'SCRAM-SHA-512': [['sasl', 'saslTls'], () => ({ 'sasl.mechanism': 'scram-sha-512', ...alice })],
  'credentials from a function': [
    ['sasl'],
    () => ({
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.credentials': async () => ({ username: 'alice', password: PASSWORDS.alice }),
    }),
  ],
  'a line of JAAS': [
    ['sasl'],
    () => ({
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="${PASSWORDS.alice}";`,
    }),
  ],
  'odd names and passwords': [
    ['sasl'],
    () => ({
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.username': ODD.name,
      'sasl.password': ODD.password,
    }),
  ],
  'a token function': [
    ['oauth'],
    ({ oidc }) => ({
      'sasl.mechanism': 'OAUTHBEARER',
      'sasl.oauthbearer.token': () => oidc.sign({ sub: 'somebody' }),
    }),
  ],
  'OIDC with a secret': [
    ['oauth'],
    kafka => ({
      ...oidc(kafka),
      'sasl.oauthbearer.client.id': CLIENT.id,
      'sasl.oauthbearer.client.secret': CLIENT.secret,
      'sasl.oauthbearer.scope': 'produce',
    }),
  ],
  'OIDC with a client assertion': [
    ['oauth'],
    kafka => ({
      ...oidc(kafka),
      'sasl.oauthbearer.client.id': KEY_CLIENT.id,
      'sasl.oauthbearer.assertion.key.id': KEY_CLIENT.keyId,
      'sasl.oauthbearer.assertion.private.key.pem': kafka.oidc.privateKey,
    }),
  ],
  'an assertion as the grant': [
    ['oauth'],
    kafka => ({
      ...oidc(kafka),
      'sasl.oauthbearer.token.endpoint.url': kafka.oidc.exchangeUrl,
      'sasl.oauthbearer.grant.type': 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'sasl.oauthbearer.client.id': KEY_CLIENT.id,
      'sasl.oauthbearer.assertion.key.id': KEY_CLIENT.keyId,
      'sasl.oauthbearer.assertion.private.key.pem': kafka.oidc.privateKey,
    }),
  ],
}

describe('a protected cluster, embedded', () => protectedCluster(startSecureEmbedded))
describeWithKafka('a protected cluster, real Kafka', () => protectedCluster(startSecureKafka))

function protectedCluster(start: () => Promise<SecureKafka>): void {
  let kafka: SecureKafka
  beforeAll(async () => {
    kafka = await start()
    await kafka.setPassword(ODD.name, ODD.password)
  })
  afterAll(() => kafka?.stop())

  /** Produces over a listener, and looks at what arrived over another. */
  async function delivers(listener: ListenerName, settings: ProducerOptions): Promise<void> {
    const topic = freshName(`security-${listener}`)
    const producer = new Producer({ 'bootstrap.servers': kafka.at(listener), ...settings })
    try {
      await producer.send({ topic, value: 'safe' })
    } finally {
      await producer.close()
    }
    const stored = await readBack(kafka.bootstrapServers, topic)
    expect(stored).toMatchObject([{ value: 'safe' }])
  }

  test.each(Object.keys(byTls))('TLS with %s', async name => {
    const [listener, settings] = byTls[name]!
    await delivers(listener, { 'security.protocol': 'SSL', ...(await settings(kafka)) })
  })

  test.each(Object.entries(bySasl).flatMap(([name, [over]]) => over.map(at => ({ name, at }))))(
    '$name over $at',
    async ({ name, at }) => {
      const settings = await bySasl[name]![1](kafka)
      const isTls = at === 'saslTls' || at === 'oauth'
      const tls = isTls ? { 'security.protocol': 'sasl_ssl' as const, ...ca(kafka) } : {}
      await delivers(at, { 'security.protocol': 'sasl_plaintext', ...settings, ...tls })
    },
  )

  test('records fail at once where no broker accepts us, and go again when one does', async () => {
    const topic = freshName('security-refused')
    let password = 'wrong'
    const producer = new Producer({
      'bootstrap.servers': kafka.at('sasl'),
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.credentials': () => ({ username: 'alice', password }),
      logger: silentLogger,
    })
    const results = await producer.sendBatch([
      { topic, value: '1' },
      { topic, value: '2' },
    ])
    for (const result of results) {
      if (result.status === 'fulfilled') throw new Error('who are we?')
      const code = 'SASL_AUTHENTICATION_FAILED'
      const cause = { name: 'AuthenticationError', retriable: false }
      expect(result.reason).toMatchObject({ name: 'DeliveryError', code, persisted: 'no', cause })
    }
    password = PASSWORDS.alice
    await waitFor('a record to be taken', () =>
      producer.send({ topic, value: '3' }).catch(() => undefined),
    )
    await producer.close()
    expect(await readBack(kafka.bootstrapServers, topic)).toMatchObject([{ value: '3' }])
  })

  describe('says of a wrong setting what is wrong', () => refusals(() => kafka))

  // Minutes each, if they were asked for: then side by side.
  const side = { concurrent: SOAK_SECONDS > 0 }
  describe('while records flow', side, () => renewals(() => kafka))
}
