import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { ShiftableClock } from '../../src/base/shiftable-clock.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { type ClientOptions, clientOptions, configure } from '../../src/cluster/options.ts'
import { asError, KafkaError } from '../../src/errors.ts'
import { Metadata } from '../../src/protocol/index.ts'
import { Authority } from './security-certificates.ts'
import { type ListenerName, PASSWORDS, type SecureKafka } from './security-kafka.ts'
import { CLIENT } from './security-oidc.ts'

/** What the tests tell to brokers and providers, and nobody else must ever see. */
const WRONG = 'wrong-secret-55e0'
const SECRETS = [...Object.values(PASSWORDS), CLIENT.secret, WRONG, 'PRIVATE KEY']

interface Said {
  readonly error: 'AuthenticationError' | 'ConnectionError'
  readonly code: string
  readonly words: readonly string[]
}

interface Wrong extends Said {
  readonly to: ListenerName | 'oidc'
  /** `time` is the client's own, to be moved where it waits in vain. */
  readonly settings: (
    kafka: SecureKafka,
    time: ShiftableClock,
  ) => ClientOptions | Promise<ClientOptions>
  /** Where the TLS of Node's servers says something else than Java's. */
  readonly embedded?: Said
}

const ca = ({ authority }: SecureKafka) => ({ 'ssl.ca.pem': authority.certificate })
const tls = (kafka: SecureKafka) => ({ 'security.protocol': 'ssl', ...ca(kafka) }) as const
const stranger = new Authority('somebody else')

const ofTls: Readonly<Record<string, Wrong>> = {
  'plaintext to a TLS listener': {
    to: 'tls',
    settings: () => ({}),
    error: 'ConnectionError',
    code: 'NOT_KAFKA',
    words: ['it speaks TLS: set security.protocol to ssl'],
  },
  'TLS to a plaintext listener': {
    to: 'plaintext',
    settings: tls,
    error: 'ConnectionError',
    code: 'NOT_TLS',
    words: ['is it a plaintext listener'],
  },
  'an authority that we do not know': {
    to: 'tls',
    settings: () => ({ 'security.protocol': 'ssl' }),
    error: 'AuthenticationError',
    code: 'CERTIFICATE_UNTRUSTED',
    words: ['ssl.ca.location'],
  },
  'another authority': {
    to: 'tls',
    settings: () => ({ 'security.protocol': 'ssl', 'ssl.ca.pem': stranger.certificate }),
    error: 'AuthenticationError',
    code: 'CERTIFICATE_UNTRUSTED',
    words: ['ssl.ca.location'],
  },
  'an expired certificate': {
    to: 'expired',
    settings: tls,
    error: 'AuthenticationError',
    code: 'CERTIFICATE_EXPIRED',
    words: ['has expired', 'the clock of this machine'],
  },
  'a certificate of another host': {
    to: 'elsewhere',
    settings: tls,
    error: 'AuthenticationError',
    code: 'CERTIFICATE_WRONG_HOST',
    words: ['kafka.example.org', 'ssl.endpoint.identification.algorithm'],
  },
  'no certificate where one is wanted': {
    to: 'mtls',
    settings: tls,
    error: 'AuthenticationError',
    code: 'CLIENT_CERTIFICATE_REQUIRED',
    words: ['ssl.certificate.location'],
  },
  'no certificate where one is wanted, in TLS 1.2': {
    to: 'mtls',
    settings: kafka => ({ ...tls(kafka), 'ssl.options': { maxVersion: 'TLSv1.2' } }),
    error: 'AuthenticationError',
    code: 'CLIENT_CERTIFICATE_REQUIRED',
    words: ['ssl.certificate.location'],
    embedded: {
      error: 'AuthenticationError',
      code: 'TLS_NOT_AGREED',
      words: ['shares no version or cipher'],
    },
  },
  'a certificate that the broker does not trust': {
    to: 'mtls',
    settings: kafka => {
      const { key, certificate } = stranger.issue({ name: 'client' })
      return { ...tls(kafka), 'ssl.key.pem': key, 'ssl.certificate.pem': certificate }
    },
    error: 'AuthenticationError',
    code: 'CLIENT_CERTIFICATE_REFUSED',
    words: ['does not accept our certificate'],
    // Node looks at certificates after the handshake, when no alert can be sent any more.
    embedded: {
      error: 'ConnectionError',
      code: 'CONNECTION_CLOSED',
      words: ['does it trust our certificate'],
    },
  },
  'no cipher in common': {
    to: 'tls',
    settings: kafka => ({
      ...tls(kafka),
      'ssl.cipher.suites': 'PSK-AES128-CBC-SHA256',
      'ssl.options': { maxVersion: 'TLSv1.2' },
    }),
    error: 'AuthenticationError',
    code: 'TLS_NOT_AGREED',
    words: ['ssl.cipher.suites'],
  },
  'TLS options that fail': {
    to: 'tls',
    settings: () => ({
      'security.protocol': 'ssl',
      'ssl.options': () => {
        throw new Error('the vault is sealed')
      },
    }),
    error: 'AuthenticationError',
    code: 'CREDENTIALS_UNAVAILABLE',
    words: ['ssl.options', 'the vault is sealed'],
  },
  'TLS options that never come': {
    to: 'tls',
    settings: (_, time) => ({
      'security.protocol': 'ssl',
      'ssl.options': () => never(time),
    }),
    error: 'AuthenticationError',
    code: 'CREDENTIALS_UNAVAILABLE',
    words: ['ssl.options', 'nothing in time'],
  },
}

