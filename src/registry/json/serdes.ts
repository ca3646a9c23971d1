import type { SchemaRegistryClient } from '../client/client.ts'
import { RegistryDeserializer } from '../serde/deserializer.ts'
import type { OwnSchema } from '../serde/imports.ts'
import type { DeserializerOptions, SerializerOptions } from '../serde/options.ts'
import { RegistrySerializer } from '../serde/serializer.ts'
import { type JsonSchemaOptions, jsonFormat } from './format.ts'

/** A JSON Schema as its object, its text, or with the schemas that it refers to. */
export type JsonSchemaInput = string | OwnSchema | { readonly [keyword: string]: unknown }

/**
 * Writes JSON that fits a JSON Schema (drafts 4, 6, 7, 2019-09, 2020-12; 7 where none is named).
 * What does not fit is a SerializationError with path, expected and actual of each misfit.
 *
 * @example
 * const value = jsonSchemaSerializer<Order>(registry, { type: 'object', required: ['id'] })
 * await value.prepare('orders')                               // then produce() can use it
 */
export function jsonSchemaSerializer<T = unknown>(
  client: SchemaRegistryClient,
  schema: JsonSchemaInput | undefined,
  options: SerializerOptions & JsonSchemaOptions = {},
): RegistrySerializer<T> {
  const { validate, patterns, ...rest } = options
  const format = jsonFormat(jsonOptions(validate, patterns))
  return new RegistrySerializer(client, format, jsonSchema(schema), rest)
}

/**
 * Reads JSON and holds it against the schema that it was written with, or against `readerSchema`.
 *
 * @example
 * const consumer = new Consumer(config, { value: jsonSchemaDeserializer<Order>(registry) })
 */
export function jsonSchemaDeserializer<T = unknown>(
  client: SchemaRegistryClient,
  options: DeserializerOptions & JsonSchemaOptions & { readerSchema?: JsonSchemaInput } = {},
): RegistryDeserializer<T> {
  const { validate, patterns, readerSchema, ...rest } = options
  const format = jsonFormat(jsonOptions(validate, patterns))
  return new RegistryDeserializer(client, [format], rest, jsonSchema(readerSchema))
}

function jsonSchema(given: JsonSchemaInput | undefined): OwnSchema | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'string') return { schema: given, schemaType: 'JSON' }
  if (isSchema(given)) return { ...given, schemaType: 'JSON' }
  return { schema: JSON.stringify(given), schemaType: 'JSON' }
}

/** `schema` is no keyword of JSON Schema, so a text under that name says whose object it is. */
function isSchema(given: object): given is OwnSchema {
  return 'schema' in given && typeof given.schema === 'string'
}

function jsonOptions(
  validate: boolean | undefined,
  patterns: 'linear' | 'native' | undefined,
): JsonSchemaOptions {
  return { ...(validate !== undefined && { validate }), ...(patterns && { patterns }) }
}
