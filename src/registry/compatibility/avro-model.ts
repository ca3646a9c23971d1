import { isObject, type JsonObject, parseJson } from './json-text.ts'
import { segment } from './pairs.ts'
import { InvalidSchemaError, type SchemaText } from './types.ts'

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
export type PrimitiveName = (typeof primitives)[number]

/** A type of an Avro schema, its names resolved: a recursive schema is a graph with a cycle. */
export type AvroType = Primitive | RecordType | EnumType | FixedType | ArrayType | MapType | Union

export interface Primitive {
  readonly is: PrimitiveName
  readonly decimal?: Decimal
}
export interface ArrayType {
  readonly is: 'array'
  readonly items: AvroType
}
export interface MapType {
  readonly is: 'map'
  readonly values: AvroType
}
export interface Union {
  readonly is: 'union'
  readonly branches: readonly AvroType[]
}
interface Named {
  /** With its namespace. */
  readonly name: string
  readonly aliases: readonly string[]
}
export interface RecordType extends Named {
  readonly is: 'record'
  /** Filled after the record itself has its name, since a field may name the record. */
  readonly fields: Field[]
}
export interface EnumType extends Named {
  readonly is: 'enum'
  readonly symbols: readonly string[]
  readonly fallback?: string
}
export interface FixedType extends Named {
  readonly is: 'fixed'
  readonly size: number
  readonly decimal?: Decimal
}
export interface Field {
  readonly name: string
  readonly aliases: readonly string[]
  readonly type: AvroType
  readonly hasDefault: boolean
}
/** What two decimals must have in common to be read as each other. */
export interface Decimal {
  readonly precision: number
  readonly scale: number
}

/** Reads an Avro schema, after the ones it refers to. Throws an InvalidSchemaError. */
export function parseAvro({ schema, references = [] }: SchemaText): AvroType {
  const known = new Map<string, AvroType>()
  for (const { name, schema: text } of references) {
    new Parser(known).type(parseJson(text, `the reference ${name}`), '', '')
  }
  return new Parser(known).type(parseJson(schema, 'the schema'), '', '')
}

class Parser {
  readonly #known: Map<string, AvroType>

  constructor(known: Map<string, AvroType>) {
    this.#known = known
  }

  type(json: unknown, at: string, namespace: string): AvroType {
    if (typeof json === 'string') return this.#named(json, at, namespace)
    if (Array.isArray(json)) return this.#union(json, at, namespace)
    if (!isObject(json)) throw invalid(at, `expected a type, got ${JSON.stringify(json)}`)
    switch (json.type) {
      case 'record':
      case 'error':
        return this.#record(json, at, namespace)
      case 'enum':
        return this.#enum(json, at, namespace)
      case 'fixed':
        return this.#fixed(json, at, namespace)
      case 'array':
        return { is: 'array', items: this.type(json.items, `${at}/items`, namespace) }
      case 'map':
        return { is: 'map', values: this.type(json.values, `${at}/values`, namespace) }
    }
    const name = json.type
    if (typeof name !== 'string') throw invalid(at, 'the attribute type is missing or no text')
    const type = this.#named(name, at, namespace)
    const decimal = type.is === 'bytes' ? decimalOf(json) : undefined
    return decimal ? { is: 'bytes', decimal } : type
  }