/** What is asked for and does not come, for longer than anybody waits. */
function never(time: ShiftableClock): Promise<never> {
  void time.advance(20_000)
  return new Promise(() => {})
}

const sasl = (mechanism: string, username = 'alice', password = WRONG) => ({
  'security.protocol': 'sasl_plaintext' as const,
  'sasl.mechanism': mechanism,
  'sasl.username': username,
  'sasl.password': password,
})

const bearer = (kafka: SecureKafka) => ({
  'security.protocol': 'sasl_ssl' as const,
  'sasl.mechanism': 'OAUTHBEARER',
  ...ca(kafka),
})

const oidc = (kafka: SecureKafka, secret: string, url = kafka.oidc.tokenUrl) => ({
  ...bearer(kafka),
  'sasl.oauthbearer.method': 'oidc' as const,
  'sasl.oauthbearer.token.endpoint.url': url,
  'sasl.oauthbearer.client.id': CLIENT.id,
  'sasl.oauthbearer.client.secret': secret,
})

const ofSasl: Readonly<Record<string, Wrong>> = {
  'a mechanism that is not offered': {
    to: 'plainOnly',
    settings: () => sasl('SCRAM-SHA-512'),
    error: 'AuthenticationError',
    code: 'UNSUPPORTED_SASL_MECHANISM',
    words: ['offers PLAIN, but sasl.mechanism is SCRAM-SHA-512'],
  },
  'a wrong password by PLAIN': {
    to: 'sasl',
    settings: () => sasl('PLAIN'),
    error: 'AuthenticationError',
    code: 'SASL_AUTHENTICATION_FAILED',
    words: ['Invalid username or password', 'sasl.password'],
  },
  'a wrong password by SCRAM': {
    to: 'sasl',
    settings: () => sasl('SCRAM-SHA-256'),
    error: 'AuthenticationError',
    code: 'SASL_AUTHENTICATION_FAILED',
    words: ['invalid credentials', 'sasl.password'],
  },
  'a user that is not known by SCRAM': {
    to: 'sasl',
    settings: () => sasl('SCRAM-SHA-512', 'nobody'),
    error: 'AuthenticationError',
    code: 'SASL_AUTHENTICATION_FAILED',
    words: ['made for this mechanism'],
  },
  'SASL to a listener without it': {
    to: 'plaintext',
    settings: () => sasl('PLAIN'),
    error: 'AuthenticationError',
    code: 'ILLEGAL_SASL_STATE',
    words: ['does not authenticate by SASL', 'security.protocol'],
  },
  'no SASL to a listener with it': {
    to: 'sasl',
    settings: () => ({}),
    error: 'ConnectionError',
    code: 'CONNECTION_CLOSED',
    words: ['does this listener want SASL'],
  },
  'an expired token': {
    to: 'oauth',
    settings: kafka => ({
      ...bearer(kafka),
      'sasl.oauthbearer.token': () => kafka.oidc.sign({ sub: 'late' }, -60),
    }),
    error: 'AuthenticationError',
    code: 'SASL_AUTHENTICATION_FAILED',
    words: ['has the token expired'],
  },
  'a token for somebody else': {
    to: 'oauth',
    settings: kafka => ({
      ...bearer(kafka),
      'sasl.oauthbearer.token': () => kafka.oidc.sign({ sub: 'a', aud: 'another' }),
    }),
    error: 'AuthenticationError',
    code: 'SASL_AUTHENTICATION_FAILED',
    words: ['audience'],
  },
  'a token function that throws': {
    to: 'oauth',
    settings: kafka => ({
      ...bearer(kafka),
      'sasl.oauthbearer.token': () => {
        throw new Error('the vault is sealed')
      },
    }),
    error: 'AuthenticationError',
    code: 'CREDENTIALS_UNAVAILABLE',
    words: ['sasl.oauthbearer.token threw: the vault is sealed'],
  },
  'a token function that hangs': {
    to: 'oauth',
    settings: (kafka, time) => ({
      ...bearer(kafka),
      'sasl.oauthbearer.token': () => never(time),
    }),
    error: 'AuthenticationError',
    code: 'CREDENTIALS_TIMED_OUT',
    words: ['nothing to send after', 'does the function or service hang'],
  },
  'a wrong client secret': {
    to: 'oauth',
    settings: kafka => oidc(kafka, WRONG),
    error: 'AuthenticationError',
    code: 'TOKEN_REFUSED',
    words: ['/token gave no token: HTTP 401', 'invalid_client', 'sasl.oauthbearer.client.secret'],
  },
  'an address that is no token endpoint': {
    to: 'oauth',
    settings: kafka => oidc(kafka, CLIENT.secret, `${kafka.oidc.issuer}/nowhere`),
    error: 'AuthenticationError',
    code: 'TOKEN_REFUSED',
    words: ['/nowhere gave no token: HTTP 404'],
  },
  'a provider that is away': {
    to: 'oauth',
    settings: kafka => ({
      ...oidc(kafka, CLIENT.secret, 'http://127.0.0.1:1/token'),
      // The broker, too, has to answer within that time.
      'socket.connection.setup.timeout.ms': 5_000,
    }),
    error: 'AuthenticationError',
    code: 'TOKEN_ENDPOINT_UNREACHABLE',
    words: ['http://127.0.0.1:1/token gave no token'],
  },
}

