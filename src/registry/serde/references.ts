import { RegistryError, SerializationError } from '../../errors.ts'
import type { SchemaRegistryClient } from '../client/client.ts'
import type { RegisteredSchema, Schema, SchemaReference } from '../client/types.ts'
import type { ReferencedSchema } from './format.ts'

/** How long a chain of references may be, and how many schemas one may need in all. */
const maxDepth = 50
const maxSchemas = 1_000

/**
 * Every schema that `schema` needs, in an order in which each comes after those that it needs
 * itself, and each once. A loop, or one that is missing, is an error that names the chain.
 */
export async function resolveReferences(
  client: SchemaRegistryClient,
  schema: Schema,
  of: string,
): Promise<ReferencedSchema[]> {
  const found = new Map<string, ReferencedSchema>()
  const visit = async (references: readonly SchemaReference[], chain: readonly string[]) => {
    for (const reference of references) {
      const key = `${reference.name}\n${reference.subject}\n${reference.version}`
      if (found.has(key)) continue
      const step = `${reference.subject} version ${reference.version}`
      if (chain.includes(step)) throw loop([...chain, step], client.url)
      const path = [...chain, step]
      if (path.length > maxDepth || found.size >= maxSchemas) throw tooMany(of, client.url)
      const target = await fetchReference(client, reference, path)
      await visit(target.references ?? [], path)
      found.set(key, { name: reference.name, schema: target })
    }
  }
  await visit(schema.references ?? [], [of])
  return [...found.values()]
}

async function fetchReference(
  client: SchemaRegistryClient,
  reference: SchemaReference,
  chain: readonly string[],
): Promise<RegisteredSchema> {
  try {
    // A schema that is referred to counts even when its subject was deleted since.
    return await client.version(reference.subject, reference.version, { deleted: true })
  } catch (error) {
    if (!(error instanceof RegistryError) || error.where.status !== 404) throw error
    const refers = `${chain[0]} refers to "${reference.name}", which should be ${chain.at(-1)}`
    const missing = `the registry at ${client.url} has no such version (${chain.join(' -> ')})`
    throw new RegistryError({
      code: 'REFERENCE_MISSING',
      message: `${refers}, but ${missing}`,
      hint: 'register it, or refer to a version that exists',
      cause: error,
      where: error.where,
    })
  }
}

function loop(chain: readonly string[], url: string): SerializationError {
  return new SerializationError({
    code: 'REFERENCE_LOOP',
    message: `schemas at ${url} refer to each other in a loop: ${chain.join(' -> ')}`,
  })
}

function tooMany(of: string, url: string): SerializationError {
  return new SerializationError({
    code: 'TOO_MANY_REFERENCES',
    message: `${of} at ${url} needs more than ${maxSchemas} schemas, or a chain of more than ${maxDepth}`,
  })
}
