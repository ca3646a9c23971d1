/**
 * posthaste/registry: a client of Confluent-compatible schema registries, and serializers for Avro,
 * Protobuf and JSON Schema.
 *
 * @example
 * import { avroSerializer, SchemaRegistryClient } from 'posthaste/registry'
 * const registry = new SchemaRegistryClient({ 'schema.registry.url': 'http://localhost:8081' })
 * const value = avroSerializer(registry, orderSchema, { autoRegisterSchemas: true })
 * await value.prepare('orders')
 */
export { RegistryError, type RegistryPlace, SerializationError } from '../errors.ts'
export type { AvroInput, AvroLiteral, AvroValue } from './avro/infer.ts'
export type { Conversion, ConversionOf } from './avro/logical.ts'
export type { AvroOptions } from './avro/parse.ts'
export { type AvroSchema, avroDeserializer, avroSerializer } from './avro/serdes.ts'
export {
  type ClientParts,
  type Deleted,
  type Normalize,
  type Page,
  SchemaRegistryClient,
} from './client/client.ts'
export type { RegistryConfig, RegistryTls, TokenSource } from './client/options.ts'
export type {
  CompatibilityLevel,
  CompatibilityResult,
  IdentifiedSchema,
  RegisteredSchema,
  Schema,
  SchemaReference,
  SchemaType,
  SubjectConfig,
  SubjectMode,
  SubjectVersion,
} from './client/types.ts'
export {
  type CompatibilityCheck,
  checkCompatibility,
  type Incompatibility,
} from './compatibility/index.ts'
export type { JsonSchemaOptions } from './json/format.ts'
export {
  type JsonSchemaInput,
  jsonSchemaDeserializer,
  jsonSchemaSerializer,
} from './json/serdes.ts'
export type { ProtobufOptions } from './protobuf/format.ts'
export { type ProtobufInput, protobufDeserializer, protobufSerializer } from './protobuf/serdes.ts'
export { registryDeserializer } from './serde/any.ts'
export { RegistryDeserializer, schemaIdOf } from './serde/deserializer.ts'
export { type Misfit, ValueProblem } from './serde/format.ts'
export { type SchemaId, schemaIdHeaders } from './serde/framing.ts'
export type { OwnSchema } from './serde/imports.ts'
export type {
  DeserializerOptions,
  HookContext,
  SerdeHooks,
  SerializerOptions,
} from './serde/options.ts'
export { RegistrySerializer } from './serde/serializer.ts'
export {
  recordName,
  type SubjectContext,
  type SubjectNameStrategy,
  type SubjectNameStrategyName,
  topicName,
  topicRecordName,
} from './serde/subjects.ts'
export { EmbeddedRegistry, type EmbeddedRegistryOptions } from './server/index.ts'
