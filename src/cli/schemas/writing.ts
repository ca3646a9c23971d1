import type { ProducerRecord } from '../../index.ts'
import { conversions } from '../../registry/avro/logical.ts'
import {
  avroSerializer,
  type ConversionOf,
  jsonSchemaSerializer,
  protobufSerializer,
  type RegistrySerializer,
  type Schema,
  type SchemaRegistryClient,
} from '../../registry/index.ts'
import { LineError } from '../line-record.ts'

/** What keys and values are written by; a part without a schema stays as its bytes are. */
export interface RecordSchemas {
  readonly key?: Schema | undefined
  readonly value?: Schema | undefined
  /** The message of a value's `.proto` file, where that has several. */
  readonly message?: string | undefined
}

type Bytes = ProducerRecord['value']
type Part = 'key' | 'value'

/**
 * Makes the keys and values of records, which are JSON, what their schemas say. It registers the
 * schemas first, so that one that would break the topic's readers is refused before any record is
 * sent.
 */
export async function recordWriter(
  registry: SchemaRegistryClient,
  topic: string,
  { key, value, message }: RecordSchemas,
): Promise<(record: ProducerRecord) => ProducerRecord> {
  const writeValue = await partWriter(registry, topic, 'value', value, message)
  const writeKey = await partWriter(registry, topic, 'key', key)
  return record => ({ ...record, key: writeKey(record.key), value: writeValue(record.value) })
}

async function partWriter(
  registry: SchemaRegistryClient,
  topic: string,
  field: Part,
  schema: Schema | undefined,
  message?: string,
): Promise<(bytes: Bytes) => Bytes> {
  if (schema === undefined) return bytes => bytes
  const serializer = serializerFor(registry, schema, message)
  await serializer.prepare(topic, field)
  return bytes => {
    if (bytes === null || bytes === undefined) return bytes
    const written = serializer.serialize(parsed(bytes, field), { topic, field, headers: [] })
    // Prepared above, and no schema grows old that is one's own.
    if (written instanceof Promise) throw new Error('the serializer is not ready')
    return written
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

function parsed(bytes: NonNullable<Bytes>, field: Part): unknown {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString()
  try {
    return JSON.parse(text, bytesAgain)
  } catch (error) {
    const what = field === 'key' ? 'has a key that is' : 'is'
    const isText = error instanceof SyntaxError
    throw new LineError(isText ? `${what} not JSON` : `${what} nested too deep`)
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
