import {
  type CompatibilityLevel,
  checkCompatibility,
  type Incompatibility,
  type Schema,
  type SchemaRegistryClient,
} from '../../registry/index.ts'
import { resolveReferences } from '../../registry/serde/references.ts'

export const compatibilityLevels: readonly CompatibilityLevel[] = [
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
  'NONE',
]

/** What became of a check, and why. */
export interface Verdict {
  readonly compatible: boolean
  readonly level: CompatibilityLevel
  /** What it was held against, in words: `version 3 of orders-value`. */
  readonly against: string
  readonly reasons: readonly Reason[]
}

/** Why it was refused: our own reason, or the words of a registry that judges otherwise. */
export type Reason = Incompatibility | { readonly message: string }

/**
 * Asks the registry whether a schema could be the next version of a subject, by the subject's own
 * rule, as a registration would. The verdict is the registry's; the reasons are our own where we
 * come to the same, since they say what breaks whom and where, and its words otherwise.
 */
export async function checkAtRegistry(
  registry: SchemaRegistryClient,
  subject: string,
  schema: Schema,
): Promise<Verdict> {
  const { compatible, messages } = await registry.testCompatibility(subject, schema, {
    version: 'all',
  })
  const { compatibility: level = 'BACKWARD' } = await registry.config(subject)
  const against = `subject ${subject} at ${registry.url}`
  if (compatible) return { compatible, level, against, reasons: [] }
  const ours = await reasonsFor(registry, subject, schema, level)
  const theirs = messages.map(message => ({ message }))
  return { compatible, level, against, reasons: ours.length > 0 ? ours : theirs }
}

/** The same without a registry, against schemas at hand, the oldest first. */
export function checkAtHand(
  schema: Schema,
  existing: readonly Schema[],
  level: CompatibilityLevel,
  against: string,
): Verdict {
  const reasons = checkCompatibility({
    format: schema.schemaType ?? 'AVRO',
    level,
    proposed: { schema: schema.schema },
    existing: existing.map(each => ({ schema: each.schema })),
  })
  return { compatible: reasons.length === 0, level, against, reasons }
}

async function reasonsFor(
  registry: SchemaRegistryClient,
  subject: string,
  proposed: Schema,
  level: CompatibilityLevel,
): Promise<readonly Incompatibility[]> {
  const format = proposed.schemaType ?? 'AVRO'
  const texts = async (schema: Schema) => {
    const used = await resolveReferences(registry, schema, subject)
    const references = used.map(({ name, schema: { schema } }) => ({ name, schema }))
    return { schema: schema.schema, references }
  }
  const existing = []
  for (const version of await registry.versions(subject)) {
    const registered = await registry.version(subject, version)
    // Schemas of two kinds are never compatible, which the registry says in its own words.
    if (registered.schemaType !== format) return []
    existing.push({ ...(await texts(registered)), version })
  }
  return checkCompatibility({ format, level, proposed: await texts(proposed), existing })
}

/** A verdict as lines for a person. */
export function verdictLines({ compatible, level, against, reasons }: Verdict): string[] {
  if (compatible) return [`compatible with ${against} (${level})`]
  return [`NOT compatible with ${against} (${level}):`, ...reasons.map(each => `  ${lineOf(each)}`)]
}

function lineOf(reason: Reason): string {
  if (!('path' in reason)) return reason.message
  const version = reason.version === undefined ? '' : ` [version ${reason.version}]`
  return `${reason.path}: ${reason.message} (${reason.type})${version}`
}
