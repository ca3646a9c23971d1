import { isUtf8 } from 'node:buffer'
import type { Deserializer, Message, ProducerRecord } from '../../index.ts'
import { conversions } from '../../registry/avro/logical.ts'
import {
  avroSerializer,
  type ConversionOf,
  jsonSchemaSerializer,
  protobufSerializer,
  type RegistrySerializer,
  registryDeserializer,
  type Schema,
  type SchemaRegistryClient,
  schemaIdOf,
} from '../../registry/index.ts'
import type { Printer } from '../format.ts'
import { LineError } from '../line-record.ts'

/**
 * Makes the values of records, which are JSON, what a schema says. It registers the schema first,
 * so that one that would break the topic's readers is refused before any record is sent.
 */
export async function valueWriter(
  registry: SchemaRegistryClient,
  topic: string,
  schema: Schema,
  message?: string,
): Promise<(record: ProducerRecord) => ProducerRecord> {
  const serializer = serializerFor(registry, schema, message)
  await serializer.prepare(topic)
  return record => {
    if (record.value === null || record.value === undefined) return record
    const context = { topic, field: 'value' as const, headers: [] }
    const value = serializer.serialize(parsed(record.value), context)
    // Prepared above, and no schema grows old that is one's own.
    if (value instanceof Promise) throw new Error('the serializer is not ready')
    return { ...record, value }
  }
}

function serializerFor(
  registry: SchemaRegistryClient,
  schema: Schema,
  message: string | undefined,
): RegistrySerializer<unknown> {
  const options = { autoRegisterSchemas: true }
  switch (schema.schemaType) {
    case 'PROTOBUF':
      return protobufSerializer(registry, schema, {
        ...options,
        json: true,
        ...(message !== undefined && { message }),
      })
    case 'JSON':
      return jsonSchemaSerializer(registry, schema, options)
    default:
      return avroSerializer(registry, schema, { ...options, logicalTypes: fromJsonText })
  }
}

/** A point in time is a text in JSON; Avro's values are Dates, or numbers finer than those. */
const fromJsonText = Object.fromEntries(
  ['timestamp-millis', 'timestamp-micros', 'timestamp-nanos'].map(name => {
    const of: ConversionOf = schema => {
      const conversion = conversions[name]!(schema)
      return { ...conversion, toAvro: value => conversion.toAvro(pointInTime(value)) }
    }
    return [name, of] as const
  }),
)

function pointInTime(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return /^-?\d+$/.test(value) ? BigInt(value) : new Date(value)
}

function parsed(value: NonNullable<ProducerRecord['value']>): unknown {
  const text = typeof value === 'string' ? value : Buffer.from(value).toString()
  try {
    return JSON.parse(text, bytesAgain)
  } catch {
    throw new LineError('is not JSON')
  }
}

/** Bytes as Node writes them in JSON, and as `consume` prints them. */
function bytesAgain(_name: string, value: unknown): unknown {
  const isBytes =
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value &&
    Array.isArray(value.data) &&
    Object.keys(value).length === 2
  return isBytes ? Buffer.from(value.data as number[]) : value
}

/** Reads values by their schemas, and gives them as JSON text. */
export function valueReader(registry: SchemaRegistryClient): Deserializer<Buffer> {
  const inner = registryDeserializer(registry, {
    avro: { long: 'bigint' },
    protobuf: { json: true },
  })
  return {
    deserialize(bytes, context) {
      const value = inner.deserialize(bytes, context)
      return value instanceof Promise ? value.then(jsonText) : jsonText(value)
    },
  }
}

function jsonText(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, exact))
}

/** A whole number that JSON's readers would round is a text, with all its digits. */
function exact(_name: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

/** One JSON object a record, in which the value is JSON too, with the id of its schema. */
export const schemaJsonPrinter: Printer = (message, out) => {
  const { topic, partition, offset, timestamp } = message
  const headers = message.headers.map(({ key, value }) => ({ key, ...bytesOf('value', value) }))
  const schemaId = idOf(message)
  const rest = JSON.stringify({
    topic,
    partition,
    offset,
    timestamp,
    ...bytesOf('key', message.key),
    ...(headers.length > 0 && { headers }),
    ...(schemaId !== undefined && { schemaId }),
  })
  // The value is JSON text already.
  out.line(`${rest.slice(0, -1)},"value":${message.value?.toString() ?? 'null'}}`)
}

function bytesOf(name: 'key' | 'value', bytes: Buffer | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null }
  if (isUtf8(bytes)) return { [name]: bytes.toString() }
  return { [name]: bytes.toString('base64'), [`${name}Encoding`]: 'base64' }
}

/** The number of the schema with which a value was written, or its GUID. */
export function idOf({ topic, rawValue, headers }: Message): number | string | undefined {
  if (rawValue === null) return undefined
  const found = schemaIdOf(rawValue, { topic, field: 'value', headers })
  return found?.is === 'id' ? found.id : found?.guid
}
