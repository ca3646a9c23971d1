import type { Ajv, ErrorObject } from 'ajv'
import { isDeeper, reasonOf } from '../../base/depth.ts'
import type { Schema } from '../client/types.ts'
import {
  type Decoder,
  type Encoder,
  type Format,
  type Misfit,
  PayloadProblem,
  pathText,
  type ReferencedSchema,
  SchemaProblem,
  shown,
  ValueProblem,
} from '../serde/format.ts'
import { draftOf, validatorOf } from './drafts.ts'
import { metered } from './meter.ts'
import { linearPatterns, nativePatterns } from './patterns.ts'

/** How JSON Schema is applied. */
export interface JsonSchemaOptions {
  /** Whether values are held against the schema; default true. */
  readonly validate?: boolean
  /**
   * How patterns of schemas from the registry are matched: `linear` (the default) can't be made to
   * hang, and refuses look-around and back-references; `native` takes all. The program's own
   * schema is always matched natively.
   */
  readonly patterns?: 'linear' | 'native'
}

const noBytes = new Uint8Array(0)
const maxSchemaChars = 2 * 1024 * 1024
const maxMisfits = 10
/** How deep a value may be nested: as deep as Java's readers of JSON (Jackson) go. */
const maxDepth = 1_000
/** Deeper than any schema that people write, and well within what ajv compiles. */
const maxSchemaDepth = 200

/** JSON text, held against a JSON Schema by ajv. */
export function jsonFormat(options: JsonSchemaOptions): Format {
  const { validate = true, patterns = 'linear' } = options
  return {
    schemaType: 'JSON',
    indexed: false,
    recordName: titleOf,
    encoder(schema, references, own): Encoder {
      const trusted = patterns === 'native' || own?.schema === schema.schema
      const check = validate && compile(schema, references, { trusted, all: true })
      return { prefix: noBytes, encode: (value, reserve) => encode(check, value, reserve) }
    },
    decoder(writer, references, reader): Decoder {
      const wanted = reader ?? { schema: writer, references }
      const trusted = patterns === 'native'
      const check = validate && compile(wanted.schema, wanted.references, { trusted, all: false })
      return { decode: payload => decode(check, payload) }
    },
  }
}

function titleOf({ schema }: Schema): string | undefined {
  const json = schemaJson(schema)
  if (typeof json !== 'object' || json === null || !('title' in json)) return undefined
  return typeof json.title === 'string' ? json.title : undefined
}

interface CompileOptions {
  readonly trusted: boolean
  /** Whether every misfit is looked for, or the first will do: bytes of others get the latter. */
  readonly all: boolean
}

/** A schema, ready to hold values against. */
interface Check {
  fits(value: unknown): boolean
  /** What was wrong with the last one. */
  errors(): readonly ErrorObject[]
}

function compile(
  schema: Schema,
  references: readonly ReferencedSchema[],
  { trusted, all }: CompileOptions,
): Check {
  const json = schemaJson(schema.schema)
  const ajv = validatorOf(draftOf(json), {
    allErrors: all,
    strict: false,
    logger: false,
    // Values are for the messages of what we find wrong.
    verbose: true,
    code: { regExp: trusted ? nativePatterns : linearPatterns },
  })
  const meter = trusted ? undefined : metered(ajv)
  try {
    const base = baseOf(json)
    for (const each of references) addReference(ajv, each, base)
    const validate = ajv.compile(plain(json) as object | boolean)
    return {
      fits(value) {
        meter?.refill()
        return validate(value)
      },
      errors: () => validate.errors ?? [],
    }
  } catch (cause) {
    if (cause instanceof SchemaProblem) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SchemaProblem(`it is not a valid JSON Schema: ${reason}`, { cause })
  }
}

/** Makes a schema known by the name that others call it by, as it is and relative to theirs. */
function addReference(
  ajv: Ajv,
  { name, schema }: ReferencedSchema,
  base: string | undefined,
): void {
  const json = plain(schemaJson(schema.schema)) as object
  const absolute = base !== undefined && URL.canParse(name, base) ? new URL(name, base).href : name
  for (const key of new Set([name, absolute])) {
    if (ajv.getSchema(key) === undefined) ajv.addSchema(json, key)
  }
}

