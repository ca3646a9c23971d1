import { describe, expect, expectTypeOf, it } from 'vitest'
import { avroFormat } from '../../../src/registry/avro/format.ts'
import type { AvroInput, AvroValue } from '../../../src/registry/avro/infer.ts'
import type { ConversionOf } from '../../../src/registry/avro/logical.ts'
import type { AvroOptions } from '../../../src/registry/avro/parse.ts'
import { ValueProblem } from '../../../src/registry/serde/format.ts'

function codec(schema: unknown, options: AvroOptions = {}) {
  const format = avroFormat(options)
  const text = { schema: JSON.stringify(schema) }
  const encoder = format.encoder(text, [])
  const decoder = format.decoder(text, [])
  return {
    bytes: (value: unknown) => encoder.encode(value, 0),
    read: (bytes: Uint8Array) => decoder.decode(Buffer.from(bytes), undefined),
    there: (value: unknown) => decoder.decode(encoder.encode(value, 0), undefined),
  }
}

function resolve(writer: unknown, reader: unknown, value: unknown, options: AvroOptions = {}) {
  const format = avroFormat(options)
  const bytes = format.encoder({ schema: JSON.stringify(writer) }, []).encode(value, 0)
  const decoder = format.decoder({ schema: JSON.stringify(writer) }, [], {
    schema: { schema: JSON.stringify(reader) },
    references: [],
  })
  return decoder.decode(bytes, undefined)
}

const record = (name: string, ...fields: unknown[]) => ({ type: 'record', name, fields })
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more })

