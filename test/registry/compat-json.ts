import type { Row, Verdict } from './compat-row.ts'

type Schema = object | boolean

function row(name: string, from: Schema, to: Schema, expected: Verdict): Row {
  return { name, format: 'JSON', old: JSON.stringify(from), new: JSON.stringify(to), expected }
}

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const closed = { additionalProperties: false }
const id = { id: { type: 'integer' } }
const name = { name: { type: 'string' } }

/** An object whose property `value` changes its schema. */
function value(change: string, from: Schema, to: Schema, expected: Verdict): Row {
  const around = (schema: Schema) => object({ ...id, value: schema })
  return row(change, around(from), around(to), expected)
}

const properties: readonly Row[] = [
  row(
    'optional property added to an open object',
    object(id),
    object({ ...id, ...name }),
    'forward',
  ),
  row(
    'optional property added to a closed object',
    object(id, closed),
    object({ ...id, ...name }, closed),
    'backward',
  ),
  row(
    'required property added to a closed object',
    object(id, closed),
    object({ ...id, ...name }, { ...closed, required: ['name'] }),
    'neither',
  ),
  row(
    'required property with default added to a closed object',
    object(id, closed),
    object({ ...id, name: { type: 'string', default: '' } }, { ...closed, required: ['name'] }),
    'backward',
  ),
  row(
    'required property added to an open object',
    object(id),
    object({ ...id, ...name }, { required: ['name'] }),
    'forward',
  ),
  row(
    'property without limits added to an open object',
    object(id),
    object({ ...id, name: {} }),
    'both',
  ),
  row('property removed from an open object', object({ ...id, ...name }), object(id), 'backward'),
  row(
    'property removed from a closed object',
    object({ ...id, ...name }, closed),
    object(id, closed),
    'forward',
  ),
  row(
    'property becomes required',
    object({ ...id, ...name }),
    object({ ...id, ...name }, { required: ['name'] }),
    'forward',
  ),
  row(
    'property with default becomes required',
    object({ ...id, name: { type: 'string', default: '' } }),
    object({ ...id, name: { type: 'string', default: '' } }, { required: ['name'] }),
    'both',
  ),
  row(
    'property becomes optional',
    object({ ...id, ...name }, { required: ['name'] }),
    object({ ...id, ...name }),
    'backward',
  ),
  row('object closed', object(id), object(id, closed), 'forward'),
  row('object opened', object(id, closed), object(id), 'backward'),
  row(
    'additional properties limited to strings',
    object(id),
    object(id, { additionalProperties: { type: 'string' } }),
    'forward',
  ),
  row(
    'additional properties become numbers',
    object(id, { additionalProperties: { type: 'string' } }),
    object(id, { additionalProperties: { type: 'number' } }),
    'neither',
  ),
  row(
    'additional properties widened',
    object(id, { additionalProperties: { type: 'integer' } }),
    object(id, { additionalProperties: { type: 'number' } }),
    'backward',
  ),
  row(
    'property added where additional ones are strings',
    object(id, { additionalProperties: { type: 'string' } }),
    object({ ...id, ...name }, { additionalProperties: { type: 'string' } }),
    'both',
  ),
  row(
    'property of another type added where additional ones are strings',
    object(id, { additionalProperties: { type: 'string' } }),
    object({ ...id, name: { type: 'boolean' } }, { additionalProperties: { type: 'string' } }),
    'neither',
  ),
  row('maxProperties added', object(id), object(id, { maxProperties: 3 }), 'forward'),
  row(
    'minProperties lowered',
    object(id, { minProperties: 2 }),
    object(id, { minProperties: 1 }),
    'backward',
  ),
  row(
    'dependency added',
    object({ ...id, ...name }),
    object({ ...id, ...name }, { dependencies: { id: ['name'] } }),
    'forward',
  ),
]

