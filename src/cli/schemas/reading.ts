import type { Deserializer, Deserializers, Message } from '../../index.ts'
import {
  registryDeserializer,
  type SchemaRegistryClient,
  schemaIdOf,
} from '../../registry/index.ts'
import { bytesAsJson, type Printer } from '../format.ts'

type Part = 'key' | 'value'

/** Reads values, and keys that have schemas, by their schemas, and gives them as JSON text. */
export function recordReader(
  registry: SchemaRegistryClient,
  hasKeySchemas: boolean,
): Deserializers<Buffer, Buffer> {
  const value = jsonReader(registry)
  return hasKeySchemas ? { key: value, value } : { value }
}

function jsonReader(registry: SchemaRegistryClient): Deserializer<Buffer> {
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

/** One JSON object a record; what was read by a schema is JSON too, with the schema's id. */
export function schemaJsonPrinter(hasKeySchemas: boolean): Printer {
  return (message, out) => {
    const { topic, partition, offset, timestamp, key, value } = message
    const headers = message.headers.map(({ key, value }) => ({
      key,
      ...bytesAsJson('value', value),
    }))
    const rest = JSON.stringify({
      topic,
      partition,
      offset,
      timestamp,
      ...(!hasKeySchemas && bytesAsJson('key', key)),
      ...(headers.length > 0 && { headers }),
      ...(hasKeySchemas && { keySchemaId: schemaIdIn(message, 'key') }),
      schemaId: schemaIdIn(message, 'value'),
    })
    // These are JSON text already.
    const keyText = hasKeySchemas ? `,"key":${key?.toString() ?? 'null'}` : ''
    out.line(`${rest.slice(0, -1)}${keyText},"value":${value?.toString() ?? 'null'}}`)
  }
}

/** `%s` of a format: the id of the value's schema. */
export function schemaIdPrinter(nullText: string): Printer {
  return (message, out) => out.text(String(schemaIdIn(message, 'value') ?? nullText))
}

/** The number of the schema with which a key or value was written, or its GUID. */
function schemaIdIn(message: Message, field: Part): number | string | undefined {
  const { topic, headers } = message
  const bytes = field === 'key' ? message.rawKey : message.rawValue
  if (bytes === null) return undefined
  const found = schemaIdOf(bytes, { topic, field, headers })
  return found?.is === 'id' ? found.id : found?.guid
}
