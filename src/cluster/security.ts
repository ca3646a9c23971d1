import type { Clock, Timer } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { ConfigError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Connection } from '../net/connection.ts'
import { authenticate } from '../net/sasl/authenticate.ts'
import type { SaslMechanism } from '../net/sasl/mechanism.ts'
import { tlsDial } from '../net/tls.ts'
import { TlsRecipes, type TlsSettings } from '../net/tls-recipe.ts'
import type { Address, Dial } from '../net/transport.ts'
import { mechanismOf } from './mechanisms.ts'
import type { ClientConfig } from './options.ts'

/** How often files with certificates and keys are looked at. */
const FILE_CHECK_MS = 5_000

export interface SecurityParts {
  readonly config: ClientConfig
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** How to dial where TLS is not wanted. */
  readonly dial: Dial
}

/**
 * How the connections of a client are protected, and how they say who we are.
 *
 * A refusal before anything was ever accepted is a mistake in the settings: it is final, so that
 * the program hears of it at once. After a success it may be a rotation half done: where a file, a
 * function or a provider may give something else next time, it is retriable.
 */
export class Security {
  readonly dial: Dial
  /** Proves who we are over a new connection; undefined where the protocol has no SASL. */
  readonly authenticate: ((connection: Connection, address: Address) => Promise<number>) | undefined
  readonly #recipes: TlsRecipes | undefined
  readonly #clock: Clock
  #watch: Timer | undefined
  #accepted = false

  constructor({ config, clock, random, logger, dial }: SecurityParts) {
    const { securityProtocol: protocol } = config
    const usesTls = protocol === 'ssl' || protocol === 'sasl_ssl'
    const usesSasl = protocol.startsWith('sasl_')
    this.#clock = clock
    refuseUnused(config, usesTls, usesSasl)
    if (usesTls) {
      const warn = (error: Error) => logger.log('warn', 'tls.files.unusable', { error })
      this.#recipes = new TlsRecipes(tlsSettings(config), () => this.#accepted, warn)
    }
    const recipes = this.#recipes
    this.dial = recipes
      ? tlsDial({
          recipeFor: (address, signal) => recipes.recipeFor(address, signal),
          mayHeal: () => this.#accepted,
        })
      : dial
    this.authenticate = usesSasl ? this.#saslWith(mechanismOf(config, clock, random)) : undefined
  }

  /** A broker has accepted us. */
  accepted(): void {
    this.#accepted = true
  }

  /** Calls `changed` each time that files brought a new certificate, key or authority. */
  watch(changed: () => void): void {
    const recipes = this.#recipes
    if (!recipes?.usesFiles) return
    let { generation } = recipes
    const look = () => {
      const now = recipes.generation
      if (now !== generation) changed()
      generation = now
      this.#watch = this.#clock.after(FILE_CHECK_MS, look)
      this.#watch.unref()
    }
    look()
  }

  close(): void {
    this.#watch?.cancel()
  }

  #saslWith(mechanism: SaslMechanism): NonNullable<Security['authenticate']> {
    const mayHeal = () => this.#accepted && mechanism.mayChange !== false
    const parts = { mechanism, clock: this.#clock, mayHeal }
    return (connection, address) => authenticate(connection, address, parts)
  }
}

function tlsSettings(config: ClientConfig): TlsSettings {
  const { sslCaLocation: caFile, sslCaPem: ca } = config
  const { sslCertificateLocation: certificateFile, sslCertificatePem: certificate } = config
  const { sslKeyLocation: keyFile, sslKeyPem: key, sslKeystoreLocation: keystoreFile } = config
  onlyOne('ssl.ca.location', caFile, 'ssl.ca.pem', ca)
  onlyOne('ssl.certificate.location', certificateFile, 'ssl.certificate.pem', certificate)
  onlyOne('ssl.key.location', keyFile, 'ssl.key.pem', key)
  onlyOne('ssl.keystore.location', keystoreFile, 'a certificate', certificateFile ?? certificate)
  onlyOne('ssl.keystore.location', keystoreFile, 'a key', keyFile ?? key)
  const hasCertificate = (certificateFile ?? certificate) !== undefined
  const hasKey = (keyFile ?? key) !== undefined
  if (hasCertificate !== hasKey) {
    const [has, lacks] = hasKey ? ['key', 'certificate'] : ['certificate', 'key']
    throw new ConfigError(
      `ssl.${has} is set without its ${lacks}`,
      `set ssl.${lacks}.location (or ssl.${lacks}.pem) too`,
    )
  }
  return {
    caFile,
    ca,
    certificateFile,
    certificate,
    keyFile,
    key,
    keystoreFile,
    keyPassword: config.sslKeyPassword,
    keystorePassword: config.sslKeystorePassword,
    ciphers: config.sslCipherSuites,
    verifiesBroker: config.enableSslCertificateVerification,
    verifiesHost: config.sslEndpointIdentificationAlgorithm === 'https',
    own: config.sslOptions,
  }
}

function onlyOne(first: string, one: unknown, second: string, other: unknown): void {
  if (one === undefined || other === undefined) return
  throw new ConfigError(`${first} and ${second} are both set`, 'give one of them')
}

/** Who gives a password believes that it is used: better to say that it is not. */
function refuseUnused(config: ClientConfig, usesTls: boolean, usesSasl: boolean): void {
  const { securityProtocol: protocol } = config
  const tls = {
    'ssl.ca.location': config.sslCaLocation,
    'ssl.ca.pem': config.sslCaPem,
    'ssl.certificate.location': config.sslCertificateLocation,
    'ssl.certificate.pem': config.sslCertificatePem,
    'ssl.key.location': config.sslKeyLocation,
    'ssl.key.pem': config.sslKeyPem,
    'ssl.keystore.location': config.sslKeystoreLocation,
    'ssl.options': config.sslOptions,
  }
  const sasl = {
    'sasl.mechanism': config.saslMechanism,
    'sasl.username': config.saslUsername,
    'sasl.password': config.saslPassword,
    'sasl.credentials': config.saslCredentials,
    'sasl.jaas.config': config.saslJaasConfig,
    'sasl.oauthbearer.token': config.saslOauthbearerToken,
    'sasl.oauthbearer.token.endpoint.url': config.saslOauthbearerTokenEndpointUrl,
  }
  const unused = { ...(usesTls ? {} : tls), ...(usesSasl ? {} : sasl) }
  const found = Object.entries(unused).find(([, value]) => value !== undefined)?.[0]
  if (found === undefined) return
  const wanted = found.startsWith('ssl.')
    ? usesSasl
      ? 'sasl_ssl'
      : 'ssl'
    : usesTls
      ? 'sasl_ssl'
      : 'sasl_ssl, or sasl_plaintext where the network is trusted'
  throw new ConfigError(
    `${found} is set, but security.protocol is ${protocol}, which does not use it`,
    `set security.protocol to ${wanted}`,
  )
}
