import { createHmac, createSecretKey } from 'node:crypto'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { type Random, randomBelow } from '../../../src/base/random.ts'
import { oauthBearerServer } from '../../../src/broker/security/sasl/oauthbearer.ts'
import { plainServer } from '../../../src/broker/security/sasl/plain.ts'
import { SaslFailure } from '../../../src/net/sasl/mechanism.ts'
import { expiryOf, oauthBearer } from '../../../src/net/sasl/oauthbearer.ts'
import { mutated } from '../mutate.ts'
import type { Specimen, Target } from '../target.ts'

const KEY = 'a secret that signs the tokens of the fuzzer'
const clock = new FakeClock()

function marked(text: string, at: RegExp): Specimen {
  const marks = [...text.matchAll(at)].map(({ index }) => index)
  return { bytes: Buffer.from(text), marks: [0, ...marks] }
}

function pick(random: Random, among: readonly Specimen[]): Specimen {
  return among[randomBelow(random, among.length)]!
}

const challenges = [
  '{"status":"invalid_token"}',
  '{"status":"insufficient_scope","scope":"produce","openid-configuration":"https://x/y"}',
  '{"status":{"a":[1,2,3]}}',
  `${'['.repeat(300)}${']'.repeat(300)}`,
].map(text => marked(text, /["{}[\]:,]/g))

/** What a broker answers to a token. */
export const bearerClientTarget: Target = {
  name: 'bearer-client',
  weight: 2,
  mayAllocate: input => 65_536 + 8 * input.length,
  input: random => mutated(pick(random, challenges), random, () => pick(random, challenges)),
  async feed(input) {
    const source = { get: async () => ({ value: 'a.b.c' }), forget() {} }
    const { signal } = new AbortController()
    let turn = 0
    const send = async () => (turn++ === 0 ? input : Buffer.alloc(0))
    const exchange = { host: 'h', port: 1, signal, send }
    const failure = await oauthBearer(source)
      .authenticate(exchange)
      .catch((error: unknown) => error)
    if (input.length === 0 ? failure !== undefined : !(failure instanceof SaslFailure)) {
      throw failure ?? new Error('a challenge was taken for a welcome')
    }
    expiryOf(input.toString('latin1'))
  },
}

function token(claims: object, head: object = { alg: 'HS256' }): string {
  const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url')
  const text = `${part(head)}.${part(claims)}`
  return `${text}.${createHmac('sha256', KEY).update(text).digest('base64url')}`
}

const good = token({ sub: 'alice', exp: 9e9, aud: ['kafka'] })
const openings = [
  `n,,\x01auth=Bearer ${good}\x01\x01`,
  `n,a=alice,\x01auth=Bearer ${good}\x01traceId=7\x01\x01`,
  `n,,\x01auth=Bearer ${token({ sub: 'bob', exp: 1 })}\x01\x01`,
  `n,,\x01auth=Bearer ${token({ sub: 'bob', exp: 9e9 }, { alg: 'none' })}\x01\x01`,
].map(text => marked(text, /[^\w ]/g))

const server = oauthBearerServer(
  {
    keysFor: async () => [createSecretKey(KEY, 'utf8')],
    issuer: undefined,
    audiences: ['kafka'],
    subjectClaim: 'sub',
    clockSkewMs: 0,
  },
  clock,
)
const plain = plainServer({ alice: 'right' })
const logins = ['\0alice\0right', 'alice\0alice\0right', '\0bob\0wrong'].map(text =>
  marked(text, /\0/g),
)

/** What a client shows, by OAUTHBEARER and by PLAIN: only what is right lets it in. */
export const bearerServerTarget: Target = {
  name: 'bearer-server',
  weight: 2,
  mayAllocate: input => 65_536 + 16 * input.length,
  input(random) {
    const all = [...openings, ...logins]
    return mutated(pick(random, all), random, () => pick(random, all))
  },
  async feed(input) {
    const exchange = server.begin()
    const step = await exchange.respond(input)
    const isRight = step.is !== 'done' || (step.user === 'alice' && has(input, good))
    if (!isRight) throw new Error('accepted without a right token')
    if (step.is === 'more') await exchange.respond(Buffer.from([1]))
    const login = await plain.begin().respond(input)
    if (login.is === 'done' && !(login.user === 'alice' && has(input, 'right'))) {
      throw new Error('accepted without a right password')
    }
  },
}

/** Base64 has letters whose last bits mean nothing, so that the signature's last may differ. */
function has(input: Buffer, text: string): boolean {
  return input.includes(text === good ? good.slice(0, -1) : text)
}
