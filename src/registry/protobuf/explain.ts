import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'
import { type Misfit, pathText, shown } from '../serde/format.ts'

const maxMisfits = 10

/** Where a value does not fit a message, in the terms of protobuf-es' message shapes. */
export function explainMisfit(message: DescMessage, value: unknown): Misfit[] {
  const walk = new Walk()
  walk.message(message, value)
  return walk.misfits
}

/** The names that a message's shape has, which are needed for every value. */
const namesOf = new WeakMap<DescMessage, ReadonlySet<string>>()

function knownNames(message: DescMessage): ReadonlySet<string> {
  const known = namesOf.get(message)
  if (known) return known
  const names = message.members.map(member => member.localName)
  const set = new Set(['$typeName', '$unknown', ...names])
  namesOf.set(message, set)
  return set
}

/** One look through a value. The path is put together only for what does not fit. */
class Walk {
  readonly misfits: Misfit[] = []
  readonly #path: string[] = []

  message(message: DescMessage, value: unknown): void {
    if (this.misfits.length >= maxMisfits) return
    if (!isObject(value)) return this.#misfit(`a message ${message.typeName}`, value)
    const known = knownNames(message)
    for (const member of message.members) {
      const each = value[member.localName]
      if (each === undefined) continue
      this.#path.push(member.localName)
      if (member.kind === 'oneof') this.#oneof(member.fields, each)
      else this.#field(member, each)
      this.#path.pop()
    }
    for (const name in value) {
      if (known.has(name) || !Object.hasOwn(value, name)) continue
      const names = [...known].slice(2).join(', ')
      this.#within(name, () =>
        this.#misfit(`a field of ${message.typeName} (${names})`, value[name]),
      )
    }
  }

  #oneof(fields: readonly DescField[], value: unknown): void {
    if (!isObject(value)) return this.#misfit('{ case, value }', value)
    if (value.case === undefined) return
    const field = fields.find(each => each.localName === value.case)
    if (field) return this.#within('value', () => this.#field(field, value.value))
    const expected = `one of ${fields.map(each => each.localName).join(', ')}`
    this.#within('case', () => this.#misfit(expected, value.case))
  }

  #field(field: DescField, value: unknown): void {
    if (field.fieldKind === 'list') {
      if (!Array.isArray(value)) return this.#misfit('an array', value)
      for (let at = 0; at < value.length; at++) {
        this.#within(at, () => this.#single(field, value[at]))
      }
    } else if (field.fieldKind === 'map') {
      if (!isObject(value)) return this.#misfit('an object', value)
      for (const [key, each] of Object.entries(value)) {
        this.#within(key, () => this.#single(field, each))
      }
    } else this.#single(field, value)
  }

  #single(field: DescField, value: unknown): void {
    if (field.message) {
      // Well-known types have shapes of their own: a wrapper is its value, a Struct an object.
      if (!field.message.typeName.startsWith('google.protobuf.')) this.message(field.message, value)
    } else if (field.enum) {
      if (!Number.isInteger(value))
        this.#misfit(`a number of the enum ${field.enum.typeName}`, value)
    } else if (field.scalar !== undefined && !scalarChecks[field.scalar](value)) {
      this.#misfit(scalarWords[field.scalar], value)
    }
  }

  #within(part: string | number, check: () => void): void {
    this.#path.push(String(part))
    check()
    this.#path.pop()
  }

  #misfit(expected: string, actual: unknown): void {
    if (this.misfits.length >= maxMisfits) return
    this.misfits.push({ path: pathText(this.#path), expected, actual: shown(actual) })
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
  if (typeof value === 'bigint') return value >= least && value < past
  const isText = typeof value === 'number' || typeof value === 'string'
  if (!isText || !/^-?\d+$/.test(String(value))) return false
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
