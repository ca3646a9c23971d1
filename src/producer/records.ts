import { ConfigError, KafkaError, SerializationError, StateError } from '../errors.ts'
import type { RecordHeader } from '../records/layout.ts'
import type { Encoded, Serializer } from '../serializers.ts'
import type { Content, Headers, HeaderValue, ProducerRecord } from './delivery.ts'

/** The serializers of a producer; without one, strings and bytes are taken as they are. */
export interface Serializers<Key, Value> {
  readonly key?: Serializer<Key> | undefined
  readonly value?: Serializer<Value> | undefined
}

/** Key, value and headers as they go into a batch. */
export interface EncodedRecord {
  readonly key: Encoded
  readonly value: Encoded
  readonly headers: RecordHeader[] | undefined
}

/** Whatever is wrong with a record shows here, before anything is enqueued. */
export function checkRecord(record: ProducerRecord<unknown, unknown>): void {
  if (typeof record !== 'object' || record === null) throw noRecord(record)
  const { topic, partition, timestamp } = record
  if (typeof topic !== 'string' || topic === '') {
    throw Array.isArray(record) ? noRecord(record) : invalid('topic', 'a name', topic)
  }
  if (partition !== undefined && !(Number.isInteger(partition) && partition >= 0)) {
    throw invalid('partition', 'a whole number from 0 on', partition)
  }
  if (timestamp !== undefined && !(Number.isSafeInteger(timestamp) && timestamp >= 0)) {
    throw invalid('timestamp', 'whole milliseconds since 1970', timestamp)
  }
}

function noRecord(given: unknown): KafkaError {
  return new KafkaError({
    code: 'INVALID_RECORD',
    message: `a record must be an object, as { topic, key, value }, got ${kind(given)}`,
    hint: Array.isArray(given) ? 'sendBatch() takes a list of them' : undefined,
  })
}

/** Whoever is to be told would be found missing only when there is something to tell. */
export function checkCallback(callback: unknown): void {
  if (callback === undefined || typeof callback === 'function') return
  throw new ConfigError(`the callback of produce() must be a function, got ${kind(callback)}`)
}

export function checkRecords(records: unknown): void {
  if (Array.isArray(records)) return
  const hint = 'send() takes a single one'
  throw new ConfigError(`sendBatch() takes a list of records, got ${kind(records)}`, hint)
}

/** What is no number of milliseconds would be over at once, and nothing delivered. */
export function checkTimeout(call: string, timeout: unknown): void {
  if (typeof timeout === 'number' && !Number.isNaN(timeout)) return
  throw new ConfigError(`the timeout of ${call}() must be milliseconds, got ${kind(timeout)}`)
}

const LEGAL_TOPIC = /^[\w.-]{1,249}$/

/** Kafka's rule for topic names; asked once for each topic. */
export function checkTopicName(topic: string): void {
  if (LEGAL_TOPIC.test(topic) && topic !== '.' && topic !== '..') return
  throw new KafkaError({
    code: 'INVALID_TOPIC_EXCEPTION',
    message: `${JSON.stringify(topic.slice(0, 260))} can't be the name of a topic`,
    hint: 'up to 249 letters, digits, dots, underscores and hyphens',
    at: { topic },
  })
}

/** A record whose key and value are sent as they are. */
export function plainContent(record: ProducerRecord<unknown, unknown>): Content {
  if (!isPlain(record.key)) throw notPlain(record, 'key')
  if (!isPlain(record.value)) throw notPlain(record, 'value')
  if (record.value === undefined) checkTombstone(record)
  return record as Content
}

/** Kafkajs takes a topic with `messages`: here that would be a tombstone, and nothing of them. */
function checkTombstone(record: ProducerRecord<unknown, unknown>): void {
  if (!('messages' in record)) return
  throw new KafkaError({
    code: 'INVALID_RECORD',
    message: `a record for ${record.topic} has "messages" and no value`,
    hint: 'give each to send(), or all to sendBatch(), as { topic, key, value }',
    at: { topic: record.topic },
  })
}