describe('logical types', () => {
  it.each([
    ['decimal', { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 }, '-123.40'],
    ['decimal of no scale', { type: 'bytes', logicalType: 'decimal', precision: 4 }, '0'],
    [
      'decimal as fixed',
      { type: 'fixed', name: 'D', size: 8, logicalType: 'decimal', precision: 18, scale: 3 },
      '123456789012345.678',
    ],
    ['uuid', { type: 'string', logicalType: 'uuid' }, '0f8fad5b-d9cb-469f-a165-70867728950e'],
    [
      'uuid as fixed',
      { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' },
      '0f8fad5b-d9cb-469f-a165-70867728950e',
    ],
    ['date', { type: 'int', logicalType: 'date' }, '1969-07-20'],
    ['time-millis', { type: 'int', logicalType: 'time-millis' }, 86_399_999],
    ['time-micros', { type: 'long', logicalType: 'time-micros' }, 86_399_999_999],
    ['timestamp-millis', { type: 'long', logicalType: 'timestamp-millis' }, new Date(-1)],
    ['timestamp-micros', { type: 'long', logicalType: 'timestamp-micros' }, 1_700_000_000_123_456n],
    [
      'timestamp-nanos',
      { type: 'long', logicalType: 'timestamp-nanos' },
      -9_000_000_000_000_000_001n,
    ],
    [
      'local-timestamp-millis',
      { type: 'long', logicalType: 'local-timestamp-millis' },
      '1969-12-31T23:59:59.999',
    ],
    [
      'local-timestamp-micros',
      { type: 'long', logicalType: 'local-timestamp-micros' },
      '2026-11-21T09:30:00.000001',
    ],
    [
      'local-timestamp-nanos',
      { type: 'long', logicalType: 'local-timestamp-nanos' },
      '2026-11-21T09:30:00.123456789',
    ],
    [
      'duration',
      { type: 'fixed', name: 'Du', size: 12, logicalType: 'duration' },
      { months: 1, days: 2, milliseconds: 4_294_967_295 },
    ],
  ])('%s comes back as it went', (_, type, value) => {
    expect(codec(type).there(value)).toEqual(value)
    const again = 'name' in type ? type.name : type
    const nullable = record(
      'R',
      field('a', ['null', type]),
      field('b', { type: 'array', items: again }),
    )
    expect(codec(nullable).there({ a: value, b: [value, value] })).toEqual({
      a: value,
      b: [value, value],
    })
    expect(codec(nullable).there({ a: null, b: [] })).toEqual({ a: null, b: [] })
  })

  it.each([
    [
      'a decimal of too many digits',
      { type: 'bytes', logicalType: 'decimal', precision: 3, scale: 1 },
      '123.4',
    ],
    [
      'a decimal that would be rounded',
      { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 1 },
      0.25,
    ],
    ['a uuid that is none', { type: 'string', logicalType: 'uuid' }, 'abc'],
    ['a day that is none', { type: 'int', logicalType: 'date' }, '2026-13-41'],
    ['an invalid Date', { type: 'long', logicalType: 'timestamp-millis' }, new Date(Number.NaN)],
    ['a time after midnight', { type: 'int', logicalType: 'time-millis' }, 86_400_000],
  ])('%s is refused', (_, type, value) => {
    expect(() => codec(type).bytes(value)).toThrow(ValueProblem)
  })

  it('a logical type that is not valid is read as what is under it', () => {
    const type = { type: 'bytes', logicalType: 'decimal', precision: 1, scale: 5 }
    expect(codec(type).there(Buffer.of(7))).toEqual(Buffer.of(7))
  })

  it('takes other spellings of a value', () => {
    const decimal = codec({ type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 })
    expect([1, 1.5, 7n, '+2.1'].map(decimal.there)).toEqual(['1.00', '1.50', '7.00', '2.10'])
    const micros = codec({ type: 'long', logicalType: 'timestamp-micros' })
    expect(micros.there(new Date(5))).toBe(5000n)
    expect(
      codec({ type: 'int', logicalType: 'date' }).there(new Date('2026-11-21T23:59:59Z')),
    ).toBe('2026-11-21')
  })

  it('milliseconds are never taken for microseconds', () => {
    const writer = { type: 'long', logicalType: 'timestamp-millis' }
    const reader = { type: 'long', logicalType: 'timestamp-micros' }
    expect(() => resolve(writer, reader, new Date(1))).toThrow(/can't read what the writer/)
  })
})

describe('unions', () => {
  const card = record('Card', field('number', 'string'))
  const cash = record('Cash', field('amount', 'double'))
  it('are plain where the kind of value tells the branch', () => {
    const type = codec(['null', 'string', 'double', card])
    for (const value of [null, 'a', 1.5, { number: '1' }]) expect(type.there(value)).toEqual(value)
  })
  it('name the branch where it does not', () => {
    const type = codec([card, cash])
    expect(type.there({ Cash: { amount: 1 } })).toEqual({ Cash: { amount: 1 } })
    expect(() => type.bytes({ amount: 1 })).toThrow(/\{ 'Card': … \} or \{ 'Cash': … \}/)
  })
  it('name it always when asked to', () => {
    const type = codec(['null', 'string'], { unions: 'wrapped' })
    expect(type.there({ string: 'a' })).toEqual({ string: 'a' })
    expect(type.there(null)).toBeNull()
  })
})

describe('longs', () => {
  it('are numbers, exact or refused', () => {
    expect(codec('long').there(2 ** 53 - 2)).toBe(2 ** 53 - 2)
    expect(() => codec('long').bytes(2 ** 53)).toThrow(ValueProblem)
    const large = codec('long', { long: 'bigint' }).bytes(2n ** 62n)
    expect(() => codec('long').read(large)).toThrow(/precision/)
  })
  it('are bigints when asked for', () => {
    const type = codec(record('R', field('a', 'long'), field('b', ['null', 'long'])), {
      long: 'bigint',
    })
    expect(type.there({ a: -(2n ** 63n), b: 2n ** 63n - 1n })).toEqual({
      a: -(2n ** 63n),
      b: 2n ** 63n - 1n,
    })
  })
})

describe('evolution', () => {
  const v1 = record(
    'shop.Order',
    field('id', 'string'),
    field('count', 'int'),
    field('old', 'string'),
  )
  const v2 = record(
    'other.Order',
    field('count', 'long'),
    field('name', 'string', { default: 'none', aliases: ['id'] }),
    field('at', { type: 'long', logicalType: 'timestamp-millis' }, { default: 0 }),
    field('tags', { type: 'array', items: 'string' }, { default: [] }),
  )
  it('fills in, leaves out, widens and renames', () => {
    const value = { id: 'a', count: 3, old: 'x' }
    expect(resolve(v1, v2, value)).toEqual({ count: 3, name: 'a', at: new Date(0), tags: [] })
  })
  it('widens into bigints and logical types', () => {
    expect(resolve('int', 'long', 3, { long: 'bigint' })).toBe(3n)
    expect(resolve('long', { type: 'long', logicalType: 'timestamp-micros' }, 3)).toBe(3n)
    expect(resolve({ type: 'long', logicalType: 'timestamp-micros' }, 'long', 3n)).toBe(3)
  })
  it('takes the default of an enum for a symbol it does not know', () => {
    const symbols = (...all: string[]) => ({ type: 'enum', name: 'E', symbols: all, default: 'A' })
    expect(resolve(symbols('A', 'B', 'C'), symbols('A', 'B'), 'C')).toBe('A')
  })
  it('says why it cannot', () => {
    const reader = record('shop.Order', field('more', 'string'))
    expect(() => resolve(v1, reader, { id: 'a', count: 3, old: 'x' })).toThrow(
      /the reader's schema can't read what the writer's schema writes: .*more/,
    )
  })
})

describe('a value that does not fit', () => {
  it('is told with path, expected and actual', () => {
    const type = codec(
      record(
        'Order',
        field('id', 'string'),
        field('items', { type: 'array', items: record('Item', field('price', 'double')) }),
        field('state', { type: 'enum', name: 'State', symbols: ['NEW', 'PAID'] }),
      ),
    )
    const bad = { id: 7, items: [{ price: 1 }, { price: '3' }], state: 'GONE' }
    expect(() => type.bytes(bad)).toThrow(
      'id: expected a string, got number 7; items[1].price: expected a double, got string "3"; state: expected State, one of NEW, PAID, got string "GONE"',
    )
  })
})

describe('hostile bytes', () => {
  const many = Buffer.from('feffffffffffffff7f', 'hex')
  it.each([
    ['an array', { type: 'array', items: 'int' }],
    ['an array of nothing', { type: 'array', items: 'null' }],
    ['a map', { type: 'map', values: 'long' }],
    ['an array within', record('R', field('a', { type: 'array', items: 'string' }))],
  ])('%s that claims to be huge is refused at once', (_, type) => {
    for (const bytes of [
      many,
      Buffer.from('ffffffff0f', 'hex'),
      Buffer.from('80808080080000', 'hex'),
    ]) {
      expect(() => codec(type).read(bytes)).toThrow(/list|truncated|trailing|invalid/i)
    }
  })
  it('an array that is skipped is refused too', () => {
    const writer = record('R', field('gone', { type: 'array', items: 'null' }), field('a', 'int'))
    const decoder = avroFormat({}).decoder({ schema: JSON.stringify(writer) }, [], {
      schema: { schema: JSON.stringify(record('R', field('a', 'int'))) },
      references: [],
    })
    expect(() => decoder.decode(Buffer.concat([many, Buffer.of(0, 2)]), undefined)).toThrow(/list/)
  })
  it('every cut of a good payload is refused', () => {
    const type = codec(
      record(
        'R',
        field('a', 'string'),
        field('b', { type: 'map', values: ['null', 'double'] }),
        field('c', { type: 'array', items: { type: 'long', logicalType: 'timestamp-nanos' } }),
      ),
    )
    const whole = type.bytes({ a: 'text', b: { x: 1, y: null }, c: [1n, 2n ** 60n] })
    for (let end = 0; end < whole.length; end++) {
      expect(() => type.read(whole.subarray(0, end)), `${end} bytes`).toThrow()
    }
    expect(() => type.read(Buffer.concat([whole, Buffer.of(0)]))).toThrow(/trailing/)
  })
  it('a map key cannot change what the object is', () => {
    const type = codec({ type: 'map', values: { type: 'map', values: 'int' } })
    const bytes = Buffer.concat([Buffer.of(2, 18), Buffer.from('__proto__'), Buffer.of(0, 0)])
    const map = type.read(bytes)
    expect(Object.getPrototypeOf(map)).toBe(Object.prototype)
    expect(Object.keys(map as object)).toEqual(['__proto__'])
  })
})

describe('hostile schemas', () => {
  const parse = (text: string) => avroFormat({}).decoder({ schema: text }, [])
  it('cannot run code by their names', () => {
    for (const name of ['a;process.exit()', "a'+b", 'a b', '__proto__.x()', 'a}', '']) {
      expect(() => parse(JSON.stringify(record(name, field('x', 'int'))))).toThrow(
        /not a valid Avro/,
      )
      expect(() => parse(JSON.stringify(record('R', field(name, 'int'))))).toThrow(
        /not a valid Avro/,
      )
    }
  })
  it('cannot be too deep or too large', () => {
    const deep = `${'{"type":"array","items":'.repeat(5000)}"int"${'}'.repeat(5000)}`
    expect(() => parse(deep)).toThrow(/nested more than/)
    expect(() => parse(`[${'"int",'.repeat(200_000)}"int"]`)).toThrow(/more than 100000 parts/)
  })
  it('cannot spell very many values with few bytes', () => {
    const doubling = (last: unknown) => [
      field('r0', last),
      ...Array.from({ length: 40 }, (_, i) =>
        field(`r${i + 1}`, record(`R${i + 1}`, field('a', `R${i}`), field('b', `R${i}`))),
      ),
    ]
    const nothing = JSON.stringify(record('Root', ...doubling(record('R0'))))
    expect(() => parse(nothing)).toThrow(/more than 1000000 parts/)
    const numbers = JSON.stringify(record('Root', ...doubling(record('R0', field('n', 'int')))))
    expect(() => parse(numbers)).toThrow(/more than 1000000 parts/)
    const nulls = Array.from({ length: 200 }, (_, i) => field(`n${i}`, 'null'))
    expect(() => parse(JSON.stringify(record('Root', ...nulls)))).toThrow(/take no bytes/)
    const optional = Array.from({ length: 2_000 }, (_, i) => field(`o${i}`, ['null', 'string']))
    expect(() => parse(JSON.stringify(record('Root', ...optional)))).not.toThrow()
  })
  it('cannot fill the memory with items that take no bytes, in many lists', () => {
    const type = codec({ type: 'array', items: { type: 'array', items: 'null' } })
    const list = Buffer.concat([Buffer.from('8002', 'hex'), Buffer.of(0)])
    const lists = (count: number) => {
      const start = codec('long').bytes(count)
      return Buffer.concat([start, ...Array.from({ length: count }, () => list), Buffer.of(0)])
    }
    expect(type.read(lists(100))).toHaveLength(100)
    expect(() => type.read(lists(1_000))).toThrow(/more than 65536 items .* no bytes/)
  })
  it('cannot be nested without end by its values', () => {
    const type = codec(record('L', field('next', ['null', 'L'])))
    const bytes = Buffer.concat([Buffer.alloc(1_000_000, 2), Buffer.of(0)])
    expect(() => type.read(bytes)).toThrow(/nested too deep/)
  })
  it('must be JSON, and Avro', () => {
    expect(() => parse('{"type":"reco')).toThrow(/not JSON/)
    expect(() => parse('{"type":"reco"}')).toThrow(/not a valid Avro schema: .*reco/)
    expect(() => parse('7')).toThrow(/not a valid Avro schema/)
  })
})

describe('types of literals', () => {
  it('follow the schema', () => {
    const schema = {
      type: 'record',
      name: 'Order',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'note', type: ['null', 'string'], default: null },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
        { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'PAID'] } },
        {
          name: 'items',
          type: {
            type: 'array',
            items: { type: 'record', name: 'Item', fields: [{ name: 'sku', type: 'string' }] },
          },
        },
      ],
    } as const
    interface Expected {
      id: string
      note: string | null
      at: Date
      price: string
      state: 'NEW' | 'PAID'
      items: { sku: string }[]
    }
    expectTypeOf<AvroValue<typeof schema>>().toEqualTypeOf<Expected>()
    const input: AvroInput<typeof schema> = {
      id: 'a',
      at: 1,
      price: 1.5,
      state: 'PAID',
      items: [{ sku: 'b' }],
    }
    expect(codec(schema).there(input)).toEqual({
      ...input,
      note: null,
      at: new Date(1),
      price: '1.50',
    })
  })
})

