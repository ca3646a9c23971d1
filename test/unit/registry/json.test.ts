import { describe, expect, it } from 'vitest'
import { type JsonSchemaOptions, jsonFormat } from '../../../src/registry/json/format.ts'
import type { ReferencedSchema } from '../../../src/registry/serde/format.ts'

function codec(
  schema: unknown,
  references: ReferencedSchema[] = [],
  options: JsonSchemaOptions = {},
) {
  const format = jsonFormat(options)
  const text = { schema: JSON.stringify(schema) }
  const encoder = format.encoder(text, references, text)
  return {
    there: (value: unknown) => {
      const decoder = format.decoder(text, references)
      return decoder.decode(encoder.encode(value, 0), undefined)
    },
    write: (value: unknown) => encoder.encode(value, 0),
    read: (text: string) => {
      return format
        .decoder({ schema: JSON.stringify(schema) }, references)
        .decode(Buffer.from(text), undefined)
    },
  }
}

const order = {
  title: 'Order',
  type: 'object',
  required: ['id', 'items'],
  additionalProperties: false,
  properties: {
    id: { type: 'string' },
    state: { enum: ['new', 'paid'] },
    at: { type: 'string', format: 'date-time' },
    items: {
      type: 'array',
      items: {
        type: 'object',
        required: ['price'],
        properties: { price: { type: 'number', minimum: 0 } },
      },
    },
  },
}

describe('a value that does not fit', () => {
  it('is told with every path, expected and actual', () => {
    const bad = { items: [{ price: 1 }, { price: 'x' }, {}], state: 'gone', more: 1, at: 'noon' }
    expect(() => codec(order).write(bad)).toThrow(
      [
        'id: expected the required property id, got nothing',
        'more: expected no such property, got one',
        'state: expected one of "new", "paid", got string "gone"',
        'at: expected match format "date-time", got string "noon"',
        'items[1].price: expected number, got string "x"',
        'items[2].price: expected the required property price, got nothing',
      ].join('; '),
    )
  })
  it('is told on reading too, and bytes that are no JSON', () => {
    expect(() => codec(order).read('{"id":"a","items":[{"price":-1}]}')).toThrow(
      'items[0].price: expected >= 0, got number -1',
    )
    expect(() => codec(order).read('{"id":')).toThrow(/not JSON/)
  })
  it('is judged by what is written: Dates and undefined', () => {
    const value = { id: 'a', items: [], at: new Date(0), state: undefined }
    expect(codec(order).there(value)).toEqual({
      id: 'a',
      items: [],
      at: '1970-01-01T00:00:00.000Z',
    })
    expect(() => codec(order).write(undefined)).toThrow(/expected what JSON can express/)
    expect(() => codec({}).write({ a: 1n })).toThrow(/expected what JSON can express/)
  })
  it('passes where nobody validates', () => {
    expect(codec(order, [], { validate: false }).there([1])).toEqual([1])
  })
})

describe('drafts', () => {
  const exclusive = (value: unknown) => ({ type: 'number', minimum: 1, exclusiveMinimum: value })
  it.each([
    ['http://json-schema.org/draft-04/schema#', exclusive(true), 2, 1],
    ['http://json-schema.org/draft-06/schema#', exclusive(1), 2, 1],
    ['http://json-schema.org/draft-07/schema#', { contains: { const: 'ab' } }, ['ab'], ['a']],
    [
      'https://json-schema.org/draft/2019-09/schema',
      { type: 'object', dependentRequired: { a: ['b'] }, unevaluatedProperties: true },
      { a: 1, b: 2 },
      { a: 1 },
    ],
    [
      'https://json-schema.org/draft/2020-12/schema',
      { type: 'array', prefixItems: [{ type: 'string' }], items: false },
      ['a'],
      ['a', 'b'],
    ],
    [undefined, { const: 1 }, 1, 2],
  ])('%s', ($schema, schema, good, bad) => {
    const type = codec($schema === undefined ? schema : { $schema, ...schema })
    expect(type.there(good)).toEqual(good)
    expect(() => type.write(bad)).toThrow(/expected/)
  })
  it('that are not known are named', () => {
    expect(() => codec({ $schema: 'http://json-schema.org/draft-03/schema#' })).toThrow(
      /draft-03.*only the drafts 4, 6, 7, 2019-09 and 2020-12/,
    )
  })
})

