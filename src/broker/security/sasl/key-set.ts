import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../../base/clock.ts'
import type { OAuthBearerOptions } from '../options.ts'
import { fromJwk, type JwkEntry, keyOf, type TokenRules } from './jwt.ts'

const CLOCK_SKEW_MS = 30_000
/** A token may name any key: whoever gives us the keys must not be asked for each. */
const SHORTEST_REST_MS = 1000

export function tokenRules(options: OAuthBearerOptions, clock: Clock): TokenRules {
  const { audience = [] } = options
  return {
    keysFor: keySource(options, clock),
    issuer: options.issuer,
    audiences: typeof audience === 'string' ? [audience] : audience,
    subjectClaim: options.subjectClaim ?? 'sub',
    clockSkewMs: options.clockSkewMs ?? CLOCK_SKEW_MS,
  }
}

function keySource({ key, jwks }: OAuthBearerOptions, clock: Clock): TokenRules['keysFor'] {
  if (key !== undefined) {
    const only = [keyOf(key)]
    return async () => only
  }
  let known: readonly KnownKey[] = typeof jwks === 'object' ? readable(jwks.keys) : []
  let askedAt = Number.NEGATIVE_INFINITY
  return async kid => {
    const isOld = clock.now() - askedAt >= SHORTEST_REST_MS
    if (typeof jwks === 'function' && isOld && matching(known, kid).length === 0) {
      askedAt = clock.now()
      const { keys } = await jwks()
      known = readable(keys)
    }
    return matching(known, kid)
  }
}

interface KnownKey {
  readonly kid: string | undefined
  readonly key: KeyObject
}

function matching(known: readonly KnownKey[], kid: string | undefined): KeyObject[] {
  return known.filter(each => kid === undefined || each.kid === kid).map(({ key }) => key)
}

/** A set may hold keys of kinds that we don't know; they sign nothing that we take. */
function readable(keys: readonly JwkEntry[]): KnownKey[] {
  return keys.flatMap(jwk => {
    try {
      return [{ kid: jwk.kid, key: fromJwk(jwk) }]
    } catch {
      return []
    }
  })
}