const scalars: readonly Row[] = [
  value('integer to number', { type: 'integer' }, { type: 'number' }, 'backward'),
  value('number to integer', { type: 'number' }, { type: 'integer' }, 'forward'),
  value('string to integer', { type: 'string' }, { type: 'integer' }, 'neither'),
  value('type added', { type: 'string' }, { type: ['string', 'null'] }, 'backward'),
  value('type removed', { type: ['string', 'null'] }, { type: 'string' }, 'forward'),
  value(
    'types in another order',
    { type: ['null', 'string'] },
    { type: ['string', 'null'] },
    'both',
  ),
  value('type dropped', { type: 'string' }, {}, 'backward'),
  value('maxLength added', { type: 'string' }, { type: 'string', maxLength: 9 }, 'forward'),
  value(
    'maxLength raised',
    { type: 'string', maxLength: 5 },
    { type: 'string', maxLength: 9 },
    'backward',
  ),
  value(
    'minLength raised',
    { type: 'string', minLength: 1 },
    { type: 'string', minLength: 2 },
    'forward',
  ),
  value('pattern added', { type: 'string' }, { type: 'string', pattern: '^a' }, 'forward'),
  value(
    'pattern changed',
    { type: 'string', pattern: '^a' },
    { type: 'string', pattern: '^b' },
    'neither',
  ),
  value(
    'maximum raised',
    { type: 'number', maximum: 5 },
    { type: 'number', maximum: 9 },
    'backward',
  ),
  value(
    'minimum raised',
    { type: 'number', minimum: 1 },
    { type: 'number', minimum: 2 },
    'forward',
  ),
  value(
    'exclusiveMinimum removed',
    { type: 'number', exclusiveMinimum: 0 },
    { type: 'number' },
    'backward',
  ),
  value(
    'multipleOf coarser',
    { type: 'integer', multipleOf: 5 },
    { type: 'integer', multipleOf: 10 },
    'forward',
  ),
  value(
    'multipleOf unrelated',
    { type: 'integer', multipleOf: 5 },
    { type: 'integer', multipleOf: 7 },
    'neither',
  ),
  value(
    'enum value added',
    { type: 'string', enum: ['a'] },
    { type: 'string', enum: ['a', 'b'] },
    'backward',
  ),
  value(
    'enum value removed',
    { type: 'string', enum: ['a', 'b'] },
    { type: 'string', enum: ['a'] },
    'forward',
  ),
  value(
    'enum value replaced',
    { type: 'string', enum: ['a'] },
    { type: 'string', enum: ['b'] },
    'neither',
  ),
  value('enum dropped', { type: 'string', enum: ['a'] }, { type: 'string' }, 'backward'),
  value('const changed', { const: 'a' }, { const: 'b' }, 'neither'),
  value(
    'title and description added',
    { type: 'string' },
    { type: 'string', title: 'T', description: 'D' },
    'both',
  ),
  value(
    'default changed',
    { type: 'string', default: 'a' },
    { type: 'string', default: 'b' },
    'both',
  ),
]

const arrays: readonly Row[] = [
  value(
    'items widened',
    { type: 'array', items: { type: 'integer' } },
    { type: 'array', items: { type: 'number' } },
    'backward',
  ),
  value(
    'items changed',
    { type: 'array', items: { type: 'integer' } },
    { type: 'array', items: { type: 'string' } },
    'neither',
  ),
  value('maxItems added', { type: 'array' }, { type: 'array', maxItems: 9 }, 'forward'),
  value(
    'minItems lowered',
    { type: 'array', minItems: 2 },
    { type: 'array', minItems: 1 },
    'backward',
  ),
  value('uniqueItems added', { type: 'array' }, { type: 'array', uniqueItems: true }, 'forward'),
  value(
    'item added to an open tuple',
    { type: 'array', items: [{ type: 'string' }] },
    { type: 'array', items: [{ type: 'string' }, { type: 'integer' }] },
    'forward',
  ),
  value(
    'item added to a closed tuple',
    { type: 'array', items: [{ type: 'string' }], additionalItems: false },
    { type: 'array', items: [{ type: 'string' }, { type: 'integer' }], additionalItems: false },
    'backward',
  ),
]

const text = { type: 'string' }
const number = { type: 'number' }
const flag = { type: 'boolean' }

const combined: readonly Row[] = [
  value(
    'oneOf branch added',
    { oneOf: [text, number] },
    { oneOf: [text, number, flag] },
    'backward',
  ),
  value(
    'oneOf branch removed',
    { oneOf: [text, number, flag] },
    { oneOf: [text, number] },
    'forward',
  ),
  value('oneOf branch replaced', { oneOf: [text, number] }, { oneOf: [text, flag] }, 'neither'),
  value('type to oneOf with it', text, { oneOf: [text, number] }, 'backward'),
  value('oneOf to one of its branches', { oneOf: [text, number] }, text, 'forward'),
  value('anyOf branch added', { anyOf: [text] }, { anyOf: [text, number] }, 'backward'),
  value('oneOf to anyOf', { oneOf: [text, number] }, { anyOf: [text, number] }, 'both'),
  value(
    'oneOf of overlapping branches to anyOf',
    { oneOf: [text, { type: 'string', maxLength: 5 }] },
    { anyOf: [text, { type: 'string', maxLength: 5 }] },
    'backward',
  ),
  value(
    'allOf member added',
    { allOf: [object(id)] },
    { allOf: [object(id), object({}, { required: ['id'] })] },
    'forward',
  ),
  value(
    'allOf member removed',
    { allOf: [object(id), object({}, { required: ['id'] })] },
    { allOf: [object(id)] },
    'backward',
  ),
  value('not added', text, { type: 'string', not: { enum: ['x'] } }, 'forward'),
]

const tree = (more: object = {}) => ({
  ...object({ left: { $ref: '#' }, right: { $ref: '#' }, ...more }, closed),
})
const defined = (schema: object) => ({
  ...object({ item: { $ref: '#/definitions/item' } }),
  definitions: { item: schema },
})

const references: readonly Row[] = [
  row('recursive schema gets a property', tree(), tree(name), 'backward'),
  row('recursive schema loses a property', tree(name), tree(), 'forward'),
  row('definition widened', defined({ type: 'integer' }), defined({ type: 'number' }), 'backward'),
  row('definition changed', defined({ type: 'integer' }), defined({ type: 'string' }), 'neither'),
  row(
    '$ref written out',
    defined({ type: 'string' }),
    object({ item: { type: 'string' } }),
    'both',
  ),
]

export const jsonRows: readonly Row[] = [
  ...properties,
  ...scalars,
  ...arrays,
  ...combined,
  ...references,
]