function isPlain(given: unknown): given is Encoded | undefined {
  return typeof given === 'string' || given instanceof Uint8Array || (given ?? null) === null
}

function notPlain(
  record: ProducerRecord<unknown, unknown>,
  field: 'key' | 'value',
): SerializationError {
  const { topic, [field]: given } = record
  return new SerializationError({
    code: 'SERIALIZATION_FAILED',
    message: `the ${field} of a record for ${topic} must be a string or bytes, got ${kind(given)}`,
    hint: 'give the producer a serializer, such as jsonSerializer',
    at: { topic },
  })
}

/** Encodes at once; a serializer that must wait first is an error that says what to do. */
export function encodeNow(
  record: ProducerRecord<unknown, unknown>,
  serializers: Serializers<unknown, unknown>,
): EncodedRecord {
  const headers = record.headers === undefined ? [] : headerList(record.headers)
  const key = settled(encode(record, 'key', serializers.key, headers))
  const value = settled(encode(record, 'value', serializers.value, headers))
  return { key, value, headers: headers.length > 0 ? headers : undefined }
}

/** The same for callers that can wait for a serializer. */
export async function encodeSoon(
  record: ProducerRecord<unknown, unknown>,
  serializers: Serializers<unknown, unknown>,
): Promise<EncodedRecord> {
  const headers = record.headers === undefined ? [] : headerList(record.headers)
  const key = await encode(record, 'key', serializers.key, headers)
  const value = await encode(record, 'value', serializers.value, headers)
  return { key, value, headers: headers.length > 0 ? headers : undefined }
}

/** Encodes one field, which may take a promise. */
export function encode(
  record: ProducerRecord<unknown, unknown>,
  field: 'key' | 'value',
  serializer: Serializer<unknown> | undefined,
  headers: RecordHeader[],
): Encoded | Promise<Encoded> {
  const given = record[field]
  if (field === 'value' && given === undefined) checkTombstone(record)
  if (given === null || given === undefined) return null
  if (!serializer) {
    if (isPlain(given)) return given
    throw notPlain(record, field)
  }
  return serializer.serialize(given, { topic: record.topic, field, headers })
}

function settled(encoded: Encoded | Promise<Encoded>): Encoded {
  if (!(encoded instanceof Promise)) return encoded
  encoded.catch(() => {})
  throw new StateError(
    'the serializer is not ready yet, and produce() can not wait for it',
    'await its prepare() first, or use send()',
  )
}

/** Headers as a list, however they were given. */
export function headerList(headers: Headers): RecordHeader[] {
  const list: RecordHeader[] = []
  if (Array.isArray(headers)) {
    for (const each of headers as readonly RecordHeader[]) list.push(header(each.key, each.value))
    return list
  }
  if (typeof headers !== 'object' || headers === null) {
    throw invalid('headers', 'an object, or a list of { key, value }', headers)
  }
  for (const [key, value] of Object.entries(headers)) {
    if (Array.isArray(value)) for (const each of value) list.push(header(key, each))
    else list.push(header(key, value as HeaderValue))
  }
  return list
}

function header(key: unknown, value: unknown): RecordHeader {
  if (typeof key !== 'string') throw invalid('header key', 'a string', key)
  if (value === undefined || value === null) return { key, value: null }
  if (typeof value === 'string' || value instanceof Uint8Array) return { key, value }
  throw invalid(`header ${key}`, 'a string, bytes or null', value)
}

function invalid(what: string, wanted: string, got: unknown): KafkaError {
  const shown = typeof got === 'object' || typeof got === 'function' ? kind(got) : String(got)
  return new KafkaError({
    code: 'INVALID_RECORD',
    message: `the ${what} of a record must be ${wanted}, got ${shown}`,
  })
}

function kind(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  return value.constructor?.name ?? 'an object'
}