describe('references', () => {
  const item = { $id: 'https://shop/item.json', type: 'object', required: ['sku'] }
  const reference = (name: string, schema: unknown) => ({
    name,
    schema: { schema: JSON.stringify(schema), schemaType: 'JSON' } as const,
  })
  it('are found by name, relative or not, and over other drafts', () => {
    const bad = { item: {} }
    const cases: [string, string, object][] = [
      ['item.json', 'item.json', { type: 'object', required: ['sku'] }],
      ['https://shop/item.json', 'https://shop/item.json', item],
      ['item.json', 'item.json', item],
      ['item.json', 'https://shop/item.json', item],
      ['item.json', 'item.json', { ...item, $schema: 'http://json-schema.org/draft-04/schema#' }],
    ]
    for (const [ref, name, target] of cases) {
      const schema = { $id: 'https://shop/order.json', properties: { item: { $ref: ref } } }
      const type = codec(schema, [reference(name, target)])
      expect(type.there({ item: { sku: 'a' } })).toEqual({ item: { sku: 'a' } })
      expect(() => type.write(bad), name).toThrow(/item\.sku/)
    }
  })
  it('that are missing are named, and never fetched', () => {
    expect(() => codec({ $ref: 'https://elsewhere/x.json' })).toThrow(
      /https:\/\/elsewhere\/x\.json/,
    )
  })
})

