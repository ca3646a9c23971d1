import { type Dialect, fieldsOf } from '../../src/protocol/schema/compile.ts'
import {
  type AnyField,
  blankOf,
  isMessage,
  type Kind,
  type Shape,
} from '../../src/protocol/schema/field.ts'

/** Marks the text of a number that JSON.stringify would not write as Kafka wants it. */
const PLAIN = 'number:'

/** The JSON text of what `toKafkaJson` gives. */
export function stringifyKafkaJson(json: unknown): string {
  return JSON.stringify(json).replaceAll(/"number:([-+.\de]+)"/g, '$1')
}

/** A message in the JSON that Kafka's own converters read: only what the version has. */
export function toKafkaJson(shape: Shape, dialect: Dialect, message: unknown): unknown {
  if (!isMessage(message)) return message
  const { present, tagged } = fieldsOf(shape, dialect)
  const entries = [...present, ...tagged].map(([name, field]) => [
    name,
    valueToJson(field.plan.kind, dialect, message[name]),
  ])
  return Object.fromEntries(entries)
}

function valueToJson(kind: Kind, dialect: Dialect, value: unknown): unknown {
  if (value === null) return null
  if (kind.is === 'struct') return toKafkaJson(kind.shape, dialect, value)
  if (kind.is === 'array' && Array.isArray(value)) {
    return value.map(item => valueToJson(kind.of.plan.kind, dialect, item))
  }
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (typeof value === 'bigint') return `${PLAIN}${value}`
  return kind.is === 'float64' ? `${PLAIN}${floatText(String(value))}` : value
}

/** Jackson takes a number without a point or an exponent for an integer, which is no double. */
function floatText(text: string): string {
  return /[.e]/.test(text) ? text : `${text}.0`
}

/** The message that Kafka's JSON tells of; what it leaves out is at its default. */
export function fromKafkaJson(shape: Shape, json: unknown): Record<string, unknown> {
  if (!isMessage(json)) throw new Error(`expected an object, got ${JSON.stringify(json)}`)
  const message = { ...blankOf(shape) }
  for (const [name, value] of Object.entries(json)) {
    const field = shape[name]
    if (!field) throw new Error(`Kafka has a field ${name} that we don't`)
    message[name] = valueFromJson(field, value)
  }
  return message
}

function valueFromJson(field: AnyField, value: unknown): unknown {
  const { kind } = field.plan
  if (value === null) return null
  switch (kind.is) {
    case 'struct':
      return fromKafkaJson(kind.shape, value)
    case 'array':
      return Array.isArray(value) ? value.map(item => valueFromJson(kind.of, item)) : value
    case 'bytes':
    case 'records':
      return Buffer.from(String(value), 'base64')
    case 'int64':
      return Number(value)
    case 'bigint64':
      return BigInt(String(value))
    default:
      return value
  }
}
