import { SaslFailure, type SaslMechanism } from './mechanism.ts'
import type { Token } from './token-cache.ts'

/** Who knows the token of now. */
export interface TokenSource {
  get(signal: AbortSignal): Promise<Token>
  forget(token: Token): void
}

const SEPARATOR = '\x01'
const LONGEST_STATUS = 200

/** Shows a bearer token (RFC 7628, KIP-255), with its extensions if there are any (KIP-342). */
export function oauthBearer(source: TokenSource): SaslMechanism {
  return {
    name: 'OAUTHBEARER',
    hint: 'has the token expired, and does the broker know its issuer, audience and key?',
    mayChange: true,
    async authenticate({ send, signal }) {
      const token = await source.get(signal)
      const message = initialMessage(token)
      try {
        const challenge = await send(message)
        if (challenge.length === 0) return
        // The broker says why it refuses, and wants one more message before it does.
        const reason = statusOf(challenge)
        await send(Buffer.from(SEPARATOR))
        throw new SaslFailure('SASL_AUTHENTICATION_FAILED', `the broker refused: ${reason}`)
      } catch (error) {
        source.forget(token)
        throw error
      }
    },
  }
}

/** Checks what a token function or a provider gave; what it says never shows in an error. */
export function checkedToken(given: unknown): Token {
  const token = typeof given === 'string' ? { value: given } : given
  if (!isToken(token)) {
    throw new SaslFailure(
      'CREDENTIALS_UNAVAILABLE',
      'no token was given',
      'it must be a text, or { value, expiresAt (milliseconds since 1970), extensions }',
    )
  }
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(token.value)) {
    throw new SaslFailure('BAD_CREDENTIALS', 'the token has characters that no bearer token has')
  }
  for (const [name, value] of Object.entries(token.extensions ?? {})) {
    if (!/^[A-Za-z]+$/.test(name) || name === 'auth' || !/^[\x20-\x7e\t\r\n]*$/.test(value)) {
      throw new SaslFailure(
        'BAD_CREDENTIALS',
        `the extension ${JSON.stringify(name)} can't be sent`,
      )
    }
  }
  return { ...token, expiresAt: token.expiresAt ?? expiryOf(token.value) }
}

/** When a token ends that is a JWT and says so; its signature is for the broker to check. */
export function expiryOf(value: string): number | undefined {
  const [, payload = '', signature] = value.split('.')
  if (signature === undefined) return undefined
  const claims = parsed(Buffer.from(payload, 'base64url').toString('utf8'))
  if (typeof claims !== 'object' || claims === null || !('exp' in claims)) return undefined
  const { exp } = claims
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined
}

function initialMessage({ value, extensions = {} }: Token): Buffer {
  const pairs = Object.entries(extensions).map(([name, text]) => `${name}=${text}${SEPARATOR}`)
  return Buffer.from(`n,,${SEPARATOR}auth=Bearer ${value}${SEPARATOR}${pairs.join('')}${SEPARATOR}`)
}

function statusOf(challenge: Buffer): string {
  const answer = parsed(challenge.toString('utf8', 0, 4096))
  const status =
    typeof answer === 'object' && answer !== null && 'status' in answer ? answer.status : undefined
  return typeof status === 'string' ? status.slice(0, LONGEST_STATUS) : 'without a reason'
}

function isToken(given: unknown): given is Token {
  if (typeof given !== 'object' || given === null || !('value' in given)) return false
  const { value, expiresAt, extensions } = given as Partial<Record<keyof Token, unknown>>
  if (typeof value !== 'string') return false
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) return false
  const texts = typeof extensions === 'object' && extensions ? Object.values(extensions) : []
  return texts.every(text => typeof text === 'string')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
