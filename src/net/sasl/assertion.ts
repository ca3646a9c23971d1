import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Secret } from '../../base/secret.ts'
import { asError } from '../../errors.ts'
import { SaslFailure } from './mechanism.ts'

/** A JWT that we sign to prove to a provider who we are (RFC 7523, KIP-1139, KIP-1258). */
export interface AssertionSettings {
  readonly algorithm: 'RS256' | 'ES256'
  /** A ready one in a file, which somebody else keeps fresh; the rest is then not used. */
  readonly file?: string | undefined
  readonly keyFile?: string | undefined
  readonly key?: Secret | undefined
  readonly keyPassword?: Secret | undefined
  readonly keyId?: string | undefined
  readonly issuer?: string | undefined
  readonly subject?: string | undefined
  readonly audience?: string | undefined
  readonly lifetimeSeconds: number
  readonly notBeforeSeconds: number
}

/** The assertion of now: files are read each time, so that new ones are used at once. */
export function assertion(settings: AssertionSettings, epochMs: number): string {
  const { file, algorithm, issuer, subject, audience } = settings
  if (file !== undefined) return contentOf('sasl.oauthbearer.assertion.file', file).trim()
  const seconds = Math.floor(epochMs / 1000)
  const header = { alg: algorithm, typ: 'JWT', ...(settings.keyId && { kid: settings.keyId }) }
  const claims = {
    ...(issuer && { iss: issuer }),
    ...(subject && { sub: subject }),
    ...(audience && { aud: audience }),
    iat: seconds,
    nbf: seconds - settings.notBeforeSeconds,
    exp: seconds + settings.lifetimeSeconds,
    jti: randomUUID(),
  }
  const text = `${encoded(header)}.${encoded(claims)}`
  const key = privateKey(settings)
  // A JWT has the two numbers of an ECDSA signature side by side, without the DER about them.
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function privateKey({ algorithm, keyFile, key, keyPassword }: AssertionSettings): KeyObject {
  const setting = 'sasl.oauthbearer.assertion.private.key.file'
  const pem = key?.reveal() ?? contentOf(setting, keyFile ?? '')
  const wanted = algorithm === 'RS256' ? 'rsa' : 'ec'
  const passphrase = keyPassword?.reveal()
  let found: KeyObject
  try {
    found = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) })
  } catch (thrown) {
    const code = 'code' in asError(thrown) ? ` (${Object(thrown).code})` : ''
    throw new SaslFailure(
      'BAD_CREDENTIALS',
      `the private key of the assertion can't be read${code}`,
      'it must be PEM; is sasl.oauthbearer.assertion.private.key.passphrase right?',
    )
  }
  if (found.asymmetricKeyType === wanted) return found
  throw new SaslFailure(
    'BAD_CREDENTIALS',
    `${algorithm} needs a key of type ${wanted}, this one is ${found.asymmetricKeyType}`,
    'see sasl.oauthbearer.assertion.algorithm',
  )
}

function contentOf(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    const { message } = asError(thrown)
    throw new SaslFailure('BAD_CREDENTIALS', `${setting} can't be read: ${message}`)
  }
}
