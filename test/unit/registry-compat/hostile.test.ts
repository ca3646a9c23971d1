import { expect, test } from 'vitest'
import type { SchemaType } from '../../../src/registry/client/types.ts'
import { checkCompatibility } from '../../../src/registry/compatibility/index.ts'

const count = <T>(n: number, make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i))

function compare(format: SchemaType, old: unknown, next: unknown): string[] {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const proposed = { schema: text(next) }
  const existing = [{ schema: text(old) }]
  const found = checkCompatibility({ format, level: 'FULL', proposed, existing })
  return [...new Set(found.map(({ type }) => type))]
}

const manyFields = (type: string) => ({
  type: 'record',
  name: 'R',
  fields: count(20_000, i => ({ name: `f${i}`, type })),
})
const manyBranches = (field: string) =>
  count(1000, i => ({ type: 'record', name: `R${i}`, fields: [{ name: field, type: 'int' }] }))
const ref = (i: number) => ({ $ref: `#/definitions/d${i}` })
const manySums = (n: number, k: number) => ({
  allOf: count(n, i => ({
    anyOf: count(k, j => ({ properties: { [`p${i}`]: { const: j } }, required: [`p${i}`] })),
  })),
})
const doubling = (last: object) => ({
  ...ref(0),
  definitions: {
    ...Object.fromEntries(
      count(150, i => [
        `d${i}`,
        { allOf: [ref(i + 1), { anyOf: [ref(i + 1), { properties: { [`x${i}`]: ref(i + 1) } }] }] },
      ]),
    ),
    d150: last,
  },
})
const mesh = (n: number, last: object) => ({
  ...ref(0),
  definitions: Object.fromEntries(
    count(n, i => [
      `d${i}`,
      {
        oneOf: [
          { type: 'object', properties: { a: ref((i + 1) % n), b: ref((i * 7 + 3) % n) } },
          { type: 'array', items: ref((i * 3 + 1) % n) },
          last,
        ],
      },
    ]),
  ),
})
const patterned = (type: string) => ({
  properties: Object.fromEntries(count(2000, i => [`${'a'.repeat(40)}${i}`, { type }])),
  patternProperties: Object.fromEntries(count(50, i => [`(a+)+(a|aa)*${i}!$`, { type }])),
})
const messages = (type: string) =>
  `syntax = "proto3";${count(3000, i => `message M${i} { M${(i + 1) % 3000} a = 1; ${type} c = 3; }`).join('')}`
const oneof = (n: number) =>
  `syntax = "proto3"; message A { oneof x {${count(n, i => `int32 f${i} = ${i + 20_000};`).join('')}} }`

const text = { type: 'string' }
const number = { type: 'integer' }

// What takes exponential or quadratic time, where one does not look out, would run into the limit
// on a test's time.
test.each<[string, SchemaType, unknown, unknown, string[]]>([
  ['20,000 fields', 'AVRO', manyFields('int'), manyFields('string'), ['TYPE_MISMATCH']],
  [
    '1,000 records in a union',
    'AVRO',
    manyBranches('a'),
    manyBranches('b'),
    ['READER_FIELD_MISSING_DEFAULT_VALUE'],
  ],
  ['5^20 cases', 'JSON', manySums(20, 5), manySums(20, 6), ['TOO_COMPLEX']],
  ['2^150 paths', 'JSON', doubling(text), doubling(number), ['TOO_COMPLEX']],
  ['a mesh', 'JSON', mesh(50, text), mesh(50, number), ['COMBINED_TYPE_SUBSCHEMAS_CHANGED']],
  ['a mesh with itself', 'JSON', mesh(50, text), mesh(50, text), []],
  ['a chain longer than the stack', 'JSON', mesh(3000, text), mesh(3000, number), ['TOO_COMPLEX']],
  ['patterns that backtrack', 'JSON', patterned('string'), patterned('integer'), ['TYPE_CHANGED']],
  [
    '3,000 messages in a ring',
    'PROTOBUF',
    messages('int32'),
    messages('string'),
    ['FIELD_SCALAR_KIND_CHANGED'],
  ],
  ['20,000 members', 'PROTOBUF', oneof(20_000), oneof(10_000), ['ONEOF_FIELD_REMOVED']],
])('%s', (_, format, old, next, expected) => {
  expect(compare(format, old, next)).toEqual(expected)
})
