import avsc, { type Type } from 'avsc'
import { type ReferencedSchema, SchemaProblem } from '../serde/format.ts'
import { checkBulk } from './bulk.ts'
import { GuardedArray, GuardedMap } from './guarded.ts'
import {
  type ConversionOf,
  conversions,
  logicalType,
  needsBigint,
  underlyingMark,
} from './logical.ts'
import { bigintLong } from './long.ts'

/** How Avro's values are those of a program. */
export interface AvroOptions {
  /**
   * What a long is in a program. `number` (the default) refuses what it can't hold exactly, beyond
   * 2^53 - 1; `bigint` holds everything.
   */
  readonly long?: 'number' | 'bigint'
  /**
   * How a value of a union is given. `auto` (the default): as it is where its kind tells its
   * branch, else as `{ 'shop.Card': value }`; `wrapped`: always as the latter (but for null).
   */
  readonly unions?: 'auto' | 'wrapped'
  /** Conversions of your own, by the logical type's name; over the ones that are given. */
  readonly logicalTypes?: Readonly<Record<string, ConversionOf>>
}

/** Deeper or larger than any schema that people write; the parser calls itself once a level. */
const maxDepth = 64
const maxNodes = 100_000

type AvscOptions = NonNullable<Parameters<typeof Type.forSchema>[1]>

/** An avsc type of a schema and those that it refers to. Throws a SchemaProblem. */
export function parseAvro(
  text: string,
  references: readonly ReferencedSchema[],
  options: AvroOptions,
): Type {
  const own = { ...conversions, ...options.logicalTypes }
  const logicalTypes = Object.fromEntries(
    Object.entries(own).map(([name, of]) => [name, logicalType(name, of)]),
  )
  const long = options.long ?? 'number'
  const shared: AvscOptions = {
    registry: {},
    logicalTypes,
    omitRecordMethods: true,
    wrapUnions: options.unions === 'wrapped' ? 'always' : 'auto',
    typeHook: (schema, hookOptions) => special(schema, hookOptions, long),
  }
  for (const each of references) {
    typeOf(each.schema.schema, shared, `the schema that is referred to as "${each.name}"`)
  }
  const type = typeOf(text, shared, 'it')
  checkBulk(type)
  return type
}

function typeOf(text: string, options: Partial<AvscOptions>, what: string): Type {
  const schema = avroJson(text)
  const mine = { ...options }
  try {
    const type = avsc.Type.forSchema(schema as Parameters<typeof Type.forSchema>[0], mine)
    // Where a logical type is not valid, avsc goes on with a copy of the registry.
    options.registry = mine.registry!
    return type
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SchemaProblem(`${what} is not a valid Avro schema: ${reason}`, { cause })
  }
}

const primitives = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'])

/** The JSON of an Avro schema; the bare name of a primitive is one too. */
export function avroJson(text: string): unknown {
  if (primitives.has(text.trim())) return text.trim()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new SchemaProblem(`its text is not JSON: ${String(cause)}`, { cause })
  }
  const budget = { nodes: maxNodes }
  return tidied(json, 0, budget)
}

/** Unwraps `{ type: { type: … } }`, which avsc does not take, and refuses what is too deep. */
function tidied(schema: unknown, depth: number, budget: { nodes: number }): unknown {
  if (depth > maxDepth) throw new SchemaProblem(`it is nested more than ${maxDepth} deep`)
  if (--budget.nodes < 0) throw new SchemaProblem(`it has more than ${maxNodes} parts`)
  const below = (each: unknown) => tidied(each, depth + 1, budget)
  if (Array.isArray(schema)) return schema.map(below)
  if (typeof schema !== 'object' || schema === null) return schema
  const node: Record<string, unknown> = { ...schema }
  if (typeof node.type === 'object' && node.type !== null && !Array.isArray(node.type)) {
    if (!('name' in node)) return below({ ...node, ...node.type })
    node.type = below(node.type)
  } else if (Array.isArray(node.type)) {
    if (!('name' in node)) return below(node.type)
    node.type = below(node.type)
  }
  if (Array.isArray(node.fields)) node.fields = node.fields.map(below)
  if (node.items !== undefined) node.items = below(node.items)
  if (node.values !== undefined) node.values = below(node.values)
  return node
}

/** The types that we read ourselves in place of avsc; undefined for the rest. */
function special(schema: unknown, options: object, long: 'number' | 'bigint'): Type | undefined {
  if (schema === 'long') return long === 'bigint' ? bigintLong : undefined
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return undefined
  const { type, logicalType: logical, [underlyingMark]: under } = schema as Attributes
  if (logical !== undefined && under !== true) return undefined
  if (type === 'array') return new GuardedArray(schema as GuardedSchema, options)
  if (type === 'map') return new GuardedMap(schema as GuardedSchema, options)
  if (type !== 'long') return undefined
  return long === 'bigint' || needsBigint.has(String(logical)) ? bigintLong : undefined
}

type GuardedSchema = ConstructorParameters<typeof GuardedArray>[0]

interface Attributes {
  readonly type?: unknown
  readonly logicalType?: unknown
  readonly [underlyingMark]?: unknown
}
