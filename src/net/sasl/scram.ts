import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import {
  type Credentials,
  type CredentialsSource,
  currentCredentials,
  SaslFailure,
  type SaslMechanism,
} from './mechanism.ts'
import { readServerFinal, readServerFirst, saslName } from './scram-messages.ts'

export type ScramMechanismName = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

/** The hash of each mechanism, and how long it is. */
export const scramHashes = {
  'SCRAM-SHA-256': { name: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { name: 'sha512', bytes: 64 },
} as const

// No channel binding: Kafka has none.
const GS2_HEADER = 'n,,'
const deriveKey = promisify(pbkdf2)

/**
 * Proves that we know a password without saying it, and that the broker knows it too (RFC 5802,
 * RFC 7677). Name and password go as UTF-8 as they stand, as Kafka's own tools store them: a
 * normalised password would not be the one that is stored. `nonce` is for tests alone.
 */
export function scram(
  name: ScramMechanismName,
  source: CredentialsSource,
  nonce: () => string = () => randomBytes(24).toString('base64'),
): SaslMechanism {
  return {
    name,
    hint: 'are sasl.username and sasl.password right, and was the user made for this mechanism?',
    mayChange: typeof source === 'function',
    async authenticate({ send }) {
      const credentials = await currentCredentials(source)
      const clientNonce = nonce()
      const clientFirst = firstMessage(credentials, clientNonce)
      const serverFirst = await send(Buffer.from(`${GS2_HEADER}${clientFirst}`))
      const agreed = readServerFirst(serverFirst, clientNonce)
      const withoutProof = `c=${Buffer.from(GS2_HEADER).toString('base64')},r=${agreed.nonce}`
      const exchanged = `${clientFirst},${serverFirst.toString('utf8')},${withoutProof}`
      const { proof, signature } = await prove(name, credentials.password, agreed, exchanged)
      const serverFinal = await send(Buffer.from(`${withoutProof},p=${proof.toString('base64')}`))
      const theirs = readServerFinal(serverFinal)
      if (theirs.length === signature.length && timingSafeEqual(theirs, signature)) return
      throw new SaslFailure(
        'BAD_SERVER_SIGNATURE',
        'the broker accepted us, but does not know the password itself',
        'it may be an impostor: use TLS, and look where this address leads',
      )
    },
  }
}

function firstMessage({ username, isToken }: Credentials, nonce: string): string {
  return `n=${saslName(username)},r=${nonce}${isToken ? ',tokenauth=true' : ''}`
}

interface Agreed {
  readonly salt: Buffer
  readonly iterations: number
}

/** Our proof, and the signature that the broker must then show; derived off the event loop. */
async function prove(name: ScramMechanismName, password: string, agreed: Agreed, text: string) {
  const hash = scramHashes[name]
  const { salt, iterations } = agreed
  const salted = await deriveKey(password, salt, iterations, hash.bytes, hash.name)
  const hmac = (key: Buffer, data: string | Buffer) =>
    createHmac(hash.name, key).update(data).digest()
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash(hash.name).update(clientKey).digest()
  const proof = hmac(storedKey, text)
  for (let i = 0; i < proof.length; i++) proof[i]! ^= clientKey[i]!
  return { proof, signature: hmac(hmac(salted, 'Server Key'), text) }
}
