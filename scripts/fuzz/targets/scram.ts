import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { type Random, randomBelow } from '../../../src/base/random.ts'
import { scramServer } from '../../../src/broker/security/sasl/scram.ts'
import { credentialOfSalted } from '../../../src/broker/security/sasl/scram-credential.ts'
import { ScramUsers } from '../../../src/broker/security/sasl/scram-users.ts'
import { SaslFailure } from '../../../src/net/sasl/mechanism.ts'
import { scram } from '../../../src/net/sasl/scram.ts'
import { readServerFinal, readServerFirst } from '../../../src/net/sasl/scram-messages.ts'
import { mutated } from '../mutate.ts'
import type { Specimen, Target } from '../target.ts'

const [PASSWORD, SALT, ITERATIONS] = ['fuzz-password', Buffer.alloc(16, 7), 4096]
const NONCE = 'rOprNGfwEbeRWgbNEkqO'
const salted = pbkdf2Sync(PASSWORD, SALT, ITERATIONS, 32, 'sha256')
const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** A message of SCRAM: its attributes begin after commas, their values after `=`. */
function said(text: string): Specimen {
  const marks = [...text.matchAll(/(?<=[,=])/g)].map(({ index }) => index)
  return { bytes: Buffer.from(text), marks: [0, ...marks] }
}

const firsts = [
  `r=${NONCE}SERVER,s=${SALT.toString('base64')},i=4096`,
  `r=${NONCE}x,s=QSXCR+Q6sek8bf92,i=8192,ext=1`,
  `m=must,r=${NONCE}x,s=QSXCR+Q6sek8bf92,i=4096`,
  'e=unknown-user',
].map(said)
const finals = ['v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=', 'e=other-error'].map(said)

function pick(random: Random, among: readonly Specimen[]): Specimen {
  return among[randomBelow(random, among.length)]!
}

/** What a server says, to the client: a first message, and a last one after its length. */
export const scramClientTarget: Target = {
  name: 'scram-client',
  weight: 4,
  mayAllocate: input => 65_536 + 8 * input.length,
  input(random) {
    const first = mutated(pick(random, firsts), random, () => pick(random, finals))
    const final = mutated(pick(random, finals), random, () => pick(random, firsts))
    const size = Buffer.alloc(2)
    size.writeUInt16BE(Math.min(first.length, 65_535))
    return Buffer.concat([size, first.subarray(0, 65_535), final])
  },
  async feed(input) {
    const size = input.readUInt16BE()
    const messages = [input.subarray(2, 2 + size), input.subarray(2 + size)]
    const isCheap = orRefused(() => {
      // Beyond this, the count is right but costs what a thousand other inputs do.
      return readServerFirst(messages[0]!, NONCE).iterations <= 2 * ITERATIONS
    })
    orRefused(() => readServerFinal(messages[1]!))
    // An exchange to its end takes the key: one in a hundred of those that would.
    if (!isCheap || input.at(-1)! % 100 !== 0) return
    const mechanism = scram('SCRAM-SHA-256', { username: 'u', password: PASSWORD }, () => NONCE)
    const { signal } = new AbortController()
    let turn = 0
    const send = async () => messages[turn++]!
    const failure = await mechanism.authenticate({ host: 'h', port: 1, signal, send }).then(
      () => new Error('nobody who does not know the password can sign'),
      (error: unknown) => error,
    )
    if (!(failure instanceof SaslFailure)) throw failure
  },
}

function orRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SaslFailure) return undefined
    throw error
  }
}

const users = new ScramUsers()
for (const name of ['alice', 'a,b=c']) {
  const credential = credentialOfSalted('SCRAM-SHA-256', salted, SALT, ITERATIONS)
  users.set(name, 'SCRAM-SHA-256', credential)
}
const server = scramServer('SCRAM-SHA-256', users)

const openings = [
  `n,,n=alice,r=${NONCE}`,
  `n,a=alice,n=alice,r=${NONCE}`,
  `n,,n=a=2Cb=3Dc,r=${NONCE}`,
  `n,,n=alice,r=${NONCE},tokenauth=true`,
  `n,,n=nobody,r=${NONCE}`,
].map(said)

/** The proof of somebody who knows the password. */
function proven(first: string, challenge: string): { text: string; proof: Buffer } {
  const nonce = /^r=([^,]*)/.exec(challenge)?.[1] ?? ''
  const [header = '', bare = ''] = first.split(/(?<=^n,[^,]*,)/)
  const text = `c=${Buffer.from(header).toString('base64')},r=${nonce}`
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash('sha256').update(clientKey).digest()
  const signature = hmac(storedKey, `${bare},${challenge},${text}`)
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!))
  return { text: `${text},p=${proof.toString('base64')}`, proof }
}

/**
 * What a client says, to the server. The proof depends on the server's nonce, so that it is made
 * here, and made wrong with the chance that the input's last four bytes give.
 */
export const scramServerTarget: Target = {
  name: 'scram-server',
  weight: 3,
  mayAllocate: input => 65_536 + 8 * input.length,
  input(random) {
    const seed = Buffer.alloc(4)
    seed.writeUInt32BE(randomBelow(random, 2 ** 32))
    return Buffer.concat([
      mutated(pick(random, openings), random, () => pick(random, firsts)),
      seed,
    ])
  },
  async feed(input) {
    const first = input.subarray(0, -4)
    const exchange = server.begin()
    const step = await exchange.respond(first)
    if (step.is === 'done') throw new Error('accepted without a proof')
    if (step.is === 'refused') return
    const { text, proof } = proven(first.toString('utf8'), step.challenge.toString('utf8'))
    const random = seededBy(input)
    const final = mutated(said(text), random, () => pick(random, finals))
    const last = await exchange.respond(final)
    if (last.is !== 'done') return
    const shown = /,p=([^,]*)$/.exec(final.toString('utf8'))?.[1] ?? ''
    if (!Buffer.from(shown, 'base64').equals(proof)) throw new Error('accepted by a wrong proof')
    const again = await exchange.respond(final)
    if (again.is !== 'refused') throw new Error('accepted twice')
  },
}

function seededBy(input: Buffer): Random {
  let state = input.readUInt32BE(input.length - 4)
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
