import { describe, expect, test } from 'vitest'
import type { CompatibilityLevel, SchemaType } from '../../../src/registry/client/types.ts'
import {
  checkCompatibility,
  InvalidSchemaError,
  validateSchema,
} from '../../../src/registry/compatibility/index.ts'

function reasons(format: SchemaType, old: unknown, next: unknown, level: CompatibilityLevel) {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const existing = [{ schema: text(old), version: 3 }]
  return checkCompatibility({ format, level, proposed: { schema: text(next) }, existing })
}

const record = (fields: object[], name = 'R') => ({ type: 'record', name, fields })
const id = { name: 'id', type: 'int' }

describe('a reason names', () => {
  test('the rule, the place, both schemas and the version', () => {
    const next = record([id, { name: 'note', type: 'string' }])
    expect(reasons('AVRO', record([id]), next, 'BACKWARD')).toEqual([
      {
        type: 'READER_FIELD_MISSING_DEFAULT_VALUE',
        path: '/fields/1',
        message:
          "the field 'note' of the new schema has no default value and is missing in the old schema",
        reader: 'new',
        version: 3,
      },
    ])
  })

  test('the old schema as the reader where it would have to read', () => {
    const next = record([{ ...id, type: 'long' }])
    expect(reasons('AVRO', record([id]), next, 'FORWARD')).toMatchObject([
      {
        path: '/fields/0/type',
        message: 'the type is int in the old schema, long in the new schema',
      },
    ])
  })

  test('what is lost in both directions, each for itself', () => {
    const found = reasons('AVRO', '"int"', '"string"', 'FULL')
    expect(found.map(({ reader }) => reader)).toEqual(['new', 'old'])
  })

  test.each<[string, SchemaType, unknown, unknown, string, string]>([
    [
      'in a union',
      'AVRO',
      ['null', record([id])],
      ['null', record([id, { name: 'n', type: 'int' }])],
      'READER_FIELD_MISSING_DEFAULT_VALUE',
      '/1/fields/1',
    ],
    [
      'in an array of a map',
      'AVRO',
      { type: 'array', items: { type: 'map', values: 'long' } },
      { type: 'array', items: { type: 'map', values: 'int' } },
      'TYPE_MISMATCH',
      '/items/values',
    ],
    [
      'of an enum',
      'AVRO',
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      { type: 'enum', name: 'E', symbols: ['A'] },
      'MISSING_ENUM_SYMBOLS',
      '/symbols',
    ],
    [
      'in properties',
      'JSON',
      { properties: { a: { properties: { 'b/c': { type: 'string' } } } } },
      { properties: { a: { properties: { 'b/c': { type: 'integer' } } } } },
      'TYPE_CHANGED',
      '/properties/a/properties/b~1c',
    ],
    [
      'in items',
      'JSON',
      { items: { maxLength: 9 } },
      { items: { maxLength: 5 } },
      'MAX_LENGTH_DECREASED',
      '/items/maxLength',
    ],
    [
      'in a oneOf',
      'JSON',
      { oneOf: [{ type: 'string' }, { type: 'null' }] },
      { oneOf: [{ type: 'string' }] },
      'SUM_TYPE_NARROWED',
      '/oneOf',
    ],
    [
      'of a closed object',
      'JSON',
      { properties: { a: {} }, additionalProperties: false },
      { additionalProperties: false },
      'PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL',
      '/properties/a',
    ],
    [
      'in a nested message',
      'PROTOBUF',
      'message A { message B { optional int32 n = 4; } }',
      'message A { message B { optional string n = 4; } }',
      'FIELD_SCALAR_KIND_CHANGED',
      '#/A.B/4',
    ],
  ])('the place %s', (_, format, old, next, type, path) => {
    expect(reasons(format, old, next, 'BACKWARD')).toMatchObject([{ type, path }])
  })
})

