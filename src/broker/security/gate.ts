import type { Clock } from '../../base/clock.ts'
import type { SaslOptions } from './options.ts'
import { tokenRules } from './sasl/key-set.ts'
import type { ServerMechanism } from './sasl/mechanism.ts'
import { oauthBearerServer } from './sasl/oauthbearer.ts'
import { plainServer } from './sasl/plain.ts'
import { scramServer } from './sasl/scram.ts'
import type { ScramMechanismName } from './sasl/scram-credential.ts'
import type { ScramUsers } from './sasl/scram-users.ts'

/** How a listener asks who comes. */
export interface Gate {
  /** The listener's name. */
  readonly listener: string
  /** Undefined where it does not ask. */
  readonly sasl: SaslGate | undefined
}

export interface SaslGate {
  readonly mechanisms: ReadonlyMap<string, ServerMechanism>
  /** The longest session, or Infinity. */
  readonly maxReauthMs: number
  /** How long somebody who was refused is kept waiting, so that guessing takes time. */
  readonly failureDelayMs: number
}

/** Kafka's `connection.failed.authentication.delay.ms`. */
const FAILURE_DELAY_MS = 100

export function saslGate(options: SaslOptions, users: ScramUsers, clock: Clock): SaslGate {
  const { PLAIN, OAUTHBEARER, ...others } = options.mechanisms
  const scram: readonly ScramMechanismName[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512']
  const mechanisms = [
    ...(PLAIN ? [plainServer(PLAIN.users)] : []),
    ...scram.flatMap(name => (others[name] ? [scramServer(name, users)] : [])),
    ...(OAUTHBEARER ? [oauthBearerServer(tokenRules(OAUTHBEARER, clock), clock)] : []),
  ]
  return {
    mechanisms: new Map(mechanisms.map(mechanism => [mechanism.name, mechanism])),
    maxReauthMs: options.maxReauthMs || Number.POSITIVE_INFINITY,
    failureDelayMs: options.failureDelayMs ?? FAILURE_DELAY_MS,
  }
}