describe('hostile schemas', () => {
  it('a pattern from the registry cannot hang', () => {
    const format = jsonFormat({})
    const schema = { schema: JSON.stringify({ type: 'string', pattern: '^(a+)+$' }) }
    const text = Buffer.from(JSON.stringify(`${'a'.repeat(50_000)}!`))
    expect(() => format.decoder(schema, []).decode(text, undefined)).toThrow(/match pattern/)
    expect(() => format.encoder(schema, []).encode(`${'a'.repeat(50_000)}!`, 0)).toThrow(
      /match pattern/,
    )
  })
  it('a pattern that has no linear method is refused, unless it is ours or trusted', () => {
    const schema = { schema: JSON.stringify({ type: 'string', pattern: '^(?=.*\\d).+$' }) }
    const read = (options: JsonSchemaOptions) =>
      jsonFormat(options).decoder(schema, []).decode(Buffer.from('"a1"'), undefined)
    expect(() => read({})).toThrow(/patterns: 'native'/)
    expect(read({ patterns: 'native' })).toBe('a1')
    expect(jsonFormat({}).encoder(schema, [], schema).encode('a1', 0).toString()).toBe('"a1"')
  })
  it('patterns mean what they mean in JavaScript', () => {
    const matches = (pattern: string, text: string) => {
      const decoder = jsonFormat({}).decoder({ schema: JSON.stringify({ pattern }) }, [])
      try {
        return decoder.decode(Buffer.from(JSON.stringify(text)), undefined) === text
      } catch {
        return false
      }
    }
    const patterns = [
      '^[^\\s]+$',
      '^\\s$',
      '^\\S$',
      '^[\\s.]+$',
      '\\\\s',
      '^\\u00e9$',
      '^\\/$',
      '^\\p{L}$',
      '^.$',
    ]
    const texts = ['a', ' ', '\u00a0', '\ufeff', '. ', '\\s', '\u00e9', '/', '\ud83d\ude00', '\n']
    for (const pattern of patterns) {
      for (const text of texts) {
        const shown = `${pattern} on ${JSON.stringify(text)}`
        expect(matches(pattern, text), shown).toBe(new RegExp(pattern, 'u').test(text))
      }
    }
  })
  it('references that double at each step cannot hang', () => {
    const read = (steps: number) => {
      const twice = (i: number) => ({
        allOf: [{ $ref: `#/$defs/d${i}` }, { $ref: `#/$defs/d${i}` }],
      })
      const defs = Array.from({ length: steps }, (_, i) => [`d${i + 1}`, twice(i)] as const)
      const $defs = { d0: { type: 'object' }, ...Object.fromEntries(defs) }
      const schema = { schema: JSON.stringify({ $ref: `#/$defs/d${steps}`, $defs }) }
      return jsonFormat({}).decoder(schema, []).decode(Buffer.from('{}'), undefined)
    }
    expect(read(10)).toEqual({})
    expect(() => read(60)).toThrow(/more work of it than is allowed/)
  })
  it('dynamic references neither', () => {
    const $schema = 'https://json-schema.org/draft/2020-12/schema'
    const again = { $dynamicRef: '#node' }
    const node = { $dynamicAnchor: 'node', items: { allOf: [again, again] } }
    const decoder = jsonFormat({}).decoder({ schema: JSON.stringify({ $schema, ...node }) }, [])
    const nested = (depth: number) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
    expect(decoder.decode(nested(5), undefined)).toEqual([[[[[]]]]])
    expect(() => decoder.decode(nested(60), undefined)).toThrow(/more work of it than is allowed/)
  })
  it('unique items are found in linear time, and are those that are equal as JSON', () => {
    const schema = { schema: JSON.stringify({ uniqueItems: true }) }
    const decoder = jsonFormat({}).decoder(schema, [])
    const read = (items: unknown[]) => decoder.decode(Buffer.from(JSON.stringify(items)), undefined)
    expect(read(Array.from({ length: 100_000 }, (_, a) => ({ a })))).toHaveLength(100_000)
    expect(read([1, '1', [1], ['1'], { a: 1 }, { a: '1' }, null, 'null'])).toHaveLength(8)
    expect(() =>
      read([
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).toThrow(/NOT have duplicate items/)
    expect(() => read([1, 2, 1])).toThrow(/NOT have duplicate items/)
  })
  it('schemas and values nested without end are refused', () => {
    const deep = `${'{"not":'.repeat(100_000)}true${'}'.repeat(100_000)}`
    expect(() => jsonFormat({}).decoder({ schema: deep }, [])).toThrow(/nested more than 200 deep/)
    const decoder = jsonFormat({}).decoder({ schema: '{"items":{"$ref":"#"}}' }, [])
    const bytes = Buffer.from('['.repeat(100_000) + ']'.repeat(100_000))
    expect(() => decoder.decode(bytes, undefined)).toThrow(/nested more than 1000 deep/)
  })
  it('an identifier cannot run code', () => {
    for (const $id of [
      'http://a/*/process.exit()/*',
      '"+process.exit()+"',
      '`$' + '{process.exit()}`',
    ]) {
      const schema = { schema: JSON.stringify({ $id, type: 'string' }) }
      const decoder = jsonFormat({}).decoder(schema, [])
      expect(decoder.decode(Buffer.from('"a"'), undefined)).toBe('a')
      expect(() => decoder.decode(Buffer.from('1'), undefined)).toThrow(/string/)
    }
  })
  it('a schema that refers to itself ends', () => {
    expect(() => codec({ $ref: '#' }).write({})).toThrow(/stack|resolve|loop/i)
  })
  it('names cannot run code', () => {
    const name = '"];process.exit(1);//'
    const type = codec({ properties: { [name]: { type: 'string' } }, required: [name] })
    expect(type.there({ [name]: 'a' })).toEqual({ [name]: 'a' })
    expect(() => type.write({})).toThrow(/required property/)
  })
  it('must be JSON, and JSON Schema', () => {
    expect(() => jsonFormat({}).decoder({ schema: '{"type":' }, [])).toThrow(/not JSON/)
    expect(() => codec({ type: 'strin' })).toThrow(/not a valid JSON Schema: .*type/)
    const large = { schema: JSON.stringify({ title: 'x'.repeat(3_000_000) }) }
    expect(() => jsonFormat({}).decoder(large, [])).toThrow(/characters/)
  })
})
