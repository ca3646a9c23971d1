import { SaslFailure } from './mechanism.ts'

/** The server's first message: what the proof is to be made with. */
export interface ServerFirst {
  readonly nonce: string
  readonly salt: Buffer
  readonly iterations: number
}

/** RFC 7677 asks for at least so many; fewer would make a stolen exchange cheap to guess from. */
export const LEAST_ITERATIONS = 4096
/** More would let a peer keep our processor busy; Kafka itself stores at most 16384. */
export const MOST_ITERATIONS = 1_000_000
/** Longer than any server's first or last message needs to be. */
const LONGEST_MESSAGE = 8 * 1024
const LONGEST_WORDS = 200

/** A name between commas: `,` and `=` are written `=2C` and `=3D` (RFC 5802, 5.1). */
export function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

/** Reads `r=nonce,s=salt,i=iterations`; extensions that are not mandatory are passed over. */
export function readServerFirst(message: Buffer, clientNonce: string): ServerFirst {
  const [first, ...rest] = attributes(message)
  if (first?.name === 'm') {
    throw nonsense('demands an extension that we do not know', 'it must not, to a Kafka client')
  }
  if (first?.name === 'e') throw refused(first.value)
  const [salt, iterations] = rest
  if (first?.name !== 'r' || salt?.name !== 's' || iterations?.name !== 'i') {
    throw nonsense('sent no nonce, salt and iteration count where they belong')
  }
  const nonce = first.value
  if (!nonce.startsWith(clientNonce) || nonce.length === clientNonce.length) {
    throw nonsense('answered with a nonce that does not go on from ours', 'is somebody in between?')
  }
  if (!/^[\x21-\x2b\x2d-\x7e]+$/.test(nonce)) throw nonsense('sent a nonce that is not printable')
  return { nonce, salt: base64(salt.value, 'salt'), iterations: iterationCount(iterations.value) }
}

/** Reads `v=signature`, or the server's reason in `e=`. */
export function readServerFinal(message: Buffer): Buffer {
  const [first] = attributes(message)
  if (first?.name === 'e') throw refused(first.value)
  if (first?.name !== 'v') throw nonsense('did not prove that it knows our password')
  return base64(first.value, 'signature')
}

interface Attribute {
  readonly name: string
  readonly value: string
}

function attributes(message: Buffer): Attribute[] {
  if (message.length > LONGEST_MESSAGE) {
    throw nonsense(`sent a message of ${message.length} bytes, where ${LONGEST_MESSAGE} are plenty`)
  }
  const text = message.toString('utf8')
  return text.split(',').map(part => {
    if (!/^[a-zA-Z]=/.test(part)) throw nonsense('sent what is no attribute of SCRAM')
    return { name: part[0]!, value: part.slice(2) }
  })
}

function base64(text: string, what: string): Buffer {
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
  if (!isBase64) throw nonsense(`sent a ${what} that is not base64`)
  return Buffer.from(text, 'base64')
}

function iterationCount(text: string): number {
  const count = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0
  if (count >= LEAST_ITERATIONS && count <= MOST_ITERATIONS) return count
  const shown = /^\d{1,20}$/.test(text) ? text : 'something else'
  throw nonsense(
    `asks for ${shown} iterations, where ${LEAST_ITERATIONS} to ${MOST_ITERATIONS} are allowed`,
  )
}

function nonsense(what: string, hint?: string): SaslFailure {
  return new SaslFailure('BAD_SCRAM_MESSAGE', `the broker ${what}`, hint)
}

function refused(reason: string): SaslFailure {
  const words = reason.replace(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_WORDS)
  const hint = 'are sasl.username and sasl.password right?'
  return new SaslFailure('SASL_AUTHENTICATION_FAILED', `the broker refused: ${words}`, hint)
}
