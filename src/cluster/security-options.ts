import { choice, count, flag, type OptionSet, secret, text, thing } from '../base/options.ts'
import type { Credentials, SaslMechanism } from '../net/sasl/mechanism.ts'
import type { Token } from '../net/sasl/token-cache.ts'
import type { TlsOptions } from '../net/tls.ts'
import type { Address } from '../net/transport.ts'

/** Node's own TLS options, or a function that is asked for them at each connection. */
export type TlsOptionsSource = TlsOptions | ((address: Address) => TlsOptions | Promise<TlsOptions>)
export type TokenFunction = (signal: AbortSignal) => string | Token | Promise<string | Token>
export type CredentialsFunction = () => Credentials | Promise<Credentials>

const isFunction = (value: unknown): value is (...given: never[]) => unknown =>
  typeof value === 'function'
const isTlsOptionsSource = (value: unknown): value is TlsOptionsSource =>
  isFunction(value) || (typeof value === 'object' && value !== null && !Array.isArray(value))
const isTokenFunction = (value: unknown): value is TokenFunction => isFunction(value)
const isCredentialsFunction = (value: unknown): value is CredentialsFunction => isFunction(value)
const isMechanism = (value: unknown): value is string | SaslMechanism =>
  (typeof value === 'string' && value !== '') ||
  (typeof value === 'object' &&
    value !== null &&
    'authenticate' in value &&
    isFunction(value.authenticate) &&
    'name' in value &&
    typeof value.name === 'string')

/** Words that may also be written in capitals, as Java does. */
function eitherCase<W extends string>(...words: readonly W[]): ReadonlyMap<string, W> {
  return new Map(words.map(word => [word.toUpperCase(), word]))
}

const protocols = ['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'] as const
const none = undefined

const tlsOptions = {
  'ssl.ca.location': text({
    default: none,
    alias: ['ssl.truststore.location'],
    about: 'A PEM file with the authorities that we trust; by default those that Node.js trusts.',
  }),
  'ssl.ca.pem': text({
    default: none,
    alias: ['ssl.truststore.certificates'],
    about: 'The same as a text.',
  }),
  'ssl.certificate.location': text({
    default: none,
    about: 'A PEM file with our own certificate, and those between it and the authority.',
  }),
  'ssl.certificate.pem': text({
    default: none,
    alias: ['ssl.keystore.certificate.chain'],
    about: 'The same as a text.',
  }),
  'ssl.key.location': text({
    default: none,
    about: 'A PEM file with the private key of our certificate.',
  }),
  'ssl.key.pem': secret({ alias: ['ssl.keystore.key'], about: 'The same as a text.' }),
  'ssl.key.password': secret({ about: 'What the private key is encrypted with.' }),
  'ssl.keystore.location': text({
    default: none,
    about: 'A PKCS#12 (or PEM) file with our certificate and its key in one.',
  }),
  'ssl.keystore.password': secret({ about: 'What the keystore is encrypted with.' }),
  'ssl.keystore.type': choice({
    default: 'PKCS12',
    of: ['PKCS12', 'PEM'],
    about: 'Read for the sake of Java files: what a keystore is, its content tells.',
  }),
  'ssl.truststore.type': choice({
    default: 'PEM',
    of: ['PEM'],
    about: 'Read for the sake of Java files: only PEM can be used.',
  }),
  'ssl.cipher.suites': text({
    default: none,
    about: "Ciphers in OpenSSL's notation, in order of preference.",
  }),
  'ssl.endpoint.identification.algorithm': choice<'https' | 'none', string>({
    default: 'https',
    of: ['https', 'none'],
    synonyms: new Map([['', 'none'], ...eitherCase('https', 'none')]),
    about: "Whether the host's name must be in the broker's certificate (https), or not (none).",
  }),
  'enable.ssl.certificate.verification': flag({
    default: true,
    about: 'False trusts whoever answers, and so protects from nobody: for experiments.',
  }),
  'ssl.options': thing<TlsOptionsSource | undefined>({
    default: none,
    allowed: 'an object of Node.js TLS options, or a function that gives one',
    is: isTlsOptionsSource,
    about:
      "Node.js's own options of `tls.connect`, over all others here; a function, which may be async, is asked at each connection.",
  }),
} satisfies OptionSet

