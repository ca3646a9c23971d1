import { formatted } from './schemas.ts'
import { guidOf, type StoredSchema, type StoredVersion } from './state.ts'

/** A schema in the registry's JSON, without where it stands. */
export function schemaAnswer(schema: StoredSchema, format = ''): Record<string, unknown> {
  const { schemaType, references, metadata, ruleSet } = schema
  return {
    guid: guidOf(schema),
    schemaType,
    schema: formatted(schema, format),
    ...(references.length > 0 && { references }),
    ...(metadata !== undefined && { metadata }),
    ...(ruleSet !== undefined && { ruleSet }),
  }
}

/** A version of a subject in the registry's JSON. */
export function versionAnswer(version: StoredVersion, format = ''): Record<string, unknown> {
  const { subject, version: number, schema, isDeleted, timestamp } = version
  return {
    subject,
    version: number,
    id: schema.id,
    ...schemaAnswer(schema, format),
    ts: timestamp,
    ...(isDeleted && { deleted: true }),
  }
}
