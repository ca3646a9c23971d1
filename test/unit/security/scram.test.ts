import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../../src/base/random.ts'
import type { SaslExchange } from '../../../src/net/sasl/mechanism.ts'
import { SaslFailure } from '../../../src/net/sasl/mechanism.ts'
import { scram } from '../../../src/net/sasl/scram.ts'

type Server = (message: string, turn: number) => string | Buffer

/** Lets a mechanism speak to a server that answers by the test's word. */
async function against(
  server: Server,
  credentials = { username: 'user', password: 'pencil' },
  nonce = 'rOprNGfwEbeRWgbNEkqO',
): Promise<string[]> {
  const said: string[] = []
  const exchange: SaslExchange = {
    host: 'broker',
    port: 9092,
    signal: new AbortController().signal,
    send: async message => {
      said.push(Buffer.from(message).toString())
      return Buffer.from(server(said.at(-1)!, said.length) as string)
    },
  }
  await scram('SCRAM-SHA-256', credentials, () => nonce).authenticate(exchange)
  return said
}

// RFC 7677, section 3.
const serverNonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const salt = 'W22ZaJ0SNY7soEsUEjb6gQ=='
const serverFirst = `r=${serverNonce},s=${salt},i=4096`
const serverFinal = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='
const rfc: Server = (_, turn) => (turn === 1 ? serverFirst : serverFinal)

