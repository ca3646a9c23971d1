import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { checkedToken, expiryOf, oauthBearer } from '../../../src/net/sasl/oauthbearer.ts'
import { type Token, TokenCache } from '../../../src/net/sasl/token-cache.ts'

const { signal } = new AbortController()

/** A cache over tokens of 100 seconds, with a count of how many were asked for. */
function setUp(fetch?: (asked: number) => Promise<Token>) {
  const clock = new FakeClock()
  let asked = 0
  const own = async (n: number) => ({ value: `t${n}`, expiresAt: clock.epoch() + 100_000 })
  const cache = new TokenCache(
    clock,
    () => 0.5,
    () => (fetch ?? own)(++asked),
  )
  const get = async () => (await cache.get(signal)).value
  return { clock, cache, get, asked: () => asked }
}

describe('the token of a client', () => {
  test('is asked for once by all who come at the same time', async () => {
    const { get, asked } = setUp()
    expect(await Promise.all([get(), get(), get()])).toEqual(['t1', 't1', 't1'])
    expect(asked()).toBe(1)
  })

  test('is asked for again early, before it ends', async () => {
    const { clock, get } = setUp()
    await get()
    await clock.advance(77_000)
    expect(await get()).toBe('t1')
    await clock.advance(1_000)
    expect(await get()).toBe('t2')
  })

  test('is kept while no new one is to be had, until it ends', async () => {
    const setup = setUp(async n => {
      if (n > 1) throw new Error('the provider is away')
      return { value: 't1', expiresAt: setup.clock.epoch() + 100_000 }
    })
    await setup.get()
    await setup.clock.advance(90_000)
    expect(await setup.get()).toBe('t1')
    await setup.clock.advance(10_000)
    await expect(setup.get()).rejects.toThrow('the provider is away')
  })

  test('is asked for each time where its end is not known', async () => {
    const { get, asked } = setUp(async n => ({ value: `t${n}` }))
    await get()
    expect(await get()).toBe('t2')
    expect(asked()).toBe(2)
  })

  test('is forgotten when a broker refuses it', async () => {
    const { cache, get } = setUp()
    const mechanism = oauthBearer(cache)
    const send = async () => {
      throw new Error('refused')
    }
    const exchange = { host: 'h', port: 1, signal, send }
    await expect(mechanism.authenticate(exchange)).rejects.toThrow('refused')
    expect(await get()).toBe('t2')
  })

  test('is asked for again by those whose time was not over with that of the first', async () => {
    const { clock, cache } = setUp(n =>
      n === 1 ? new Promise(() => {}) : Promise.resolve({ value: `t${n}` }),
    )
    const first = new AbortController()
    const early = cache.get(first.signal).catch(error => error.message)
    const late = cache.get(signal)
    first.abort(new Error('too late'))
    await clock.advance(1_000)
    expect(await early).toBe('too late')
    expect((await late).value).toBe('t2')
  })
})

const jwt = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`

describe('what a token function gives', () => {
  test('may be a text or an object, and a JWT says itself when it ends', () => {
    expect(checkedToken('abc')).toEqual({ value: 'abc', expiresAt: undefined })
    expect(checkedToken({ value: 'abc', expiresAt: 5 })).toMatchObject({ expiresAt: 5 })
    expect(checkedToken(jwt({ exp: 7 }))).toMatchObject({ expiresAt: 7_000 })
    expect(expiryOf(jwt({ exp: 'soon' }))).toBeUndefined()
    expect(expiryOf('a.b')).toBeUndefined()
    expect(expiryOf('a.%%%.c')).toBeUndefined()
  })

  test.each<readonly [string, unknown, string]>([
    ['nothing', undefined, 'no token was given'],
    ['an empty text', '', 'characters that no bearer token has'],
    ['a text that would end the field', 'a\x01auth=Bearer b', 'characters'],
    ['a number', 7, 'no token was given'],
    ['an object without a value', { token: 'x' }, 'no token was given'],
    ['an end that is no time', { value: 'a', expiresAt: Number.NaN }, 'no token was given'],
    ['an extension by a reserved name', { value: 'a', extensions: { auth: 'b' } }, '"auth"'],
    ['an extension that ends the field', { value: 'a', extensions: { b: 'c\x01d' } }, '"b"'],
    ['an extension that is no text', { value: 'a', extensions: { b: 1 } }, 'no token was given'],
  ])('is refused when it is %s', (_, given, words) => {
    expect(() => checkedToken(given)).toThrow(words)
  })
})

describe('OAUTHBEARER', () => {
  const source = (token: Token) => ({ get: async () => token, forget() {} })

  test('shows the token and its extensions as RFC 7628 wants them', async () => {
    const said: string[] = []
    const send = async (message: Uint8Array) => {
      said.push(Buffer.from(message).toString('latin1'))
      return Buffer.alloc(0)
    }
    const token = { value: 'abc', extensions: { logicalCluster: 'lkc-1' } }
    await oauthBearer(source(token)).authenticate({ host: 'h', port: 1, signal, send })
    expect(said).toEqual(['n,,\x01auth=Bearer abc\x01logicalCluster=lkc-1\x01\x01'])
  })

  test.each([
    ['{"status":"invalid_token"}', 'the broker refused: invalid_token'],
    ['nonsense', 'the broker refused: without a reason'],
    ['[]', 'the broker refused: without a reason'],
  ])('acknowledges the refusal %s, and tells of it', async (challenge, words) => {
    const said: string[] = []
    const send = async (message: Uint8Array) => {
      said.push(Buffer.from(message).toString('latin1'))
      return Buffer.from(challenge)
    }
    const run = oauthBearer(source({ value: 'abc' })).authenticate({
      host: 'h',
      port: 1,
      signal,
      send,
    })
    await expect(run).rejects.toThrow(words)
    expect(said[1]).toBe('\x01')
  })
})
