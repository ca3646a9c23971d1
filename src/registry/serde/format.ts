import type { Schema } from '../client/types.ts'

/** A schema that another one refers to, under the name by which it is referred to. */
export interface ReferencedSchema {
  readonly name: string
  readonly schema: Schema
}

/** Beside the schema, the place of a Protobuf message in its file. */
export type MessageIndexes = readonly number[]

/** A compiled schema, as a writer uses it. */
export interface Encoder {
  /** What stands between the schema's id and the payload; Protobuf's message indexes. */
  readonly prefix: Uint8Array
  /** The payload, after `reserve` bytes that are left free; throws a ValueProblem on a misfit. */
  encode(value: unknown, reserve: number): Buffer
}

/** A compiled schema, as a reader uses it. */
export interface Decoder {
  decode(payload: Buffer, indexes: MessageIndexes | undefined): unknown
}

/** One kind of schema: how its text becomes an encoder or a decoder. */
export interface Format {
  readonly schemaType: 'AVRO' | 'PROTOBUF' | 'JSON'
  /** Whether message indexes follow the id. */
  readonly indexed: boolean
  /** The full name in a schema's text, told without its references; undefined where it has none. */
  recordName(schema: Schema): string | undefined
  /** `own` is the schema that the program's values are of, where `schema` may be a later one. */
  encoder(schema: Schema, references: readonly ReferencedSchema[], own?: Schema): Encoder
  /** `reader` is the schema that the program wants values of, where that is another one. */
  decoder(
    writer: Schema,
    references: readonly ReferencedSchema[],
    reader?: { readonly schema: Schema; readonly references: readonly ReferencedSchema[] },
  ): Decoder
}

/** Where in a value something does not fit, what was expected there, and what is there. */
export interface Misfit {
  /** `items[2].price`; empty for the value itself. */
  readonly path: string
  readonly expected: string
  readonly actual: string
}

/** A value does not fit its schema; the serde turns it into a SerializationError with its place. */
export class ValueProblem extends Error {
  /** Each place where it does not fit. */
  readonly misfits: readonly Misfit[]
  constructor(misfits: readonly Misfit[], options?: ErrorOptions) {
    super(misfits.map(misfitText).join('; '), options)
    this.misfits = misfits
  }
}

/** A schema's text is not a schema, or is one that this reader must not take on. */
export class SchemaProblem extends Error {}

/** A payload is not what its schema says. */
export class PayloadProblem extends Error {}

function misfitText({ path, expected, actual }: Misfit): string {
  return `${path === '' ? 'the value' : path}: expected ${expected}, got ${actual}`
}

/** A value as it stands in an error: its kind and, where short, itself. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (value instanceof Date) {
    return Number.isNaN(value.valueOf()) ? 'an invalid Date' : `Date ${value.toISOString()}`
  }
  const json = safeJson(value)
  const short = json.length > 60 ? `${json.slice(0, 57)}...` : json
  if (Array.isArray(value)) return `an array ${short}`
  return typeof value === 'object' ? `an object ${short}` : `${typeof value} ${short}`
}

function safeJson(value: unknown): string {
  try {
    const text = JSON.stringify(value, (_, each: unknown) =>
      typeof each === 'bigint' ? `${each}n` : each,
    )
    return text ?? String(value)
  } catch {
    // It holds itself, or too much; a list's own text would meet the same end.
    return '…'
  }
}

/** `['items', '2', 'price']` -> `items[2].price`. */
export function pathText(parts: readonly string[]): string {
  let path = ''
  for (const part of parts) {
    if (/^\d+$/.test(part)) path += `[${part}]`
    else path += path === '' ? part : `.${part}`
  }
  return path
}
