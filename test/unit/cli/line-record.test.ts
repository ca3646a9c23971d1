import { describe, expect, it } from 'vitest'
import { type LineRules, lineReader } from '../../../src/cli/line-record.ts'

function read(line: string, rules: Omit<LineRules, 'topic'> = {}) {
  const { key, value } = lineReader({ topic: 't', ...rules })(Buffer.from(line))
  const text = (part: unknown) => (part === null ? null : String(part))
  return { key: text(key), value: text(value) }
}

describe('a line as a record', () => {
  it('is the value, without a key', () => {
    expect(read('a:b')).toEqual({ key: null, value: 'a:b' })
    expect(read('')).toEqual({ key: null, value: '' })
  })

  it('has its key before the first separator, of any length', () => {
    expect(read('a:b:c', { keySeparator: ':' })).toEqual({ key: 'a', value: 'b:c' })
    expect(read('a => b', { keySeparator: ' => ' })).toEqual({ key: 'a', value: 'b' })
    expect(read(':b', { keySeparator: ':' })).toEqual({ key: '', value: 'b' })
  })

  it('is refused without the separator', () => {
    expect(() => read('ab', { keySeparator: ':' })).toThrow('has no ":" after its key')
  })

  it('has a field of its JSON as key: text plainly, other things as canonical JSON', () => {
    const line = '{"user":"ada","n":7,"at":{"b":1,"a":[{"d":2,"c":3}]},"none":null,"x.y":"dot"}'
    const keyOf = (keyField: string) => read(line, { keyField }).key
    expect(keyOf('user')).toBe('ada')
    expect(keyOf('n')).toBe('7')
    expect(keyOf('at')).toBe('{"a":[{"c":3,"d":2}],"b":1}')
    expect(keyOf('at.b')).toBe('1')
    expect(keyOf('x.y')).toBe('dot')
    expect(keyOf('none')).toBeNull()
    expect(read(line, { keyField: 'user' }).value).toBe(line)
  })

  it('has any field as JSON where the key has a schema', () => {
    const keyOf = (line: string) => read(line, { keyField: 'user', keyAsJson: true }).key
    expect(keyOf('{"user":"ada"}')).toBe('"ada"')
    expect(keyOf('{"user":{"b":1,"a":2}}')).toBe('{"a":2,"b":1}')
    expect(keyOf('{"user":null}')).toBeNull()
  })

  it('is refused where the field or the JSON is not there', () => {
    const rules = { keyField: 'user' }
    expect(() => read('{"usr":1}', rules)).toThrow('has no field "user"')
    expect(() => read('"text"', rules)).toThrow('has no field "user"')
    expect(() => read('{"user":', rules)).toThrow('is not JSON')
    expect(() => read('{"a":1}', { keyField: 'constructor' })).toThrow('has no field')
  })

  it('has null for the null text, as key and as value', () => {
    const rules = { keySeparator: ':', nullValue: 'NULL' }
    expect(read('k:NULL', rules)).toEqual({ key: 'k', value: null })
    expect(read('NULL:v', rules)).toEqual({ key: null, value: 'v' })
    expect(read('k:', { keySeparator: ':', nullValue: '' })).toEqual({ key: 'k', value: null })
  })

  it('keeps bytes that are no text', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00])
    expect(lineReader({ topic: 't' })(bytes).value).toEqual(bytes)
  })
})