describe('levels', () => {
  const [string, int] = [
    { name: 'x', type: 'string' },
    { name: 'x', type: 'int', default: 0 },
  ]
  const versions = [[id, string], [id], [id]].map((fields, i) => ({
    schema: JSON.stringify(record(fields)),
    version: i + 1,
  }))
  const proposed = { schema: JSON.stringify(record([id, int])) }

  test.each<[CompatibilityLevel, number[]]>([
    ['NONE', []],
    ['BACKWARD', []],
    ['FORWARD', []],
    ['FULL', []],
    ['BACKWARD_TRANSITIVE', [1]],
    ['FORWARD_TRANSITIVE', [1]],
    ['FULL_TRANSITIVE', [1, 1]],
  ])('%s', (level, expected) => {
    const found = checkCompatibility({ format: 'AVRO', level, proposed, existing: versions })
    expect(found.map(({ version }) => version)).toEqual(expected)
  })

  test('the first version of a subject is fine', () => {
    const found = checkCompatibility({ format: 'AVRO', level: 'FULL', proposed, existing: [] })
    expect(found).toEqual([])
  })
})

test('an assumption about a cycle that fails is not kept for others', () => {
  // B is fine only if A is; A fails by `x`; so what holds B must fail, wherever it stands.
  const schema = (type: string) => ({
    $ref: '#/definitions/A',
    definitions: {
      A: {
        properties: { b: { $ref: '#/definitions/B' }, x: { type } },
        additionalProperties: false,
      },
      B: { properties: { a: { $ref: '#/definitions/A' } }, additionalProperties: false },
    },
  })
  const either = (type: string) => {
    const { definitions } = schema(type)
    const whole = { properties: { a: { $ref: '#/definitions/A' } } }
    return { ...whole, anyOf: [{ $ref: '#/definitions/B' }], definitions }
  }
  const found = reasons('JSON', either('string'), either('integer'), 'BACKWARD')
  const places = found.map(({ path }) => path)
  expect(places).toContain('/properties/a/properties/x')
  expect(places).toContain('/anyOf')
})

describe('schemas that are none', () => {
  test.each<[SchemaType, unknown, RegExp]>([
    ['AVRO', '{', /JSON/],
    ['AVRO', {}, /type is missing/],
    ['AVRO', { type: 'record', name: 'R' }, /no list of fields/],
    ['AVRO', { type: 'record', name: '1R', fields: [] }, /no name/],
    ['AVRO', record([id, id]), /id twice/],
    ['AVRO', record([{ name: 'x', type: 'Other' }]), /fields\/0\/type.*"Other" is not defined/],
    ['AVRO', record([{ ...id, default: 'x' }]), /default "x" of id does not fit/],
    ['AVRO', ['int', 'int'], /int twice/],
    ['AVRO', ['int', ['null']], /may not hold a union/],
    ['AVRO', { type: 'enum', name: 'E', symbols: ['A', 'A'] }, /symbol twice/],
    ['AVRO', { type: 'enum', name: 'E', symbols: ['A'], default: 'B' }, /none of its symbols/],
    ['AVRO', { type: 'fixed', name: 'F' }, /needs a size/],
    ['AVRO', [record([]), record([])], /defined twice/],
    ['JSON', '5', /object or a boolean/],
    ['JSON', { type: 'text' }, /"text" is no type/],
    ['JSON', { properties: [] }, /properties must be an object/],
    ['JSON', { anyOf: {} }, /anyOf must be a list/],
    ['JSON', { items: 5 }, /object or a boolean/],
    ['JSON', { $ref: 'other.json' }, /leads to no schema/],
    ['JSON', { pattern: '[' }, /pattern/],
    ['PROTOBUF', 'syntax = "proto3"; message A { int32 a = 1; int32 b = 1; }', /number 1/],
    ['PROTOBUF', 'syntax = "proto3"; message A { int32 a = 19000; }', /field number/],
    ['PROTOBUF', 'syntax = "proto3"; message A { reserved 1; int32 a = 1; }', /reserved/],
    ['PROTOBUF', 'syntax = "proto3"; enum E { A = 1; }', /must be 0/],
    ['PROTOBUF', 'message A { optional B b = 1; }', /type B/],
    ['PROTOBUF', 'message A {', /line 1/],
  ])('%s %j', (format, value, words) => {
    const schema = typeof value === 'string' ? value : JSON.stringify(value)
    expect(() => validateSchema(format, { schema })).toThrow(InvalidSchemaError)
    expect(() => validateSchema(format, { schema })).toThrow(words)
  })
})
