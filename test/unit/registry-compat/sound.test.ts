import { Ajv } from 'ajv'
import avsc from 'avsc'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SchemaType } from '../../../src/registry/client/types.ts'
import { checkCompatibility } from '../../../src/registry/compatibility/index.ts'

/** Whether data of `old` can be read with `next`, as ours has it. */
function canRead(format: SchemaType, old: unknown, next: unknown): boolean {
  const proposed = { schema: JSON.stringify(next) }
  const existing = [{ schema: JSON.stringify(old) }]
  return checkCompatibility({ format, level: 'BACKWARD', proposed, existing }).length === 0
}

// Few names and numbers, so that the two schemas of a pair often speak about the same things.
const word = fc.constantFrom('a', 'b', 'ab')
const small = fc.integer({ min: 0, max: 3 })
const { schema: jsonSchema } = fc.letrec(tie => ({
  schema: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'schema' },
    fc.constantFrom({}, { type: 'string' }, { type: 'integer' }, { type: ['string', 'null'] }),
    fc.record(
      { minimum: small, maximum: small, multipleOf: fc.constantFrom(1, 2) },
      { requiredKeys: [] },
    ),
    fc.record(
      { type: fc.constant('string'), maxLength: small, minLength: small },
      { requiredKeys: ['type'] },
    ),
    fc.record({ enum: fc.uniqueArray(fc.oneof(word, small), { minLength: 1, maxLength: 3 }) }),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(word, tie('schema'), { maxKeys: 2 }),
        required: fc.uniqueArray(word, { maxLength: 2 }),
        additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
        patternProperties: fc.dictionary(fc.constantFrom('^a', 'b$'), tie('schema'), {
          maxKeys: 1,
        }),
        maxProperties: small,
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        type: fc.constant('array'),
        items: fc.oneof(tie('schema'), fc.array(tie('schema'), { minLength: 1, maxLength: 2 })),
        additionalItems: fc.oneof(fc.boolean(), tie('schema')),
        maxItems: small,
        uniqueItems: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record(
      {
        allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        type: fc.constant('object'),
      },
      { requiredKeys: ['allOf'] },
    ),
    fc.record({ not: tie('schema') }),
  ),
}))
const jsonValue = fc.oneof(
  fc.oneof(word, fc.constant('abcd')),
  fc.integer({ min: -1, max: 5 }),
  fc.constantFrom(null, true, 1.5),
  fc.array(fc.oneof(word, small), { maxLength: 4 }),
  fc.dictionary(word, fc.oneof(word, small, fc.constant(null), fc.dictionary(word, small)), {
    maxKeys: 3,
  }),
)

test('what is called compatible, ajv finds valid: no value of the old schema is refused', () => {
  const ajv = new Ajv({ strict: false, logger: false })
  let compatible = 0
  const property = fc.property(
    jsonSchema,
    jsonSchema,
    fc.array(jsonValue, { minLength: 30, maxLength: 60 }),
    (old, other, values) => {
      // Half of the pairs are a schema and a part of what it demands.
      for (const next of [other, { anyOf: [old, other] }]) {
        if (!canRead('JSON', old, next)) continue
        compatible++
        const before = ajv.compile(Object(old))
        const after = ajv.compile(Object(next))
        const broken = values.filter(value => before(value) && !after(value))
        expect(broken, `${JSON.stringify(old)} -> ${JSON.stringify(next)}`).toEqual([])
      }
    },
  )
  fc.assert(property, { seed: 42, numRuns: 250 })
  expect(compatible).toBeGreaterThan(200)
})

const primitive = fc.constantFrom(
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'string',
  'bytes',
)
const { type: avroType } = fc.letrec(tie => ({
  type: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'type' },
    primitive,
    fc.record({ type: fc.constant('array'), items: tie('type') }),
    fc.record({ type: fc.constant('map'), values: tie('type') }),
    fc.uniqueArray(primitive, { minLength: 1, maxLength: 4 }),
  ),
}))
const avroRecord = fc
  .uniqueArray(fc.tuple(word, avroType, fc.boolean()), { maxLength: 3, selector: ([name]) => name })
  .map(fields => ({
    type: 'record',
    name: 'R',
    fields: fields.map(([name, type, optional]) =>
      optional ? { name, type: ['null', 'int'], default: null } : { name, type },
    ),
  }))
const avroEnum = fc
  .tuple(fc.uniqueArray(word, { minLength: 1 }), fc.boolean())
  .map(([symbols, lenient]) => ({
    type: 'enum',
    name: 'E',
    symbols,
    ...(lenient && { default: symbols[0] }),
  }))

test('Avro: the verdict is that of avsc, which resolves schemas by the same specification', () => {
  const verdicts = { yes: 0, no: 0 }
  const schema = fc.oneof(avroRecord, avroType, avroEnum)
  const property = fc.property(schema, schema, (old, next) => {
    const ours = canRead('AVRO', old, next)
    expect(ours, `${JSON.stringify(old)} -> ${JSON.stringify(next)}`).toBe(resolves(old, next))
    verdicts[ours ? 'yes' : 'no']++
  })
  fc.assert(property, { seed: 7, numRuns: 3000 })
  expect(Math.min(verdicts.yes, verdicts.no)).toBeGreaterThan(100)
})

function resolves(old: unknown, next: unknown): boolean {
  const type = (schema: unknown) =>
    avsc.Type.forSchema(JSON.parse(JSON.stringify(schema)), { wrapUnions: true })
  try {
    type(next).createResolver(type(old))
    return true
  } catch {
    return false
  }
}
