import type { Row, Verdict } from './compat-row.ts'

const record = (fields: unknown[], more: object = {}) =>
  JSON.stringify({ type: 'record', name: 'Order', namespace: 'shop', fields, ...more })
const field = (type: unknown, more: object = {}) => ({ name: 'value', type, ...more })
const id = { name: 'id', type: 'long' }

/** A record whose field `value` changes its type. */
function retyped(name: string, from: unknown, to: unknown, expected: Verdict): Row {
  return row(name, record([id, field(from)]), record([id, field(to)]), expected)
}

function row(name: string, from: string, to: string, expected: Verdict): Row {
  return { name, format: 'AVRO', old: from, new: to, expected }
}

const stringEnum = (symbols: string[], more: object = {}) => ({
  type: 'enum',
  name: 'State',
  symbols,
  ...more,
})
const fixed = (size: number, name = 'Hash') => ({ type: 'fixed', name, size })
const decimal = (precision: number, scale: number) => ({
  type: 'bytes',
  logicalType: 'decimal',
  precision,
  scale,
})
const nested = (fields: unknown[], name = 'Item') => ({ type: 'record', name, fields })
const list = (more: unknown[] = []) =>
  record([id, { name: 'next', type: ['null', 'Order'], default: null }, ...more])

const fields: readonly Row[] = [
  row('field added without default', record([id]), record([id, field('string')]), 'forward'),
  row(
    'field added with default',
    record([id]),
    record([id, field('string', { default: '' })]),
    'both',
  ),
  row(
    'nullable field added with default null',
    record([id]),
    record([id, field(['null', 'string'], { default: null })]),
    'both',
  ),
  row('field without default removed', record([id, field('string')]), record([id]), 'backward'),
  row(
    'field with default removed',
    record([id, field('string', { default: '' })]),
    record([id]),
    'both',
  ),
  row(
    'field renamed without alias',
    record([id, field('string')]),
    record([id, { name: 'text', type: 'string' }]),
    'neither',
  ),
  row(
    'field renamed with alias',
    record([id, field('string')]),
    record([id, { name: 'text', type: 'string', aliases: ['value'] }]),
    'backward',
  ),
  row(
    'field renamed with alias and defaults',
    record([id, field('string', { default: '' })]),
    record([id, { name: 'text', type: 'string', aliases: ['value'], default: '' }]),
    'both',
  ),
  row(
    'default added',
    record([id, field('string')]),
    record([id, field('string', { default: '' })]),
    'both',
  ),
  row(
    'fields in another order',
    record([id, field('string')]),
    record([field('string'), id]),
    'both',
  ),
  row('doc added', record([id]), record([id], { doc: 'An order' }), 'both'),
  row('record renamed', record([id]), record([id], { name: 'Purchase' }), 'neither'),
  row('namespace changed', record([id]), record([id], { namespace: 'store' }), 'both'),
]

const types: readonly Row[] = [
  retyped('int to long', 'int', 'long', 'backward'),
  retyped('long to int', 'long', 'int', 'forward'),
  retyped('int to float', 'int', 'float', 'backward'),
  retyped('long to double', 'long', 'double', 'backward'),
  retyped('float to double', 'float', 'double', 'backward'),
  retyped('double to float', 'double', 'float', 'forward'),
  retyped('string to bytes', 'string', 'bytes', 'both'),
  retyped('string to int', 'string', 'int', 'neither'),
  retyped('boolean to int', 'boolean', 'int', 'neither'),
  retyped(
    'int array to long array',
    { type: 'array', items: 'int' },
    { type: 'array', items: 'long' },
    'backward',
  ),
  retyped(
    'array to map',
    { type: 'array', items: 'int' },
    { type: 'map', values: 'int' },
    'neither',
  ),
  retyped(
    'map of strings to map of ints',
    { type: 'map', values: 'string' },
    { type: 'map', values: 'int' },
    'neither',
  ),
  retyped('fixed made longer', fixed(16), fixed(32), 'neither'),
  retyped('fixed renamed', fixed(16), fixed(16, 'Digest'), 'neither'),
  retyped('fixed to bytes', fixed(16), 'bytes', 'neither'),
  retyped('logical type added', 'long', { type: 'long', logicalType: 'timestamp-millis' }, 'both'),
]

const unionsAndEnums: readonly Row[] = [
  retyped('made nullable', 'string', ['null', 'string'], 'backward'),
  retyped('made not nullable', ['null', 'string'], 'string', 'forward'),
  retyped('branch added', ['null', 'string'], ['null', 'string', 'long'], 'backward'),
  retyped('branch removed', ['null', 'string', 'long'], ['null', 'string'], 'forward'),
  retyped('branches in another order', ['null', 'string'], ['string', 'null'], 'both'),
  retyped('branch promoted', ['null', 'int'], ['null', 'long'], 'backward'),
  retyped('branch replaced', ['null', 'string'], ['null', 'boolean'], 'neither'),
  retyped('symbol added', stringEnum(['NEW']), stringEnum(['NEW', 'SENT']), 'backward'),
  retyped('symbol removed', stringEnum(['NEW', 'SENT']), stringEnum(['NEW']), 'forward'),
  retyped(
    'symbol added to an enum with default',
    stringEnum(['NEW'], { default: 'NEW' }),
    stringEnum(['NEW', 'SENT'], { default: 'NEW' }),
    'both',
  ),
  retyped(
    'symbols in another order',
    stringEnum(['NEW', 'SENT']),
    stringEnum(['SENT', 'NEW']),
    'both',
  ),
  retyped('enum renamed', stringEnum(['NEW']), stringEnum(['NEW'], { name: 'Status' }), 'neither'),
  retyped('enum to string', stringEnum(['NEW']), 'string', 'neither'),
]

const deeper: readonly Row[] = [
  retyped(
    'nested field added without default',
    nested([id]),
    nested([id, field('int')]),
    'forward',
  ),
  retyped(
    'nested field in an array removed',
    { type: 'array', items: nested([id, field('int')]) },
    { type: 'array', items: nested([id]) },
    'backward',
  ),
  retyped('nested record renamed', nested([id]), nested([id], 'Line'), 'neither'),
  retyped(
    'record in a union gets a field with default',
    ['null', nested([id])],
    ['null', nested([id, field('int', { default: 0 })])],
    'both',
  ),
  retyped(
    'record in a union gets a field without default',
    ['null', nested([id])],
    ['null', nested([id, field('int')])],
    'forward',
  ),
  row(
    'recursive record gets a field with default',
    list(),
    list([field('int', { default: 0 })]),
    'both',
  ),
  row('recursive record gets a field without default', list(), list([field('int')]), 'forward'),
  row('top-level type changed', '"int"', '"string"', 'neither'),
  row('top-level type promoted', '"int"', '"long"', 'backward'),
  {
    ...retyped(
      'record renamed with alias',
      nested([id]),
      { ...nested([id], 'Line'), aliases: ['Item'] },
      'backward',
    ),
  },
  {
    ...retyped(
      'enum renamed with alias',
      stringEnum(['NEW']),
      stringEnum(['NEW'], { name: 'Status', aliases: ['State'] }),
      'backward',
    ),
  },
  { ...retyped('decimal with another scale', decimal(9, 2), decimal(9, 4), 'neither') },
  { ...retyped('decimal with another precision', decimal(9, 2), decimal(12, 2), 'neither') },
]

export const avroRows: readonly Row[] = [...fields, ...types, ...unionsAndEnums, ...deeper]