/** Each wrong setting has a message of its own, and none says a secret. */
export function refusals(kafka: () => SecureKafka): void {
  test.each(Object.entries({ ...ofTls, ...ofSasl }))('%s', async (_, wrong) => {
    const lines: string[] = []
    const error = await failureOf(kafka(), wrong, line => lines.push(line))
    expect(error).toBeInstanceOf(KafkaError)
    const said = (kafka().kind === 'embedded' && wrong.embedded) || wrong
    expect(error).toMatchObject({ name: said.error, code: said.code })
    expect(error).toMatchObject({ retriable: said.error === 'ConnectionError' })
    for (const words of said.words) expect(error?.message).toContain(words)
    const everything = [
      inspect(error, { depth: 20, showHidden: true }),
      JSON.stringify(error),
      error?.stack,
      ...lines,
    ].join('\n')
    for (const secret of SECRETS) expect(everything).not.toContain(secret)
  })
}

async function failureOf(
  kafka: SecureKafka,
  { to, settings }: Wrong,
  log: (line: string) => void,
): Promise<Error | undefined> {
  const time = new ShiftableClock(systemClock)
  const at = to === 'oidc' ? new URL(kafka.oidc.issuer).host : kafka.at(to)
  const { values } = configure(clientOptions, {
    'bootstrap.servers': at,
    logger: { log: (...line: unknown[]) => log(inspect(line, { depth: 20 })) },
    ...(await settings(kafka, time)),
  })
  log(inspect(values, { depth: 20 }).replaceAll(/-----BEGIN CERT[^-]*-----[^-]*/g, ''))
  const environment = { clock: time }
  const cluster = new Cluster({ config: values, environment, autoCreateTopics: false })
  try {
    const connection = await cluster.brokers.any()
    await connection.send(Metadata, { topics: [], allowAutoTopicCreation: false })
    return undefined
  } catch (error) {
    return asError(error)
  } finally {
    cluster.close()
  }
}
