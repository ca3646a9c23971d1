import { readFileSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import {
  count,
  duration,
  flag,
  list,
  OptionProblem,
  type OptionsInput,
  type Parsed,
  parseOptions,
  text,
  thing,
} from '../../base/options.ts'
import { ConfigError } from '../../errors.ts'

/** TLS settings as Node takes them: `ca`, `cert`, `key`, `passphrase`, `pfx` ... */
export interface RegistryTls extends SecureContextOptions {
  /** False trusts any certificate: for tests alone. */
  readonly rejectUnauthorized?: boolean
  readonly servername?: string
}

/** A token, or what fetches one whenever the last has run out or was refused. */
export type TokenSource = string | (() => string | Promise<string>)

const isTokenSource = (value: unknown): value is TokenSource =>
  typeof value === 'function' || (typeof value === 'string' && value !== '')
const isTls = (value: unknown): value is RegistryTls => typeof value === 'object' && value !== null

const optionalText = (about: string, alias: readonly string[] = []) =>
  text<string | undefined>({ default: undefined, about, alias })

/** Every setting of the registry's client, under Confluent's names where there is one. */
export const registryOptions = {
  'schema.registry.url': list({
    default: [],
    alias: ['url', 'urls'],
    about: 'Where the registry is; several are tried in turn when one is down.',
  }),
  context: optionalText(
    'The registry context, such as `.staging`, that plain subjects and ids belong to.',
  ),
  'basic.auth.user.info': optionalText('`user:password` for HTTP basic authentication.'),
  'bearer.auth.token': thing<TokenSource | undefined>({
    default: undefined,
    about: 'A bearer token, or a function that fetches one.',
    allowed: 'a text or a function that gives one',
    is: isTokenSource,
  }),
  'bearer.auth.issuer.endpoint.url': optionalText(
    'Where OAuth 2 client credentials are exchanged for a token.',
  ),
  'bearer.auth.client.id': optionalText('The OAuth 2 client id.'),
  'bearer.auth.client.secret': optionalText('The OAuth 2 client secret.'),
  'bearer.auth.scope': optionalText('The OAuth 2 scope to ask for.'),
  'bearer.auth.logical.cluster': optionalText('Sent as `target-sr-cluster` (Confluent Cloud).'),
  'bearer.auth.identity.pool.id': optionalText(
    'Sent as `Confluent-Identity-Pool-Id` (Confluent Cloud).',
  ),
  'ssl.ca.location': optionalText('A PEM file of the authorities that sign the server.'),
  'ssl.certificate.location': optionalText('A PEM file with our certificate (mutual TLS).'),
  'ssl.key.location': optionalText('A PEM file with the key of our certificate.'),
  'ssl.key.password': optionalText('What unlocks that key.'),
  'enable.ssl.certificate.verification': flag({
    default: true,
    about: "False trusts any server's certificate: for tests alone.",
  }),
  tls: thing<RegistryTls | undefined>({
    default: undefined,
    about: 'TLS settings as Node takes them, over the ssl.* settings.',
    allowed: 'an object of TLS settings',
    is: isTls,
  }),
  'request.timeout.ms': duration({
    default: 10_000,
    min: 1,
    max: 600_000,
    about: 'How long one try may take before it is given up.',
  }),
  retries: count({
    default: 3,
    max: 100,
    alias: ['max.retries'],
    about: 'How often a request is tried again, over all URLs, after a fault that may pass.',
  }),
  'retry.backoff.ms': duration({
    default: 50,
    alias: ['retries.wait.ms'],
    about: 'The first wait before another try; it doubles, with jitter.',
  }),
  'retry.backoff.max.ms': duration({
    default: 2_000,
    alias: ['retries.max.wait.ms'],
    about: 'The longest wait before another try.',
  }),
  'schema.cache.size': count({
    default: 1_000,
    min: 1,
    alias: ['cache.capacity'],
    about: 'How many schemas, and how many lookups, are remembered.',
  }),
  'latest.cache.ttl.ms': duration({
    default: 300_000,
    alias: ['cache.latest.ttl.ms'],
    about: 'How long the latest version of a subject is taken for the latest.',
  }),
}

/** Settings of a registry's client: docs/configuration.md has them all. */
export type RegistryConfig = OptionsInput<typeof registryOptions>
export type RegistrySettings = Parsed<typeof registryOptions>

/** Checks what the user gave; throws a ConfigError that says what to write instead. */
export function configureRegistry(config: RegistryConfig): RegistrySettings {
  const settings = parsed(config)
  if (settings.schemaRegistryUrl.length === 0) {
    throw new ConfigError('schema.registry.url is missing', 'such as http://localhost:8081')
  }
  for (const url of settings.schemaRegistryUrl) checkUrl(url)
  if (settings.basicAuthUserInfo !== undefined && !settings.basicAuthUserInfo.includes(':')) {
    throw new ConfigError('basic.auth.user.info must be user:password')
  }
  const oauth = [
    settings.bearerAuthIssuerEndpointUrl,
    settings.bearerAuthClientId,
    settings.bearerAuthClientSecret,
  ]
  if (oauth.some(Boolean) && !oauth.every(Boolean)) {
    throw new ConfigError(
      'OAuth needs bearer.auth.issuer.endpoint.url, bearer.auth.client.id and bearer.auth.client.secret together',
    )
  }
  const ways = [settings.basicAuthUserInfo, settings.bearerAuthToken, oauth[0]].filter(Boolean)
  if (ways.length > 1) throw new ConfigError('give one of basic, bearer or OAuth credentials')
  return settings
}

/** The TLS settings for Node, from files and from what was given directly. */
export function tlsOf(settings: RegistrySettings): RegistryTls {
  const file = (path: string | undefined, name: string) => {
    if (path === undefined) return undefined
    try {
      return readFileSync(path)
    } catch (cause) {
      throw new ConfigError(`can't read ${path}, which ${name} names: ${String(cause)}`)
    }
  }
  const ca = file(settings.sslCaLocation, 'ssl.ca.location')
  const cert = file(settings.sslCertificateLocation, 'ssl.certificate.location')
  const key = file(settings.sslKeyLocation, 'ssl.key.location')
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(settings.sslKeyPassword !== undefined && { passphrase: settings.sslKeyPassword }),
    rejectUnauthorized: settings.enableSslCertificateVerification,
    ...settings.tls,
  }
}

function parsed(config: RegistryConfig): RegistrySettings {
  try {
    return parseOptions(registryOptions, config).values
  } catch (error) {
    if (error instanceof OptionProblem) throw new ConfigError(error.message, error.hint)
    throw error
  }
}

function checkUrl(url: string): void {
  const known = URL.canParse(url) ? new URL(url).protocol : ''
  if (known !== 'http:' && known !== 'https:') {
    throw new ConfigError(
      `schema.registry.url must be http://host:port or https://host:port, got "${url}"`,
    )
  }
}
