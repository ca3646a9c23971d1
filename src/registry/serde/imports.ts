import type { SchemaRegistryClient } from '../client/client.ts'
import type { RegisteredSchema, Schema, SchemaReference } from '../client/types.ts'

/**
 * A schema of the program, with the schemas that it needs by the names that its text calls them.
 * Each of those is registered (or looked up) under a subject of that name before the schema itself.
 */
export interface OwnSchema extends Schema {
  readonly imports?: Readonly<Record<string, string | OwnSchema>>
}

export interface ImportOptions {
  readonly register: boolean
  readonly normalize: boolean
}

/** The schema with references to all that it imports, which are in the registry afterwards. */
export async function withImports(
  client: SchemaRegistryClient,
  own: OwnSchema,
  options: ImportOptions,
): Promise<Schema> {
  const { imports, ...schema } = own
  if (imports === undefined) return schema
  const references: SchemaReference[] = [...(schema.references ?? [])]
  for (const [name, given] of Object.entries(imports)) {
    const each: OwnSchema = typeof given === 'string' ? { schema: given } : given
    const typed = { ...(schema.schemaType && { schemaType: schema.schemaType }), ...each }
    const target = await withImports(client, typed, options)
    const { subject, version } = await settle(client, name, target, options)
    references.push({ name, subject, version })
  }
  return { ...schema, references }
}

/** Registers a schema, or finds it registered. */
export function settle(
  client: SchemaRegistryClient,
  subject: string,
  schema: Schema,
  { register, normalize }: ImportOptions,
): Promise<RegisteredSchema> {
  const options = normalize ? { normalize } : {}
  return register
    ? client.register(subject, schema, options)
    : client.lookup(subject, schema, options)
}
