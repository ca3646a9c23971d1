import { avroFormat } from '../avro/format.ts'
import type { AvroOptions } from '../avro/parse.ts'
import type { SchemaRegistryClient } from '../client/client.ts'
import { type JsonSchemaOptions, jsonFormat } from '../json/format.ts'
import { type ProtobufOptions, protobufFormat } from '../protobuf/format.ts'
import { RegistryDeserializer } from './deserializer.ts'
import type { DeserializerOptions } from './options.ts'

/**
 * Reads whatever a registry's schemas were used to write: Avro, Protobuf or JSON Schema, each value
 * by its own schema. For tools that show records, and for topics of many kinds.
 *
 * @example
 * const consumer = new Consumer(config, { value: registryDeserializer(registry) })
 */
export function registryDeserializer<T = unknown>(
  client: SchemaRegistryClient,
  options: DeserializerOptions & {
    readonly avro?: AvroOptions
    readonly protobuf?: ProtobufOptions
    readonly jsonSchema?: JsonSchemaOptions
  } = {},
): RegistryDeserializer<T> {
  const { avro = {}, protobuf = {}, jsonSchema = {}, ...rest } = options
  const formats = [avroFormat(avro), protobufFormat(protobuf), jsonFormat(jsonSchema)]
  return new RegistryDeserializer(client, formats, rest)
}
