import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { clientOptions, configure } from '../../../src/cluster/options.ts'
import { Security } from '../../../src/cluster/security.ts'
import { ConfigError } from '../../../src/errors.ts'
import { silentLogger } from '../../../src/logger.ts'
import { parseJaas } from '../../../src/net/sasl/jaas.ts'
import { dialTcp } from '../../../src/net/tcp.ts'
import { Authority, encryptedKey, pkcs12 } from '../../contract/security-certificates.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthaste-settings-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SECRET = 'hidden-9f2c'
const authority = new Authority('test')
const identity = authority.issue({ name: 'client' })
const other = authority.issue({ name: 'other' })

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const files = {
  key: file('client.key', identity.key),
  certificate: file('client.crt', identity.certificate),
  otherKey: file('other.key', other.key),
  encrypted: file('encrypted.key', encryptedKey(identity, SECRET)),
  keystore: file('client.p12', pkcs12(identity, SECRET)),
  pemKeystore: file('client.pem', identity.key + identity.certificate),
  jks: file('client.jks', Buffer.from('feedfeed0000000200000000', 'hex')),
  junk: file('junk', 'this is no certificate'),
}

function security(settings: Readonly<Record<string, unknown>>): Security {
  const { values: config } = configure(clientOptions, settings)
  const world = { clock: new FakeClock(), random: () => 0, logger: silentLogger, dial: dialTcp }
  return new Security({ config, ...world })
}

const ssl = { 'security.protocol': 'ssl' }
const sasl = { 'security.protocol': 'sasl_ssl' }
const plain = { ...sasl, 'sasl.mechanism': 'PLAIN', 'sasl.username': 'u', 'sasl.password': SECRET }
const oauth = { ...sasl, 'sasl.mechanism': 'OAUTHBEARER' }
const url = { 'sasl.oauthbearer.token.endpoint.url': 'https://id.example/token' }

describe('settings that can be used', () => {
  test.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ['nothing at all', {}],
    ['Java capitals', { 'security.protocol': 'SASL_PLAINTEXT', ...omit(plain) }],
    ['camelCase', { securityProtocol: 'sasl_ssl', ...omit(plain) }],
    ["librdkafka's names", { ...omit(plain), ...sasl, 'sasl.mechanisms': 'PLAIN' }],
    ['a key and its certificate', keyPair(files.key)],
    ['an encrypted key', { ...keyPair(files.encrypted), 'ssl.key.password': SECRET }],
    ['PKCS#12', { ...keystore(files.keystore), 'ssl.keystore.password': SECRET }],
    ['a keystore in PEM', { ...keystore(files.pemKeystore), 'ssl.keystore.type': 'PEM' }],
    ["Java's PEM texts", { ...ssl, 'ssl.truststore.certificates': authority.certificate }],
    ['a mechanism of the program', { ...sasl, 'sasl.mechanism': custom() }],
  ])('%s', (_, settings) => {
    expect(security(settings)).toBeInstanceOf(Security)
  })
})

function omit(settings: Readonly<Record<string, unknown>>) {
  const { 'security.protocol': _, ...rest } = settings
  return rest
}

function custom() {
  return { name: 'X-OWN', authenticate: async () => {} }
}

function keyPair(key: string) {
  return { ...ssl, 'ssl.key.location': key, 'ssl.certificate.location': files.certificate }
}

function keystore(path: string) {
  return { ...ssl, 'ssl.keystore.location': path }
}

const jaas = `a.b.PlainLoginModule required username="u" password="${SECRET}";`
const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()