  #named(name: string, at: string, namespace: string): AvroType {
    const primitive = primitives.find(each => each === name)
    if (primitive) return { is: primitive }
    const type = this.#known.get(qualified(name, namespace)) ?? this.#known.get(name)
    if (!type) throw invalid(at, `the type ${JSON.stringify(name)} is not defined`)
    return type
  }

  #union(json: readonly unknown[], at: string, namespace: string): Union {
    const branches = json.map((branch, i) => this.type(branch, `${at}/${i}`, namespace))
    const names = branches.map(branch => ('name' in branch ? branch.name : branch.is))
    const twice = repeated(names)
    if (twice !== undefined) throw invalid(at, `the union has ${twice} twice`)
    if (names.includes('union')) throw invalid(at, 'a union may not hold a union')
    return { is: 'union', branches }
  }

  #record(json: JsonObject, at: string, outer: string): RecordType {
    const { name, aliases, namespace } = this.#head(json, at, outer)
    const record: RecordType = { is: 'record', name, aliases, fields: [] }
    this.#define(record, at)
    const list = json.fields
    if (!Array.isArray(list)) throw invalid(at, `the record ${name} has no list of fields`)
    const fields: readonly unknown[] = list
    for (const [i, field] of fields.entries()) {
      record.fields.push(this.#field(field, `${at}/fields/${i}`, namespace))
    }
    const names = record.fields.map(field => field.name)
    const twice = repeated(names)
    if (twice !== undefined) throw invalid(at, `the record ${name} has the field ${twice} twice`)
    return record
  }

  #field(json: unknown, at: string, namespace: string): Field {
    if (!isObject(json)) throw invalid(at, 'a field must be an object')
    const name = nameAt(json.name, at)
    const type = this.type(json.type, `${at}/type`, namespace)
    const hasDefault = json.default !== undefined
    if (hasDefault && !fits(type, json.default)) {
      const value = JSON.stringify(json.default)
      throw invalid(`${at}/default`, `the default ${value} of ${name} does not fit its type`)
    }
    return { name, aliases: textsAt(json.aliases, `${at}/aliases`), type, hasDefault }
  }

  #enum(json: JsonObject, at: string, outer: string): EnumType {
    const { name, aliases } = this.#head(json, at, outer)
    const symbols = textsAt(json.symbols, `${at}/symbols`)
    if (json.symbols === undefined) throw invalid(at, `the enum ${name} has no symbols`)
    for (const symbol of symbols) nameAt(symbol, `${at}/symbols`)
    if (new Set(symbols).size < symbols.length) {
      throw invalid(`${at}/symbols`, `the enum ${name} has a symbol twice`)
    }
    const fallback = json.default
    if (fallback === undefined) return this.#define({ is: 'enum', name, aliases, symbols }, at)
    if (typeof fallback !== 'string' || !symbols.includes(fallback)) {
      throw invalid(`${at}/default`, `the default of the enum ${name} is none of its symbols`)
    }
    return this.#define({ is: 'enum', name, aliases, symbols, fallback }, at)
  }

  #fixed(json: JsonObject, at: string, outer: string): FixedType {
    const { name, aliases } = this.#head(json, at, outer)
    const size = json.size
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw invalid(at, `the fixed ${name} needs a size`)
    }
    const decimal = decimalOf(json)
    return this.#define({ is: 'fixed', name, aliases, size, ...(decimal && { decimal }) }, at)
  }

  #head(json: JsonObject, at: string, outer: string): Named & { namespace: string } {
    const given = json.name
    if (typeof given !== 'string') throw invalid(at, `a ${String(json.type)} needs a name`)
    const own = json.namespace
    if (own !== undefined && typeof own !== 'string') throw invalid(at, 'namespace must be a text')
    const name = qualified(given, own ?? outer)
    for (const part of name.split('.')) nameAt(part, `${at}/name`)
    const namespace = name.slice(0, Math.max(0, name.lastIndexOf('.')))
    const aliases = textsAt(json.aliases, `${at}/aliases`)
    return { name, namespace, aliases: aliases.map(alias => qualified(alias, namespace)) }
  }

  #define<T extends AvroType & Named>(type: T, at: string): T {
    const taken = this.#known.has(type.name) || primitives.some(name => name === type.name)
    if (taken) throw invalid(at, `the name ${type.name} is defined twice`)
    this.#known.set(type.name, type)
    return type
  }
}

function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find(name => seen.size === seen.add(name).size)
}

function qualified(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

function nameAt(value: unknown, at: string): string {
  if (typeof value === 'string' && /^[A-Za-z_]\w*$/.test(value)) return value
  throw invalid(at, `${JSON.stringify(value) ?? 'nothing'} is no name`)
}

function textsAt(value: unknown, at: string): string[] {
  if (value === undefined) return []
  const list: unknown[] = Array.isArray(value) ? value : [undefined]
  return list.map(each => {
    if (typeof each !== 'string') throw invalid(at, 'expected a list of texts')
    return each
  })
}

function decimalOf(json: JsonObject): Decimal | undefined {
  const { logicalType, precision, scale = 0 } = json
  // A logical type that makes no sense must be ignored, the specification says.
  const valid = typeof precision === 'number' && typeof scale === 'number' && scale <= precision
  return logicalType === 'decimal' && valid ? { precision, scale } : undefined
}

/** Whether a default, written as JSON, is a value of the type. */
function fits(type: AvroType, value: unknown): boolean {
  switch (type.is) {
    case 'null':
      return value === null
    case 'boolean':
      return typeof value === 'boolean'
    case 'int':
      return Number.isInteger(value) && Math.abs(Number(value)) <= 2 ** 31
    case 'long':
      return Number.isInteger(value)
    case 'float':
    case 'double':
      // JSON has no word for these three, so Avro takes them as texts.
      return typeof value === 'number' || /^(NaN|-?Infinity)$/.test(String(value))
    case 'enum':
      return typeof value === 'string' && type.symbols.includes(value)
    case 'bytes':
    case 'string':
    case 'fixed':
      return typeof value === 'string'
    case 'array':
      return Array.isArray(value) && value.every(item => fits(type.items, item))
    case 'map':
      return isObject(value) && Object.values(value).every(item => fits(type.values, item))
    case 'union':
      return type.branches.some(branch => fits(branch, value))
    case 'record':
      return isObject(value) && type.fields.every(field => fitsField(field, value[field.name]))
  }
}

function fitsField(field: Field, value: unknown): boolean {
  return value === undefined ? field.hasDefault : fits(field.type, value)
}

function invalid(at: string, problem: string): InvalidSchemaError {
  return new InvalidSchemaError(`at ${at === '' ? segment('') : at}: ${problem}`)
}