/** Without `$schema`: the draft of the schema at the top holds for all that it refers to. */
function plain(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || !('$schema' in json)) return json
  const { $schema: _, ...rest } = json
  return rest
}

function baseOf(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  const { $id, id } = json as { $id?: unknown; id?: unknown }
  const base = $id ?? id
  return typeof base === 'string' && URL.canParse(base) ? base : undefined
}

function schemaJson(text: string): unknown {
  if (text.length > maxSchemaChars) {
    throw new SchemaProblem(`it has more than ${maxSchemaChars} characters`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new SchemaProblem(`its text is not JSON: ${String(cause)}`, { cause })
  }
  if (!isDeeper(json, maxSchemaDepth)) return json
  throw new SchemaProblem(`it is nested more than ${maxSchemaDepth} deep`)
}

function encode(check: Check | false, value: unknown, reserve: number): Buffer {
  const text = jsonText(value)
  if (isTooDeep(value, text.length)) {
    const expected = `at most ${maxDepth} levels`
    throw new ValueProblem([{ path: '', expected, actual: 'more' }])
  }
  // What is written counts: a Date is a text there, and what is undefined is not there at all.
  if (check && !check.fits(value) && !check.fits(JSON.parse(text))) throw misfits(check)
  const bytes = Buffer.allocUnsafe(reserve + Buffer.byteLength(text))
  bytes.write(text, reserve)
  return bytes
}

/** Each level takes two characters, so that short texts need not be looked at. */
function isTooDeep(value: unknown, chars: number): boolean {
  return chars > 2 * maxDepth && isDeeper(value, maxDepth)
}

function jsonText(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    const actual = `${shown(value)} (${reasonOf(cause)})`
    throw new ValueProblem([{ path: '', expected: 'what JSON can express', actual }], { cause })
  }
  if (text !== undefined) return text
  throw new ValueProblem([{ path: '', expected: 'what JSON can express', actual: shown(value) }])
}

function decode(check: Check | false, payload: Buffer): unknown {
  let value: unknown
  try {
    value = JSON.parse(payload.toString('utf8'))
  } catch (cause) {
    throw new PayloadProblem(`it is not JSON: ${String(cause)}`, { cause })
  }
  if (isTooDeep(value, payload.length)) {
    throw new PayloadProblem(`it is nested more than ${maxDepth} deep`)
  }
  if (check && !check.fits(value)) throw misfits(check)
  return value
}

function misfits(check: Check): ValueProblem {
  return new ValueProblem(check.errors().slice(0, maxMisfits).map(misfitOf))
}

/** ajv's finding in our words: its path is a JSON pointer, its message an expectation. */
function misfitOf(error: ErrorObject): Misfit {
  const parts = error.instancePath.split('/').slice(1)
  const decoded = parts.map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const path = pathText(decoded)
  const params: Readonly<Record<string, unknown>> = error.params
  switch (error.keyword) {
    case 'required': {
      const name = String(params.missingProperty)
      const expected = `the required property ${name}`
      return { path: pathText([...decoded, name]), expected, actual: 'nothing' }
    }
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params.additionalProperty ?? params.unevaluatedProperty)
      const expected = 'no such property'
      return { path: pathText([...decoded, name]), expected, actual: 'one' }
    }
    case 'enum':
      return { path, expected: `one of ${list(params.allowedValues)}`, actual: shown(error.data) }
    case 'const':
      return { path, expected: shown(params.allowedValue), actual: shown(error.data) }
    default: {
      const words = (error.message ?? error.keyword).replace(/^must (be )?/, '')
      return { path, expected: words, actual: shown(error.data) }
    }
  }
}

function list(values: unknown): string {
  return Array.isArray(values) ? values.map(each => JSON.stringify(each)).join(', ') : ''
}
