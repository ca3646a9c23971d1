import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { canonicalJson, canonicalJsonSerializer } from '../../src/canonical-json.ts'

describe('canonical JSON', () => {
  // The examples of RFC 8785, sections 3.2.2 to 3.2.4.
  it('is what RFC 8785 shows', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    }
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })
  it('sorts names by their UTF-16 units, as RFC 8785 shows', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const order = Object.values(JSON.parse(canonicalJson(value)))
    expect(canonicalJson(value).indexOf('Carriage')).toBeLessThan(
      canonicalJson(value).indexOf('One'),
    )
    expect(
      canonicalJson(value)
        .replace(/"[^"]*":/g, '')
        .match(/[A-Z][A-Za-z: ]+/g),
    ).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
    expect(order).toHaveLength(7)
  })
  it('is one text for values that are equal as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = canonicalJson(value)
        expect(canonicalJson(JSON.parse(JSON.stringify(value)))).toBe(text)
        expect(canonicalJson(shuffled(JSON.parse(text)))).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  it('takes what JSON.stringify takes', () => {
    const value = { b: new Date(0), a: undefined, c: [undefined, -0], d: Object('x') }
    expect(canonicalJson(value)).toBe('{"b":"1970-01-01T00:00:00.000Z","c":[null,0],"d":"x"}')
  })
  it.each([
    ['NaN', Number.NaN, /no number NaN/],
    ['a bigint', 1n, /bigint 1 exactly/],
    ['undefined', undefined, /undefined is no JSON/],
    ['half a surrogate pair', { a: '\ud800' }, /surrogate/],
  ])('refuses %s, and names the topic', (_, value, reason) => {
    const context = { topic: 'orders', field: 'key' as const, headers: [] }
    const write = () => canonicalJsonSerializer.serialize(value, context)
    expect(write).toThrow(reason)
    expect(write).toThrow(/the key of a record for orders/)
  })
  it('refuses what contains itself', () => {
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(() => canonicalJson(loop)).toThrow(/nested more than/)
  })
})

describe('plain JSON as a key', () => {
  it('is warned of once, for objects', async () => {
    vi.resetModules()
    const { jsonSerializer } = await import('../../src/serializers.ts')
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const context = { topic: 'orders', headers: [] }
    jsonSerializer.serialize('plain', { ...context, field: 'key' })
    jsonSerializer.serialize({ a: 1 }, { ...context, field: 'value' })
    expect(warn).not.toHaveBeenCalled()
    for (let times = 0; times < 3; times++)
      jsonSerializer.serialize({ a: 1 }, { ...context, field: 'key' })
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0]?.[0]).toContain('canonicalJsonSerializer')
    warn.mockRestore()
  })
})

/** The same value with every object's members in the opposite order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).reverse()
  return Object.fromEntries(members.map(([name, each]) => [name, shuffled(each)]))
}
