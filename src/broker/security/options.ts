import { ConfigError } from '../../errors.ts'
import type { TlsServerOptions } from '../../net/tls-server.ts'
import type { Address } from '../../net/transport.ts'
import { type JwkEntry, keyOf } from './sasl/jwt.ts'

/** How one listener protects itself: by neither, either or both: Kafka's four protocols. */
export interface ListenerSecurity {
  readonly tls?: TlsServerOptions
  readonly sasl?: SaslOptions
}

/** A listener beside the first one, at each broker. */
export interface ListenerOptions extends ListenerSecurity {
  /** The port at the first broker; the others take those behind it. Default: 0, any free ones. */
  readonly port?: number
  /** The address to listen on. Default: the cluster's `host`. */
  readonly host?: string
  /** What clients are told in place of where it listens, one for each broker. */
  readonly advertised?: readonly Address[]
}

/** Users and passwords by name. */
export interface SaslUsers {
  readonly users: Readonly<Record<string, string>>
}

/**
 * Which ways of logging in a listener offers. Users of SCRAM are the whole cluster's: those given
 * here are made at the start, and `admin.scram` or Kafka's tools can make others.
 */
export interface SaslMechanisms {
  readonly PLAIN?: SaslUsers
  readonly 'SCRAM-SHA-256'?: Partial<SaslUsers>
  readonly 'SCRAM-SHA-512'?: Partial<SaslUsers>
  readonly OAUTHBEARER?: OAuthBearerOptions
}

/** How a listener has its clients log in. */
export interface SaslOptions {
  readonly mechanisms: SaslMechanisms
  /** The longest session (`connections.max.reauth.ms`, KIP-368). Default: 0, without end. */
  readonly maxReauthMs?: number
  /** How long a refusal takes (`connection.failed.authentication.delay.ms`). Default: 100. */
  readonly failureDelayMs?: number
}

/** A JSON Web Key Set (RFC 7517). */
export interface JwkSet {
  readonly keys: readonly JwkEntry[]
}

/** What tokens must be: JWTs, signed by one of the keys (HS256, RS256 or ES256). */
export interface OAuthBearerOptions {
  /** A public key in PEM, a JWK, or the secret of HS256. */
  readonly key?: string | Buffer | JwkEntry
  /** A set of keys; a function is asked when a token names a key that is not known. */
  readonly jwks?: JwkSet | (() => JwkSet | Promise<JwkSet>)
  /** Who must have issued it (`iss`). Default: anybody. */
  readonly issuer?: string
  /** Whom it must be for (`aud`): one of these. Default: anybody. */
  readonly audience?: string | readonly string[]
  /** The claim that names the user. Default: `sub`. */
  readonly subjectClaim?: string
  /** How far clocks may differ, in milliseconds. Default: 30,000. */
  readonly clockSkewMs?: number
}

/** Throws a ConfigError for what no listener can be; `at` names the option. */
export function checkSecurity({ sasl }: ListenerSecurity, at: string): void {
  if (!sasl) return
  const { mechanisms } = sasl
  const known = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER']
  const names = Object.keys(mechanisms)
  const unknown = names.find(name => !known.includes(name))
  if (unknown !== undefined) {
    throw new ConfigError(`${at}: no mechanism ${unknown}; there are ${known.join(', ')}`)
  }
  if (names.length === 0) throw new ConfigError(`${at}: sasl.mechanisms names none`)
  const { key, jwks } = mechanisms.OAUTHBEARER ?? {}
  if (mechanisms.OAUTHBEARER && (key === undefined) === (jwks === undefined)) {
    throw new ConfigError(`${at}: OAUTHBEARER needs either a key or jwks`)
  }
  if (key !== undefined) keyOf(key)
  for (const [name, ms] of Object.entries({
    maxReauthMs: sasl.maxReauthMs,
    failureDelayMs: sasl.failureDelayMs,
  })) {
    if (ms !== undefined && !(Number.isInteger(ms) && ms >= 0)) {
      throw new ConfigError(`${at}: ${name} must be a number of milliseconds, got ${ms}`)
    }
  }
}
