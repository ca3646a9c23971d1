import { reasonOf } from '../../base/depth.ts'
import { KafkaError, SerializationError } from '../../errors.ts'
import { PayloadProblem, SchemaProblem, ValueProblem } from './format.ts'
import type { SchemaId } from './framing.ts'

/** What errors of a serde name. */
export interface SerdePlace {
  readonly topic: string
  readonly field: 'key' | 'value'
  readonly subject: string | undefined
  readonly schemaId: SchemaId | undefined
  readonly url: string
}

/** `the value of a record of orders (subject orders-value, schema id 7 at http://a:8081)` */
export function placeText(place: SerdePlace): string {
  const { subject, schemaId } = place
  const facts = [
    subject === undefined ? '' : `subject ${subject}`,
    schemaId === undefined ? '' : schemaIdText(schemaId),
  ].filter(Boolean)
  const known = facts.join(', ') || 'schema registry'
  return `the ${place.field} of a record of ${place.topic} (${known} at ${place.url})`
}

export function schemaIdText(schemaId: SchemaId): string {
  return schemaId.is === 'id' ? `schema id ${schemaId.id}` : `schema guid ${schemaId.guid}`
}

/** Whatever was thrown while writing or reading, as an error that says where; ours stay. */
export function serdeError(
  thrown: unknown,
  place: SerdePlace,
  doing: 'write' | 'read',
): KafkaError {
  if (thrown instanceof KafkaError) return thrown
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown))
  const where = placeText(place)
  const at = { topic: place.topic }
  if (cause instanceof SchemaProblem) {
    const message = `the schema for ${where} can't be used: ${cause.message}`
    return new SerializationError({ code: 'INVALID_SCHEMA', message, cause, at })
  }
  if (cause instanceof ValueProblem) {
    const message = `${where} does not fit its schema: ${cause.message}`
    return new SerializationError({ code: 'SCHEMA_MISMATCH', message, cause, at })
  }
  if (cause instanceof PayloadProblem || doing === 'read') {
    const message = `${where} can't be read: ${reasonOf(cause)}`
    return new SerializationError({ code: 'DESERIALIZATION_FAILED', message, cause, at })
  }
  const message = `${where} can't be written: ${reasonOf(cause)}`
  return new SerializationError({ code: 'SERIALIZATION_FAILED', message, cause, at })
}
