import { toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import type { SchemaReference, SchemaType } from '../client/types.ts'
import {
  InvalidSchemaError,
  type ReferencedText,
  type SchemaText,
  validateSchema,
} from '../compatibility/index.ts'
import { canonical, minified, sorted } from '../compatibility/json-text.ts'
import { printProto } from '../protobuf/print.ts'
import { descriptorOf } from '../protobuf/schema.ts'
import { SchemaProblem } from '../serde/format.ts'
import { refusals } from './problems.ts'
import type { State, StoredSchema } from './state.ts'
import { subjectFrom } from './subject-names.ts'

/** A schema as somebody sends it, its parts of the right types. */
export interface SchemaRequest {
  readonly schema: string
  readonly schemaType: SchemaType
  readonly references: readonly SchemaReference[]
  readonly metadata?: unknown
  readonly ruleSet?: unknown
  /** Only while importing. */
  readonly id?: number
  readonly version?: number
}

/** More would take long to read; nobody's schema needs as many. */
const MAX_REFERENCES = 1000

/** A schema that has been read and found valid, ready to be stored under an id. */
export type ReadSchema = Omit<StoredSchema, 'id'>

/**
 * Reads a schema, with what it refers to. `subject` is where it will stand: references without a
 * context mean that subject's. Throws the refusal 42201.
 */
export function readSchema(
  state: State,
  subject: string,
  request: SchemaRequest,
  normalize: boolean,
): ReadSchema {
  const references = request.references.map(each => pinned(state, subject, each))
  const { schemaType, metadata, ruleSet } = request
  return refusing(() => {
    const given = { schema: request.schema, references: textsOf(state, subject, references) }
    validateSchema(schemaType, given)
    const schema = storedText(schemaType, request.schema, normalize)
    const same = identityText(schemaType, schema)
    return {
      schemaType,
      schema,
      references,
      ...(metadata !== undefined && { metadata }),
      ...(ruleSet !== undefined && { ruleSet }),
      identity: sorted([schemaType, same, references, metadata ?? null, ruleSet ?? null]),
    }
  })
}

/** What a format's reader finds wrong is a refusal of the request. */
function refusing<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof InvalidSchemaError || error instanceof SchemaProblem) {
      throw refusals.invalidSchema(error.message)
    }
    throw error
  }
}

/** A reference to the latest version, -1, becomes one to the version that this is now. */
function pinned(state: State, subject: string, reference: SchemaReference): SchemaReference {
  const target = subjectFrom(subject, reference.subject)
  const live = state.versions(target).filter(each => !each.isDeleted)
  const found =
    reference.version === -1 ? live.at(-1) : live.find(each => each.version === reference.version)
  if (found) return { ...reference, version: found.version }
  const what = `subject '${reference.subject}', version ${reference.version}`
  throw refusals.invalidSchema(`the reference '${reference.name}' names what is not there: ${what}`)
}

/** A stored schema with the texts of all that it refers to. */
export function withReferences(state: State, subject: string, schema: StoredSchema): SchemaText {
  return { schema: schema.schema, references: textsOf(state, subject, schema.references) }
}

/** All that is referred to, directly or not, each after what it refers to itself. */
function textsOf(
  state: State,
  subject: string,
  references: readonly SchemaReference[],
): ReferencedText[] {
  const found = new Map<string, ReferencedText>()
  const visited = new Set<string>()
  const visit = (from: string, list: readonly SchemaReference[]) => {
    for (const { name, subject: to, version } of list) {
      const target = subjectFrom(from, to)
      const key = sorted([target, version, name])
      if (visited.has(key)) continue
      if (visited.size >= MAX_REFERENCES) {
        throw new InvalidSchemaError(`it refers to more than ${MAX_REFERENCES} others`)
      }
      visited.add(key)
      const stored = state.versions(target).find(each => each.version === version)
      if (!stored) throw new InvalidSchemaError(`${to} version ${version} is not there any more`)
      visit(target, stored.schema.references)
      found.set(key, { name, schema: stored.schema.schema })
    }
  }
  visit(subject, references)
  return [...found.values()]
}

/** The text to keep: as it came, but for white space in JSON, and descriptors in base64. */
function storedText(type: SchemaType, text: string, normalize: boolean): string {
  if (type === 'PROTOBUF') {
    const isText = /[;{]/.test(text) || text.trim() === ''
    return isText && !normalize ? text : printProto(descriptorOf(text, 'schema.proto'))
  }
  return normalize && type === 'JSON' ? sortedText(text) : minified(text)
}

/** Keys in order; as they came, where a number would lose digits on the way. */
function sortedText(text: string): string {
  const rewritten = sorted(JSON.parse(text))
  return canonical(rewritten) === canonical(text) ? rewritten : minified(text)
}

/** One text for all spellings that mean the same to the format. */
function identityText(type: SchemaType, text: string): string {
  // `{"type": "string"}` is "string".
  if (type === 'AVRO') return canonical(text).replaceAll(/\{"type":("[^"\\]*")\}/g, '$1')
  // Comments and white space say nothing.
  return type === 'PROTOBUF' ? serialized(text) : text
}

function serialized(text: string): string {
  const descriptor = descriptorOf(text, 'schema.proto')
  return Buffer.from(toBinary(FileDescriptorProtoSchema, descriptor)).toString('base64')
}

/** A schema's text in another form: `serialized` is Protobuf's descriptor in base64. */
export function formatted(schema: StoredSchema, format: string): string {
  const isWanted = schema.schemaType === 'PROTOBUF' && format === 'serialized'
  return isWanted ? serialized(schema.schema) : schema.schema
}