describe('settings that contradict or can not be used are refused at once', () => {
  test.each<readonly [string, Readonly<Record<string, unknown>>, string]>([
    ['a protocol that is none', { 'security.protocol': 'tls' }, 'one of plaintext, ssl'],
    ['SASL settings without SASL', omit(plain), 'set security.protocol to sasl_ssl'],
    ['SASL settings with TLS alone', { ...plain, ...ssl }, 'security.protocol is ssl'],
    ['TLS settings without TLS', { 'ssl.ca.location': files.certificate }, 'to ssl'],
    ['no mechanism', sasl, 'sasl.mechanism is missing'],
    ['a mechanism that we lack', { ...sasl, 'sasl.mechanism': 'GSSAPI' }, 'which is not built in'],
    ['MSK IAM by name', { ...sasl, 'sasl.mechanism': 'aws_msk_iam' }, 'posthaste/msk-iam'],
    ['no password', { ...sasl, 'sasl.mechanism': 'PLAIN', 'sasl.username': 'u' }, 'sasl.password'],
    ['no name', { ...sasl, 'sasl.mechanism': 'PLAIN', 'sasl.password': SECRET }, 'sasl.username'],
    ['two sources', { ...plain, 'sasl.credentials': () => ({}) }, 'sasl.credentials is set'],
    ['a password that is none', { ...plain, 'sasl.password': 94_211 }, 'got a number'],
    ['a broken line of JAAS', { ...omit(plain), ...sasl, ...broken() }, 'not a line of JAAS'],
    ['nowhere to get a token', oauth, 'nowhere to get a token from'],
    ['an id without a secret', { ...oauth, ...url }, 'sasl.oauthbearer.client.secret'],
    ['a secret without an id', { ...oauth, ...url, ...clientSecret() }, 'client.id'],
    ['two token sources', { ...oauth, ...url, ...tokenFunction() }, 'and so is a token endpoint'],
    ['OIDC without an address', { ...oauth, 'sasl.oauthbearer.method': 'OIDC' }, 'endpoint.url'],
    ['an address that is none', { ...oauth, ...clientSecret(), ...badUrl() }, 'no http or https'],
    ['a CA file that is not there', { ...ssl, 'ssl.ca.location': '/no/such' }, 'ENOENT'],
    ['a CA file with junk', { ...ssl, 'ssl.ca.location': files.junk }, 'no certificate in PEM'],
    ['a CA text with junk', { ...ssl, 'ssl.ca.pem': 'junk' }, 'no certificate in PEM'],
    ['two CAs', { ...ssl, 'ssl.ca.pem': 'x', 'ssl.ca.location': 'y' }, 'both set'],
    ['a key alone', { ...ssl, 'ssl.key.location': files.key }, 'without its certificate'],
    ['a certificate alone', { ...ssl, 'ssl.certificate.pem': 'x' }, 'without its key'],
    ['a key of another', keyPair(files.otherKey), 'does not belong to the certificate'],
    ['a key that is not there', keyPair('/no/such.key'), 'ENOENT'],
    ['a key that is a folder', keyPair('/'), 'EISDIR'],
    ['a key that is none', keyPair(files.junk), 'neither PEM nor PKCS#12'],
    ['an encrypted key, no password', keyPair(files.encrypted), 'there is no password for it'],
    ['a wrong key password', { ...keyPair(files.encrypted), ...wrong('ssl.key') }, 'is wrong'],
    ['a wrong store password', { ...keystore(files.keystore), ...wrong('ssl.keystore') }, 'wrong'],
    ['a store without its password', keystore(files.keystore), 'is wrong'],
    ['a store that is none', keystore(files.junk), 'neither PEM nor PKCS#12'],
    ["Java's own store", keystore(files.jks), 'keytool -importkeystore'],
    ["Java's own truststore", { ...ssl, 'ssl.truststore.location': files.jks }, 'keytool'],
    ['a store and a key', { ...keyPair(files.key), ...keystore(files.keystore) }, 'both set'],
    ['unknown ciphers', { ...ssl, 'ssl.cipher.suites': 'NO-SUCH' }, 'no cipher that OpenSSL knows'],
    ['bad Node options', { ...ssl, 'ssl.options': { cert: 'x', key: 'y' } }, 'ssl.options'],
    ['Node options that are none', { ...ssl, 'ssl.options': 'x' }, 'an object of Node.js TLS'],
  ])('%s', (_, settings, words) => {
    const error = thrownBy(() => security(settings))
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toContain(words)
    const everything = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`
    for (const secret of [SECRET, '94211', 'PRIVATE KEY']) expect(everything).not.toContain(secret)
  })
})

function broken() {
  return { 'sasl.password': undefined, 'sasl.jaas.config': `PlainLoginModule ${SECRET}` }
}

function clientSecret() {
  return { 'sasl.oauthbearer.client.secret': SECRET }
}

function tokenFunction() {
  return { 'sasl.oauthbearer.token': () => 'x' }
}

function badUrl() {
  return { 'sasl.oauthbearer.token.endpoint.url': `ftp://${SECRET}@x` }
}

function wrong(prefix: string) {
  return { [`${prefix}.password`]: 'not-it' }
}

function thrownBy(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}

test('secrets do not show in a configuration', () => {
  const { values } = configure(clientOptions, {
    ...plain,
    'sasl.jaas.config': jaas,
    'ssl.key.pem': ecKey,
    'sasl.oauthbearer.client.secret': SECRET,
  })
  const shown = [inspect(values, { depth: 9, showHidden: true }), JSON.stringify(values)]
  shown.push(`${values.saslPassword} ${values.sslKeyPem}`)
  expect(shown.join()).not.toMatch(/hidden-9f2c|PRIVATE KEY/)
  expect(shown.join()).toContain('[hidden]')
  expect(values.saslPassword?.reveal()).toBe(SECRET)
})

describe('a line of JAAS', () => {
  test.each<readonly [string, Readonly<Record<string, string>> | undefined]>([
    [jaas, { username: 'u', password: SECRET }],
    ['x.Y required\n  a="1"\n  b=two ;', { a: '1', b: 'two' }],
    ['Y required a="q\\"uo\\\\te";', { a: 'q"uo\\te' }],
    ['Y required a="semi;colon" b="x";', { a: 'semi;colon', b: 'x' }],
    ['Y Required;', {}],
    ['Y required', {}],
    ['Y required a="open;', undefined],
    ['Y required a;', undefined],
    ['Y a="1";', undefined],
    ['', undefined],
  ])('%s', (line, options) => {
    const parsed = parseJaas(line)
    expect(parsed && Object.fromEntries(parsed.options)).toEqual(options)
  })

  test('is read in time that grows with its length', () => {
    for (const tail of ['"'.repeat(20_001), '\\'.repeat(20_000), 'a='.repeat(20_000)]) {
      expect(parseJaas(`Y required a="${tail}`)).toBeUndefined()
    }
  })
})