describe('values of all sizes', () => {
  it('have bytes of their own, wherever they came to lie', () => {
    const encoder = avroFormat({}).encoder({ schema: '"string"' }, [])
    const texts = Array.from({ length: 300 }, (_, i) => String(i).repeat((i * 131) % 9_000))
    const written = texts.map(text => {
      const bytes = encoder.encode(text, 5)
      bytes.fill(0xee, 0, 5)
      return bytes
    })
    const decoder = avroFormat({}).decoder({ schema: '"string"' }, [])
    expect(written.map(bytes => decoder.decode(bytes.subarray(5), undefined))).toEqual(texts)
    expect(written.every(bytes => bytes.subarray(0, 5).equals(Buffer.alloc(5, 0xee)))).toBe(true)
  })

  it('a conversion of the program may write a value while one is written', () => {
    const inner = avroFormat({}).encoder({ schema: '"string"' }, [])
    const boxed: ConversionOf = () => ({
      about: 'a text in bytes of its own',
      fromAvro: raw => raw,
      toAvro: value => inner.encode(value, 0),
    })
    const fields = ['a', 'b'].map(name => ({ name, type: { type: 'bytes', logicalType: 'boxed' } }))
    const schema = { schema: JSON.stringify({ type: 'record', name: 'R', fields }) }
    const outer = avroFormat({ logicalTypes: { boxed } }).encoder(schema, [])
    expect(outer.encode({ a: 'x', b: 'yz' }, 0).toString('hex')).toBe('0402780604797a')
  })
})
