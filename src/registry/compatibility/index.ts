import type { CompatibilityLevel } from '../client/types.ts'
import { canReadAvro } from './avro.ts'
import { type AvroType, parseAvro } from './avro-model.ts'
import { type JsonNode, parseJsonSchema } from './json-model.ts'
import { compareJsonSchemas } from './json-schema.ts'
import { comparePairs, type Finding, TooComplexError } from './pairs.ts'
import { compareProtobuf, reservedInUse } from './protobuf.ts'
import { type ProtoFile, parseProtobuf } from './protobuf-model.ts'
import type { CompatibilityCheck, Incompatibility, SchemaText, VersionText } from './types.ts'

export * from './types.ts'

/** What a format must give: how its text is read, and whether one schema reads another's data. */
interface Format<S> {
  parse(text: SchemaText): S
  canRead(reader: S, writer: S): readonly Finding[]
  /** What is wrong whoever reads: the new schema takes the reader's place in the words. */
  always?(proposed: S, existing: S): readonly Finding[]
}

const avro: Format<AvroType> = {
  parse: parseAvro,
  canRead: (reader, writer) => comparePairs(reader, writer, canReadAvro),
}
const json: Format<JsonNode> = { parse: parseJsonSchema, canRead: compareJsonSchemas }
const protobuf: Format<ProtoFile> = {
  parse: parseProtobuf,
  canRead: compareProtobuf,
  always: reservedInUse,
}

/** Throws an InvalidSchemaError if the text is no schema of this format. */
export function validateSchema(format: CompatibilityCheck['format'], text: SchemaText): void {
  if (format === 'AVRO') avro.parse(text)
  else if (format === 'JSON') json.parse(text)
  else protobuf.parse(text)
}

/**
 * Why a new version of a subject would break its readers or writers; an empty list if it would not.
 *
 * BACKWARD: the new schema reads what the latest version wrote. FORWARD: the latest version reads
 * what the new schema writes. FULL: both. The `_TRANSITIVE` forms hold against every version.
 *
 * Avro follows the schema resolution of its specification; JSON Schema and Protobuf follow the
 * rules that Confluent documents. The work is bounded: schemas too entangled to compare give the
 * incompatibility `TOO_COMPLEX`. Throws an InvalidSchemaError for a text that is no schema.
 *
 * @example
 * checkCompatibility({ format: 'AVRO', level: 'BACKWARD', proposed: { schema: next },
 *                      existing: [{ schema: first, version: 1 }] })
 */
export function checkCompatibility(check: CompatibilityCheck): Incompatibility[] {
  if (check.format === 'AVRO') return checkWith(avro, check)
  return check.format === 'JSON' ? checkWith(json, check) : checkWith(protobuf, check)
}

function checkWith<S>(format: Format<S>, check: CompatibilityCheck): Incompatibility[] {
  const { level, existing } = check
  const proposed = format.parse(check.proposed)
  if (level === 'NONE') return []
  const compared = level.endsWith('_TRANSITIVE') ? existing.toReversed() : existing.slice(-1)
  for (const version of compared) {
    const found = compareWith(format, level, proposed, version)
    // The newest version that doesn't agree says enough; the same change tends to break them all.
    if (found.length > 0) return found
  }
  return []
}

function compareWith<S>(
  format: Format<S>,
  level: CompatibilityLevel,
  proposed: S,
  version: VersionText,
): Incompatibility[] {
  const old = format.parse(version)
  const isFull = level.startsWith('FULL')
  const found: Incompatibility[] = []
  const add = (reader: 'new' | 'old', judge: () => readonly Finding[]) => {
    found.push(...bounded(judge).map(finding => incompatibility(finding, reader, version)))
  }
  if (isFull || level.startsWith('BACKWARD')) add('new', () => format.canRead(proposed, old))
  if (isFull || level.startsWith('FORWARD')) add('old', () => format.canRead(old, proposed))
  add('new', () => format.always?.(proposed, old) ?? [])
  return found
}

function bounded(judge: () => readonly Finding[]): readonly Finding[] {
  try {
    return judge()
  } catch (error) {
    if (!(error instanceof TooComplexError)) throw error
    const message = 'the {reader} and the {writer} schema are too entangled to be compared'
    return [{ type: 'TOO_COMPLEX', path: '', message }]
  }
}

function incompatibility(
  { type, path, message }: Finding,
  reader: 'new' | 'old',
  { version }: VersionText,
): Incompatibility {
  const writer = reader === 'new' ? 'old' : 'new'
  const words = message.replaceAll('{reader}', reader).replaceAll('{writer}', writer)
  const place = path === '' ? '/' : path
  return { type, path: place, message: words, reader, ...(version !== undefined && { version }) }
}
