import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'
import { type Misfit, shown } from '../serde/format.ts'

const maxMisfits = 10

/** Where a value does not fit a message, in the terms of protobuf-es' message shapes. */
export function explainMisfit(message: DescMessage, value: unknown): Misfit[] {
  const misfits: Misfit[] = []
  checkMessage(message, value, '', misfits)
  return misfits.slice(0, maxMisfits)
}

function checkMessage(message: DescMessage, value: unknown, path: string, out: Misfit[]): void {
  if (out.length > maxMisfits) return
  if (!isObject(value)) {
    out.push({ path, expected: `a message ${message.typeName}`, actual: shown(value) })
    return
  }
  const known = new Set(['$typeName', '$unknown'])
  for (const field of message.fields) {
    if (field.oneof) continue
    known.add(field.localName)
    const each = value[field.localName]
    if (each !== undefined) checkField(field, each, joined(path, field.localName), out)
  }
  for (const oneof of message.oneofs) {
    known.add(oneof.localName)
    checkOneof(oneof.fields, value[oneof.localName], joined(path, oneof.localName), out)
  }
  for (const name of Object.keys(value)) {
    if (known.has(name)) continue
    const expected = `a field of ${message.typeName} (${[...known].slice(2).join(', ')})`
    out.push({ path: joined(path, name), expected, actual: shown(value[name]) })
  }
}

function checkOneof(
  fields: readonly DescField[],
  value: unknown,
  path: string,
  out: Misfit[],
): void {
  if (value === undefined) return
  if (!isObject(value)) {
    out.push({ path, expected: '{ case, value }', actual: shown(value) })
    return
  }
  if (value.case === undefined) return
  const field = fields.find(each => each.localName === value.case)
  if (field) checkField(field, value.value, joined(path, 'value'), out)
  else {
    const expected = `one of ${fields.map(each => each.localName).join(', ')}`
    out.push({ path: joined(path, 'case'), expected, actual: shown(value.case) })
  }
}

function checkField(field: DescField, value: unknown, path: string, out: Misfit[]): void {
  if (field.fieldKind === 'list') {
    if (!Array.isArray(value)) out.push({ path, expected: 'an array', actual: shown(value) })
    else for (const [at, each] of value.entries()) checkSingle(field, each, `${path}[${at}]`, out)
  } else if (field.fieldKind === 'map') {
    if (!isObject(value)) out.push({ path, expected: 'an object', actual: shown(value) })
    else
      for (const [key, each] of Object.entries(value))
        checkSingle(field, each, joined(path, key), out)
  } else checkSingle(field, value, path, out)
}

function checkSingle(field: DescField, value: unknown, path: string, out: Misfit[]): void {
  const misfit = (expected: string) => out.push({ path, expected, actual: shown(value) })
  if (field.message) {
    // A wrapper such as Int32Value stands for its value, and a Struct for an object.
    if (isObject(value) && !field.message.typeName.startsWith('google.protobuf.')) {
      checkMessage(field.message, value, path, out)
    } else if (!isObject(value) && !field.message.typeName.startsWith('google.protobuf.')) {
      misfit(`a message ${field.message.typeName}`)
    }
  } else if (field.enum) {
    if (!Number.isInteger(value)) misfit(`a number of the enum ${field.enum.typeName}`)
  } else if (field.scalar !== undefined && !scalarChecks[field.scalar](value)) {
    misfit(scalarWords[field.scalar])
  }
}

const isInt32 = (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value === (value | 0)
const isUint32 = (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value === value >>> 0
const isInt64 = (value: unknown) => isBigint(value, -(2n ** 63n), 2n ** 63n)
const isUint64 = (value: unknown) => isBigint(value, 0n, 2n ** 64n)
const isNumber = (value: unknown) => typeof value === 'number'

function isBigint(value: unknown, least: bigint, past: bigint): boolean {
  const text = typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string'
  if (!text || !/^-?\d+$/.test(String(value))) return false
  const whole = BigInt(value)
  return whole >= least && whole < past
}

const scalarChecks: Readonly<Record<ScalarType, (value: unknown) => boolean>> = {
  [ScalarType.DOUBLE]: isNumber,
  [ScalarType.FLOAT]: isNumber,
  [ScalarType.INT64]: isInt64,
  [ScalarType.UINT64]: isUint64,
  [ScalarType.INT32]: isInt32,
  [ScalarType.FIXED64]: isUint64,
  [ScalarType.FIXED32]: isUint32,
  [ScalarType.BOOL]: value => typeof value === 'boolean',
  [ScalarType.STRING]: value => typeof value === 'string',
  [ScalarType.BYTES]: value => value instanceof Uint8Array,
  [ScalarType.UINT32]: isUint32,
  [ScalarType.SFIXED32]: isInt32,
  [ScalarType.SFIXED64]: isInt64,
  [ScalarType.SINT32]: isInt32,
  [ScalarType.SINT64]: isInt64,
}

const scalarWords: Readonly<Record<ScalarType, string>> = {
  [ScalarType.DOUBLE]: 'a double',
  [ScalarType.FLOAT]: 'a float',
  [ScalarType.INT64]: 'an int64 (a bigint)',
  [ScalarType.UINT64]: 'a uint64 (a bigint)',
  [ScalarType.INT32]: 'an int32',
  [ScalarType.FIXED64]: 'a fixed64 (a bigint)',
  [ScalarType.FIXED32]: 'a fixed32',
  [ScalarType.BOOL]: 'a bool',
  [ScalarType.STRING]: 'a string',
  [ScalarType.BYTES]: 'bytes (a Uint8Array)',
  [ScalarType.UINT32]: 'a uint32',
  [ScalarType.SFIXED32]: 'an sfixed32',
  [ScalarType.SFIXED64]: 'an sfixed64 (a bigint)',
  [ScalarType.SINT32]: 'a sint32',
  [ScalarType.SINT64]: 'a sint64 (a bigint)',
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
