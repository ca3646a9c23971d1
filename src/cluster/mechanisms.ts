import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { type Secret, secretOf } from '../base/secret.ts'
import { ConfigError } from '../errors.ts'
import type { AssertionSettings } from '../net/sasl/assertion.ts'
import { parseJaas } from '../net/sasl/jaas.ts'
import { asked, type CredentialsSource, type SaslMechanism } from '../net/sasl/mechanism.ts'
import { checkedToken, oauthBearer } from '../net/sasl/oauthbearer.ts'
import { type OidcGrant, type OidcSettings, oidcToken } from '../net/sasl/oidc.ts'
import { plain } from '../net/sasl/plain.ts'
import { scram } from '../net/sasl/scram.ts'
import { TokenCache } from '../net/sasl/token-cache.ts'
import type { ClientConfig } from './options.ts'

const BUILT_IN = 'PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER'

/** The mechanism that the settings ask for; a ConfigError says what it lacks. */
export function mechanismOf(config: ClientConfig, clock: Clock, random: Random): SaslMechanism {
  const { saslMechanism: asked } = config
  if (typeof asked === 'object') return asked
  const name = asked?.toUpperCase()
  switch (name) {
    case 'PLAIN':
      return plain(credentialsOf(config))
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      return scram(name, credentialsOf(config))
    case 'OAUTHBEARER':
      return bearer(config, clock, random)
    case undefined:
      throw new ConfigError(
        `security.protocol is ${config.securityProtocol}, but sasl.mechanism is missing`,
        `set it to ${BUILT_IN}`,
      )
    case 'AWS_MSK_IAM':
      throw new ConfigError(
        'sasl.mechanism is AWS_MSK_IAM, which is an entry point of its own',
        "import { mskIam } from 'posthaste/msk-iam' and set sasl.mechanism to mskIam({ region })",
      )
    default:
      throw new ConfigError(
        `sasl.mechanism is ${JSON.stringify(asked)}, which is not built in`,
        `set it to ${BUILT_IN}, or to an object with name and authenticate()`,
      )
  }
}

function credentialsOf(config: ClientConfig): CredentialsSource {
  const { saslCredentials, saslUsername, saslPassword } = config
  if (saslCredentials) {
    if (saslUsername === undefined && saslPassword === undefined) return saslCredentials
    throw new ConfigError('sasl.credentials is set, and so are sasl.username or sasl.password')
  }
  const jaas = jaasOptions(config.saslJaasConfig)
  const username = saslUsername ?? jaas.get('username')
  const password = saslPassword?.reveal() ?? jaas.get('password')
  if (username === undefined || password === undefined) {
    const missing = username === undefined ? 'sasl.username' : 'sasl.password'
    throw new ConfigError(
      `sasl.mechanism is ${config.saslMechanism}, but ${missing} is missing`,
      'set sasl.username and sasl.password, or sasl.credentials to a function that gives both',
    )
  }
  const isToken = jaas.get('tokenauth') === 'true'
  return { username, password, isToken }
}

function jaasOptions(line: Secret | undefined): ReadonlyMap<string, string> {
  if (!line) return new Map()
  const jaas = parseJaas(line.reveal())
  if (jaas) return jaas.options
  throw new ConfigError(
    'sasl.jaas.config is not a line of JAAS (its text is not shown here)',
    'write it as in: …ScramLoginModule required username="NAME" password="…";',
  )
}

