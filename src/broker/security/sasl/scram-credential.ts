import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { type ScramMechanismName, scramHashes } from '../../../net/sasl/scram.ts'

export type { ScramMechanismName }

/** What a server knows of a password: enough to check a proof, too little to make one. */
export interface ScramCredential {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** What Kafka takes; the least is RFC 7677's. */
export const ITERATIONS = { least: 4096, most: 16_384 } as const

/** Kafka's numbers of the mechanisms. */
export const SCRAM_MECHANISMS: readonly {
  readonly name: ScramMechanismName
  readonly id: number
}[] = [
  { name: 'SCRAM-SHA-256', id: 1 },
  { name: 'SCRAM-SHA-512', id: 2 },
]

const SALT_BYTES = 24
const derive = promisify(pbkdf2)

/** A new credential for a password, under a salt of its own; derived off the event loop. */
export async function credentialOf(
  mechanism: ScramMechanismName,
  password: string,
): Promise<ScramCredential> {
  const { name, bytes } = scramHashes[mechanism]
  const salt = randomBytes(SALT_BYTES)
  const iterations = ITERATIONS.least
  const salted = await derive(password, salt, iterations, bytes, name)
  return credentialOfSalted(mechanism, salted, salt, iterations)
}

/** The credential for a password that the other side has salted already (KIP-554). */
export function credentialOfSalted(
  mechanism: ScramMechanismName,
  salted: Buffer,
  salt: Buffer,
  iterations: number,
): ScramCredential {
  const { name } = scramHashes[mechanism]
  const hmac = (text: string) => createHmac(name, salted).update(text).digest()
  const storedKey = createHash(name).update(hmac('Client Key')).digest()
  return { salt, iterations, storedKey, serverKey: hmac('Server Key') }
}
