import type { DescFile, DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import type { SchemaRegistryClient } from '../client/client.ts'
import type { Schema } from '../client/types.ts'
import { RegistryDeserializer } from '../serde/deserializer.ts'
import type { OwnSchema } from '../serde/imports.ts'
import type { DeserializerOptions, SerializerOptions } from '../serde/options.ts'
import { RegistrySerializer } from '../serde/serializer.ts'
import { type ProtobufOptions, protobufFormat } from './format.ts'
import { isWellKnown } from './link.ts'
import { printProto } from './print.ts'

/** A `.proto` file's text, alone or with what it refers to, or with the files that it imports. */
export type ProtobufInput = string | OwnSchema

/**
 * Writes Protobuf. The schema is a message of code that protoc-gen-es generated, which gives the
 * values' type, or the text of a `.proto` file. With generated code, and with `imports`, imported
 * files are registered too, each under a subject of its path, and referred to.
 *
 * @example
 * import { OrderSchema } from './gen/order_pb.ts'
 * const value = protobufSerializer(registry, OrderSchema, { autoRegisterSchemas: true })
 * await producer.send({ topic: 'orders', value: { id: '7', count: 1 } })
 */
export function protobufSerializer<M extends DescMessage>(
  client: SchemaRegistryClient,
  schema: M,
  options?: SerializerOptions & ProtobufOptions,
): RegistrySerializer<MessageInitShape<M>>
export function protobufSerializer<T = unknown>(
  client: SchemaRegistryClient,
  schema: ProtobufInput | undefined,
  options?: SerializerOptions & ProtobufOptions,
): RegistrySerializer<T>
export function protobufSerializer(
  client: SchemaRegistryClient,
  schema: DescMessage | ProtobufInput | undefined,
  options: SerializerOptions & ProtobufOptions = {},
): RegistrySerializer<unknown> {
  const { message, json, ...rest } = options
  const generated = isGenerated(schema) ? schema : undefined
  const format = protobufFormat(protobufOptions(message, json), generated)
  return new RegistrySerializer(client, format, protobufSchema(schema), rest)
}

/**
 * Reads Protobuf. With generated code, values are its messages; else they are messages of the
 * schema that each was written with, in the same shapes (or JSON, with `json: true`).
 *
 * @example
 * const consumer = new Consumer(config, { value: protobufDeserializer(registry, OrderSchema) })
 */
export function protobufDeserializer<M extends DescMessage>(
  client: SchemaRegistryClient,
  schema: M,
  options?: DeserializerOptions & ProtobufOptions,
): RegistryDeserializer<MessageShape<M>>
export function protobufDeserializer<T = unknown>(
  client: SchemaRegistryClient,
  readerSchema?: ProtobufInput,
  options?: DeserializerOptions & ProtobufOptions,
): RegistryDeserializer<T>
export function protobufDeserializer(
  client: SchemaRegistryClient,
  schema?: DescMessage | ProtobufInput,
  options: DeserializerOptions & ProtobufOptions = {},
): RegistryDeserializer<unknown> {
  const { message, json, ...rest } = options
  const generated = isGenerated(schema) ? schema : undefined
  const format = protobufFormat(protobufOptions(message, json), generated)
  const reader = generated ? undefined : protobufSchema(schema)
  return new RegistryDeserializer(client, [format], rest, reader)
}

function isGenerated(schema: unknown): schema is DescMessage {
  return (
    typeof schema === 'object' && schema !== null && 'kind' in schema && schema.kind === 'message'
  )
}

function protobufSchema(given: DescMessage | ProtobufInput | undefined): OwnSchema | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'string') return { schema: given, schemaType: 'PROTOBUF' }
  if (isGenerated(given)) return fileSchema(given.file)
  return { ...given, schemaType: 'PROTOBUF' }
}

/** The text of a file of generated code, with those that it imports. */
function fileSchema(file: DescFile): OwnSchema {
  const own = file.dependencies.filter(each => !isWellKnown(each.proto.name))
  const imports = own.map(each => [each.proto.name, fileSchema(each)] as const)
  const schema: Schema = { schema: printProto(file.proto), schemaType: 'PROTOBUF' }
  return imports.length > 0 ? { ...schema, imports: Object.fromEntries(imports) } : schema
}

function protobufOptions(message: string | undefined, json: boolean | undefined): ProtobufOptions {
  return { ...(message !== undefined && { message }), ...(json !== undefined && { json }) }
}