describe('SCRAM', () => {
  test('says what RFC 7677 says', async () => {
    expect(await against(rfc)).toEqual([
      'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
      `c=biws,r=${serverNonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    ])
  })

  test('passes over extensions that it need not know', async () => {
    const said: string[] = []
    const server: Server = (message, turn) => {
      said.push(message)
      if (turn === 1) return `${serverFirst},x=something`
      const [first, final] = [said[0]!.slice(3), said[1]!.replace(/,p=.*/, '')]
      return signature('pencil', `${first},${serverFirst},x=something,${final}`)
    }
    await against(server)
    expect(said).toHaveLength(2)
  })

  test('writes names with commas and equals signs so that they can be read', async () => {
    const said: string[] = []
    const odd = { username: 'a,b=2C', password: 'pencil' }
    const server: Server = message => {
      said.push(message)
      return 'e=unknown-user'
    }
    await expect(against(server, odd)).rejects.toThrow('the broker refused: unknown-user')
    expect(said).toEqual(['n,,n=a=2Cb=3D2C,r=rOprNGfwEbeRWgbNEkqO'])
  })

  test('says that credentials are of a delegation token', async () => {
    const token = { username: 'id', password: 'hmac', isToken: true }
    const said: string[] = []
    const server: Server = message => {
      said.push(message)
      return 'e=other-error'
    }
    await expect(against(server, token)).rejects.toThrow('other-error')
    expect(said).toEqual(['n,,n=id,r=rOprNGfwEbeRWgbNEkqO,tokenauth=true'])
  })
})

function signature(password: string, exchanged: string): string {
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), 4096, 32, 'sha256')
  const key = createHmac('sha256', salted).update('Server Key').digest()
  return `v=${createHmac('sha256', key).update(exchanged).digest('base64')}`
}

const first =
  (text: string): Server =>
  (_, turn) =>
    turn === 1 ? text : serverFinal
const final =
  (text: string): Server =>
  (_, turn) =>
    turn === 1 ? serverFirst : text

describe('a hostile or broken server is found out when it', () => {
  test.each<readonly [string, Server, string]>([
    ['says nothing', first(''), 'no attribute of SCRAM'],
    ['repeats our nonce', first(`r=rOprNGfwEbeRWgbNEkqO,s=${salt},i=4096`), 'does not go on'],
    ['has a nonce of its own', first(`r=other,s=${salt},i=4096`), 'does not go on from ours'],
    ['has an unprintable nonce', first(`r=${serverNonce}\x07,s=${salt},i=4096`), 'not printable'],
    ['asks for too little work', first(`r=${serverNonce},s=${salt},i=4095`), 'asks for 4095'],
    ['asks for no work', first(`r=${serverNonce},s=${salt},i=0`), 'asks for 0'],
    ['asks for too much work', first(`r=${serverNonce},s=${salt},i=99999999`), 'asks for 99999999'],
    ['counts in words', first(`r=${serverNonce},s=${salt},i=many`), 'asks for something else'],
    ['counts in signs', first(`r=${serverNonce},s=${salt},i=+4096`), 'something else'],
    ['gives no salt', first(`r=${serverNonce},s=,i=4096`), 'a salt that is not base64'],
    ['gives a strange salt', first(`r=${serverNonce},s=a b=,i=4096`), 'a salt that is not base64'],
    ['leaves out the count', first(`r=${serverNonce},s=${salt}`), 'where they belong'],
    ['changes the order', first(`s=${salt},r=${serverNonce},i=4096`), 'where they belong'],
    ['demands an extension', first(`m=wanted,${serverFirst}`), 'an extension that we do not know'],
    ['talks too much', first(`${serverFirst},x=${'x'.repeat(10_000)}`), 'where 8192 are plenty'],
    ['ends with nothing', final(''), 'no attribute of SCRAM'],
    ['ends with no signature', final(serverFirst), 'did not prove that it knows our password'],
    ['ends with an error', final('e=invalid-proof'), 'the broker refused: invalid-proof'],
    ['ends with a wrong signature', final(`v=${'A'.repeat(43)}=`), 'does not know the password'],
    ['ends with a short signature', final('v=AAAA'), 'does not know the password itself'],
    ['ends with half a signature', final(serverFinal.slice(0, -3)), 'signature that is not base64'],
  ])('%s', async (_, server, words) => {
    await expect(against(server)).rejects.toThrow(words)
    await expect(against(server)).rejects.toBeInstanceOf(SaslFailure)
  })

  test('says anything at all', async () => {
    const random = seededRandom(7677)
    for (let round = 0; round < 3_000; round++) {
      const server: Server = (_, turn) => mutated(turn === 1 ? serverFirst : serverFinal, random)
      const outcome = await against(server).catch(error => error)
      // Untouched messages are the one way in.
      if (Array.isArray(outcome)) expect(outcome).toHaveLength(2)
      else expect(outcome).toBeInstanceOf(SaslFailure)
    }
  })
})

/** The text with some bytes changed, cut, doubled or made up, or now and then as it is. */
function mutated(text: string, random: () => number): Buffer {
  const bytes = Buffer.from(text)
  // The count stays out of it: a million iterations are allowed, and would take their time.
  const end = Math.max(text.indexOf(',i='), 3)
  const at = randomBelow(random, end)
  switch (randomBelow(random, 6)) {
    case 0:
      return bytes
    case 1:
      bytes[at] = randomBelow(random, 256)
      return bytes
    case 2:
      return bytes.subarray(0, at)
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes])
    default:
      return Buffer.from(Array.from({ length: at }, () => randomBelow(random, 256)))
  }
}

test('a proof can be checked by a server that holds only keys', async () => {
  let exchanged = ''
  const server: Server = (message, turn) => {
    if (turn === 1) {
      exchanged = `${message.slice(3)},${serverFirst}`
      return serverFirst
    }
    const [withoutProof, proof] = message.split(',p=') as [string, string]
    exchanged += `,${withoutProof}`
    const salted = pbkdf2Sync('pencil', Buffer.from(salt, 'base64'), 4096, 32, 'sha256')
    const clientKey = createHmac('sha256', salted).update('Client Key').digest()
    const storedKey = createHash('sha256').update(clientKey).digest()
    const mask = createHmac('sha256', storedKey).update(exchanged).digest()
    const shown = Buffer.from(proof, 'base64').map((byte, i) => byte ^ mask[i]!)
    expect(createHash('sha256').update(shown).digest()).toEqual(storedKey)
    return signature('pencil', exchanged)
  }
  expect(await against(server)).toHaveLength(2)
})
