import type { CompatibilityLevel, SchemaReference, SchemaType } from '../client/types.ts'
import { isObject, type JsonObject } from '../compatibility/json-text.ts'
import { refusals } from './problems.ts'
import type { SchemaRequest } from './schemas.ts'
import type { Config } from './state.ts'

const types: readonly SchemaType[] = ['AVRO', 'JSON', 'PROTOBUF']
const levels: readonly CompatibilityLevel[] = [
  ...(['NONE', 'BACKWARD', 'BACKWARD_TRANSITIVE'] as const),
  ...(['FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE'] as const),
]
const modes = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT']
const lastVersion = 2 ** 31 - 1

/** A request's body, as an object. */
export function objectIn(body: unknown): JsonObject {
  if (isObject(body)) return body
  throw refusals.badRequest('The body must be a JSON object')
}

export function schemaIn(body: unknown): SchemaRequest {
  const { schema, schemaType, references, metadata, ruleSet, id, version } = objectIn(body)
  if (typeof schema !== 'string') throw refusals.invalidSchema('the body has no schema')
  const type = types.find(each => each === (schemaType ?? 'AVRO'))
  if (!type) throw refusals.invalidSchema(`the type ${JSON.stringify(schemaType)} is not known`)
  return {
    schema,
    schemaType: type,
    references: referencesIn(references),
    ...(isObject(metadata) && { metadata }),
    ...(isObject(ruleSet) && { ruleSet }),
    ...(isCount(id) && { id }),
    ...(isCount(version) && { version }),
  }
}

const isCount = (value: unknown): value is number => {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= lastVersion
}

function referencesIn(value: unknown): SchemaReference[] {
  if (value === undefined || value === null) return []
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map(each => {
    const { name, subject, version } = isObject(each) ? each : {}
    const isWhole = typeof name === 'string' && typeof subject === 'string'
    if (isWhole && typeof version === 'number' && (version === -1 || isCount(version))) {
      return { name, subject, version }
    }
    throw refusals.invalidSchema('a reference needs a name, a subject and a version')
  })
}

/** `latest` and -1 mean the newest version there is. */
export function versionIn(text: string): number | 'latest' {
  if (text === 'latest' || text === '-1') return 'latest'
  const version = /^\d+$/.test(text) ? Number(text) : 0
  if (version >= 1 && version <= lastVersion) return version
  throw refusals.invalidVersion(text)
}

/** Settings as they are sent: `compatibility`, which is read back as `compatibilityLevel`. */
export function configIn(body: unknown): Config {
  const { compatibility, compatibilityLevel, ...others } = objectIn(body)
  const given = compatibility ?? compatibilityLevel
  if (given === undefined || given === null) return others
  const name = String(given).toUpperCase()
  const level = levels.find(each => each === name)
  if (!level) throw refusals.invalidLevel()
  return { ...others, compatibilityLevel: level }
}

export function modeIn(body: unknown): string {
  const mode = modes.find(each => each === String(objectIn(body).mode).toUpperCase())
  if (!mode) throw refusals.invalidMode()
  return mode
}
