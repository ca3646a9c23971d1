import {
  createHmac,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { ConfigError } from '../../../errors.ts'

/** A key of a JSON Web Key Set (RFC 7517). */
export interface JwkEntry extends JsonWebKey {
  readonly kid?: string
  readonly alg?: string
}

/** What tokens are checked with, and what they must say. */
export interface TokenRules {
  /** The key by its `kid`, if the token names one. */
  readonly keysFor: (kid: string | undefined) => Promise<readonly KeyObject[]>
  readonly issuer: string | undefined
  readonly audiences: readonly string[]
  /** The claim that names the user. */
  readonly subjectClaim: string
  readonly clockSkewMs: number
}

export interface CheckedToken {
  readonly user: string
  /** In milliseconds since 1970. */
  readonly expiresAt: number
}

type Claims = Readonly<Record<string, unknown>>

const LONGEST_TOKEN = 64 * 1024

/** The signatures that are taken; `none` is not among them. */
const ALGORITHMS: Readonly<Record<string, (key: KeyObject, text: Buffer, sig: Buffer) => boolean>> =
  {
    HS256: (key, text, signature) => {
      if (key.type !== 'secret') return false
      const right = createHmac('sha256', key).update(text).digest()
      return right.length === signature.length && timingSafeEqual(right, signature)
    },
    RS256: (key, text, signature) =>
      key.asymmetricKeyType === 'rsa' && verify('sha256', text, key, signature),
    ES256: (key, text, signature) =>
      key.asymmetricKeyDetails?.namedCurve === 'prime256v1' &&
      verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature),
  }

/** A key of an option: PEM, a JWK, or the secret of HS256. Throws a ConfigError. */
export function keyOf(given: string | Buffer | JwkEntry): KeyObject {
  try {
    if (Buffer.isBuffer(given)) return createSecretKey(given)
    if (typeof given === 'object') return fromJwk(given)
    return given.includes('-----BEGIN') ? createPublicKey(given) : createSecretKey(given, 'utf8')
  } catch {
    // Without the cause, which might repeat the key.
    throw new ConfigError("OAUTHBEARER: the key is no PEM, JWK or secret that Node's crypto reads")
  }
}

export function fromJwk(jwk: JwkEntry): KeyObject {
  if (jwk.kty === 'oct') return createSecretKey(Buffer.from(jwk.k ?? '', 'base64url'))
  return createPublicKey({ key: jwk, format: 'jwk' })
}

/** The user of a token (RFC 7519) that is signed, of now, and meant for us; else undefined. */
export async function checkToken(
  token: string,
  rules: TokenRules,
  nowMs: number,
): Promise<CheckedToken | undefined> {
  if (token.length > LONGEST_TOKEN) return undefined
  const [head = '', payload = '', signature = '', ...rest] = token.split('.')
  const header = jsonOf(head)
  const algorithm = typeof header?.alg === 'string' ? header.alg : ''
  const isRight = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined
  if (rest.length > 0 || !header || !isRight || 'crit' in header) return undefined
  const kid = typeof header.kid === 'string' ? header.kid : undefined
  const text = Buffer.from(`${head}.${payload}`)
  const bytes = Buffer.from(signature, 'base64url')
  const keys = await rules.keysFor(kid)
  if (!keys.some(key => isRight(key, text, bytes))) return undefined
  const claims = jsonOf(payload)
  return claims && judge(claims, rules, nowMs)
}

function judge(claims: Claims, rules: TokenRules, nowMs: number): CheckedToken | undefined {
  const { issuer, audiences, subjectClaim, clockSkewMs } = rules
  const { exp, nbf, iss, aud } = claims
  const user = claims[subjectClaim]
  if (typeof user !== 'string' || user.trim() === '') return undefined
  if (typeof exp !== 'number' || exp * 1000 + clockSkewMs <= nowMs) return undefined
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf * 1000 - clockSkewMs <= nowMs)) {
    return undefined
  }
  if (issuer !== undefined && iss !== issuer) return undefined
  const meant: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (audiences.length > 0 && !audiences.some(each => meant.includes(each))) return undefined
  return { user, expiresAt: exp * 1000 }
}

function jsonOf(part: string): Claims | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? { ...json }
      : undefined
  } catch {
    return undefined
  }
}