const oauthOptions = {
  'sasl.oauthbearer.token': thing<TokenFunction | undefined>({
    default: none,
    allowed: 'a function that gives a token',
    is: isTokenFunction,
    alias: ['oauthbearer.token.refresh.cb'],
    about:
      'Gives a token, or { value, expiresAt, extensions }, for OAUTHBEARER. Asked again before the token ends.',
  }),
  'sasl.oauthbearer.method': choice<'default' | 'oidc', string>({
    default: 'default',
    of: ['default', 'oidc'],
    synonyms: eitherCase('default', 'oidc'),
    about: 'oidc asks a token endpoint (KIP-768); default asks the function.',
  }),
  'sasl.oauthbearer.token.endpoint.url': text({
    default: none,
    about: 'The token endpoint of the OIDC provider.',
  }),
  'sasl.oauthbearer.client.id': text({
    default: none,
    alias: ['sasl.oauthbearer.client.credentials.client.id'],
    about: 'Who we are to the provider.',
  }),
  'sasl.oauthbearer.client.secret': secret({
    alias: ['sasl.oauthbearer.client.credentials.client.secret'],
    about: 'The secret of that client.',
  }),
  'sasl.oauthbearer.scope': text({ default: none, about: 'What the token is to be good for.' }),
  'sasl.oauthbearer.extensions': text({
    default: none,
    about: 'More for the broker to hear: `name=value,name=value` (KIP-342).',
  }),
  'sasl.oauthbearer.header.urlencode': flag({
    default: false,
    about: 'Whether id and secret are encoded in the header, as RFC 6749 wants it.',
  }),
  'sasl.oauthbearer.grant.type': choice({
    default: 'client_credentials',
    of: ['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    synonyms: new Map([['jwt_bearer', 'urn:ietf:params:oauth:grant-type:jwt-bearer']] as const),
    about:
      'How a token is asked for: with a secret or an assertion as the client, or with the assertion alone (KIP-1139).',
  }),
  'sasl.oauthbearer.assertion.algorithm': choice({
    default: 'RS256',
    of: ['RS256', 'ES256'],
    about: 'How the assertion is signed.',
  }),
  'sasl.oauthbearer.assertion.file': text({
    default: none,
    about: 'A file with a ready assertion that somebody keeps fresh; it is read each time.',
  }),
  'sasl.oauthbearer.assertion.private.key.file': text({
    default: none,
    about: 'A PEM file with the key that signs the assertion; it is read each time.',
  }),
  'sasl.oauthbearer.assertion.private.key.pem': secret({ about: 'The same as a text.' }),
  'sasl.oauthbearer.assertion.private.key.passphrase': secret({
    about: 'What that key is encrypted with.',
  }),
  'sasl.oauthbearer.assertion.key.id': text({
    default: none,
    about: "The key's id (`kid`) at the provider, in the assertion's header.",
  }),
  'sasl.oauthbearer.assertion.claim.iss': text({
    default: none,
    about: 'Who made the assertion; by default the client id.',
  }),
  'sasl.oauthbearer.assertion.claim.sub': text({
    default: none,
    about: 'Whom the assertion is about; by default the client id.',
  }),
  'sasl.oauthbearer.assertion.claim.aud': text({
    default: none,
    about: 'For whom the assertion is; by default the token endpoint.',
  }),
  'sasl.oauthbearer.assertion.claim.exp.seconds': count({
    default: 300,
    min: 1,
    max: 86_400,
    about: 'How long the assertion is good for.',
  }),
  'sasl.oauthbearer.assertion.claim.nbf.seconds': count({
    default: 60,
    max: 86_400,
    about: 'How far back its validity begins, for clocks that differ.',
  }),
} satisfies OptionSet

/** The settings that say who we are and how a connection is protected. */
export const securityOptions = {
  'security.protocol': choice<(typeof protocols)[number], string>({
    default: 'plaintext',
    of: protocols,
    synonyms: eitherCase(...protocols),
    about: 'How a connection is protected (ssl: TLS) and whether SASL says who we are.',
  }),
  ...tlsOptions,
  'sasl.mechanism': thing<string | SaslMechanism | undefined>({
    default: none,
    allowed:
      'PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, or an object with name and authenticate()',
    is: isMechanism,
    alias: ['sasl.mechanisms'],
    about: 'How SASL says who we are; an object brings a mechanism of its own.',
  }),
  'sasl.username': text({ default: none, about: 'The name for PLAIN and SCRAM.' }),
  'sasl.password': secret({ about: 'The password for PLAIN and SCRAM.' }),
  'sasl.credentials': thing<CredentialsFunction | undefined>({
    default: none,
    allowed: 'a function that gives { username, password }',
    is: isCredentialsFunction,
    about: 'Asked at each authentication instead of the two, so that passwords can rotate.',
  }),
  'sasl.jaas.config': secret({
    about:
      "A line of JAAS as providers hand it out: PLAIN's and SCRAM's name and password are read.",
  }),
  ...oauthOptions,
} satisfies OptionSet