function bearer(config: ClientConfig, clock: Clock, random: Random): SaslMechanism {
  const { saslOauthbearerToken: give, saslOauthbearerMethod: method } = config
  const wantsOidc = method === 'oidc' || config.saslOauthbearerTokenEndpointUrl !== undefined
  if (give && wantsOidc) {
    throw new ConfigError('sasl.oauthbearer.token is set, and so is a token endpoint')
  }
  if (give) {
    const ask = async (signal: AbortSignal) =>
      checkedToken(await asked('sasl.oauthbearer.token', () => give(signal)))
    return oauthBearer(new TokenCache(clock, random, ask))
  }
  if (!wantsOidc) {
    throw new ConfigError(
      'sasl.mechanism is OAUTHBEARER, but there is nowhere to get a token from',
      'set sasl.oauthbearer.token to a function, or sasl.oauthbearer.method to oidc',
    )
  }
  const settings = oidcSettings(config)
  const ask = (signal: AbortSignal) => oidcToken(settings, clock, random, signal)
  return oauthBearer(new TokenCache(clock, random, ask))
}

function oidcSettings(config: ClientConfig): OidcSettings {
  const url = config.saslOauthbearerTokenEndpointUrl
  if (url === undefined) throw lacks('sasl.oauthbearer.token.endpoint.url')
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ConfigError('sasl.oauthbearer.token.endpoint.url is no http or https address')
  }
  const jaas = jaasOptions(config.saslJaasConfig)
  return {
    url,
    grant: grantOf(config, url),
    scope: config.saslOauthbearerScope ?? jaas.get('scope'),
    encodesHeader: config.saslOauthbearerHeaderUrlencode,
    extensions: extensionsOf(config.saslOauthbearerExtensions),
  }
}

function grantOf(config: ClientConfig, url: string): OidcGrant {
  const jaas = jaasOptions(config.saslJaasConfig)
  const id = config.saslOauthbearerClientId ?? jaas.get('clientId')
  const secret = config.saslOauthbearerClientSecret ?? jaas.get('clientSecret')
  if (config.saslOauthbearerGrantType !== 'client_credentials') {
    return { is: 'jwtBearer', by: assertionOf(config, id, url) }
  }
  if (secret !== undefined) {
    if (id === undefined) throw lacks('sasl.oauthbearer.client.id')
    return { is: 'secret', id, secret: secretOf(secret) }
  }
  if (!hasAssertion(config)) throw lacks('sasl.oauthbearer.client.secret')
  return { is: 'clientAssertion', ...(id && { id }), by: assertionOf(config, id, url) }
}

function hasAssertion(config: ClientConfig): boolean {
  const { saslOauthbearerAssertionFile: file } = config
  return (
    (file ??
      config.saslOauthbearerAssertionPrivateKeyFile ??
      config.saslOauthbearerAssertionPrivateKeyPem) !== undefined
  )
}

function assertionOf(config: ClientConfig, id: string | undefined, url: string): AssertionSettings {
  if (!hasAssertion(config)) throw lacks('sasl.oauthbearer.assertion.private.key.file')
  const settings: AssertionSettings = {
    algorithm: config.saslOauthbearerAssertionAlgorithm,
    file: config.saslOauthbearerAssertionFile,
    keyFile: config.saslOauthbearerAssertionPrivateKeyFile,
    key: config.saslOauthbearerAssertionPrivateKeyPem,
    keyPassword: config.saslOauthbearerAssertionPrivateKeyPassphrase,
    keyId: config.saslOauthbearerAssertionKeyId,
    issuer: config.saslOauthbearerAssertionClaimIss ?? id,
    subject: config.saslOauthbearerAssertionClaimSub ?? id,
    audience: config.saslOauthbearerAssertionClaimAud ?? url,
    lifetimeSeconds: config.saslOauthbearerAssertionClaimExpSeconds,
    notBeforeSeconds: config.saslOauthbearerAssertionClaimNbfSeconds,
  }
  return settings
}

function extensionsOf(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined
  const pairs = text.split(',').map(pair => {
    const at = pair.indexOf('=')
    if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const
    throw new ConfigError('sasl.oauthbearer.extensions must be name=value,name=value')
  })
  return Object.fromEntries(pairs)
}

function lacks(setting: string): ConfigError {
  return new ConfigError(`OAUTHBEARER by OIDC needs ${setting}, which is missing`)
}
