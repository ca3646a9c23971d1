import type { SchemaRegistryClient } from '../client/client.ts'
import { RegistryDeserializer } from '../serde/deserializer.ts'
import type { OwnSchema } from '../serde/imports.ts'
import type { DeserializerOptions, SerializerOptions } from '../serde/options.ts'
import { RegistrySerializer } from '../serde/serializer.ts'
import { avroFormat } from './format.ts'
import type { AvroInput, AvroLiteral, AvroValue } from './infer.ts'
import type { AvroOptions } from './parse.ts'

/** A schema as text with what it refers to, or with the schemas that it needs. */
export type AvroSchema = OwnSchema

/**
 * Writes Avro. The schema is a literal, which gives the values' type, or a text; without one,
 * `useLatestVersion` or `useSchemaId` says which to take. Call `prepare(topic)` before `produce()`.
 *
 * @example
 * const fields = [{ name: 'id', type: 'string' }] as const
 * const order = { type: 'record', name: 'Order', fields } as const
 * const value = avroSerializer(registry, order, { autoRegisterSchemas: true })
 * const producer = new Producer(config, { value })
 * await producer.send({ topic: 'orders', value: { id: '7' } })
 */
export function avroSerializer<T = unknown>(
  client: SchemaRegistryClient,
  schema: string | AvroSchema | undefined,
  options?: SerializerOptions & AvroOptions,
): RegistrySerializer<T>
export function avroSerializer<const S extends AvroLiteral>(
  client: SchemaRegistryClient,
  schema: S,
  options?: SerializerOptions & AvroOptions,
): RegistrySerializer<AvroInput<S>>
export function avroSerializer(
  client: SchemaRegistryClient,
  schema: AvroLiteral | AvroSchema | undefined,
  options: SerializerOptions & AvroOptions = {},
): RegistrySerializer<unknown> {
  const { long, unions, logicalTypes, ...rest } = options
  const format = avroFormat(avroOptions({ long, unions, logicalTypes }))
  return new RegistrySerializer(client, format, avroSchema(schema), rest)
}

/**
 * Reads Avro by the schema that each value was written with. With a `readerSchema`, values come as
 * that schema says: fields it lacks are left out, fields that are new have their defaults.
 *
 * @example
 * const value = avroDeserializer(registry, { readerSchema: order })   // the type follows from it
 */
export function avroDeserializer<T = unknown>(
  client: SchemaRegistryClient,
  options?: DeserializerOptions & AvroOptions & { readerSchema?: string | AvroSchema },
): RegistryDeserializer<T>
export function avroDeserializer<const S extends AvroLiteral>(
  client: SchemaRegistryClient,
  options: DeserializerOptions & AvroOptions & { readerSchema: S },
): RegistryDeserializer<AvroValue<S>>
export function avroDeserializer(
  client: SchemaRegistryClient,
  options: DeserializerOptions & AvroOptions & { readerSchema?: AvroLiteral | AvroSchema } = {},
): RegistryDeserializer<unknown> {
  const { long, unions, logicalTypes, readerSchema, ...rest } = options
  const format = avroFormat(avroOptions({ long, unions, logicalTypes }))
  return new RegistryDeserializer(client, [format], rest, avroSchema(readerSchema))
}

function avroSchema(given: AvroLiteral | AvroSchema | undefined): OwnSchema | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'string') return { schema: given, schemaType: 'AVRO' }
  if ('schema' in given && typeof given.schema === 'string') {
    return { ...given, schema: given.schema, schemaType: 'AVRO' }
  }
  return { schema: JSON.stringify(given), schemaType: 'AVRO' }
}

/** Leaves out what was not given, so that defaults hold. */
function avroOptions(
  given: {
    [K in keyof AvroOptions]: AvroOptions[K] | undefined
  },
): AvroOptions {
  return {
    ...(given.long && { long: given.long }),
    ...(given.unions && { unions: given.unions }),
    ...(given.logicalTypes && { logicalTypes: given.logicalTypes }),
  }
}
