import { reasonOf } from './base/depth.ts'
import { SerializationError } from './errors.ts'

/** What a record's key or value is on the wire; text is sent as UTF-8, null as null. */
export type Encoded = Uint8Array | string | null

/** For what a serializer works just now. */
export interface SerializeContext {
  readonly topic: string
  readonly field: 'key' | 'value'
  /** The record's headers; a serializer may add its own, such as a schema id. */
  readonly headers: { key: string; value: string | Uint8Array | null }[]
}

/**
 * Turns keys or values into bytes. One that can't answer at once (it must ask a schema registry
 * first) gives a promise, which `send()` awaits; `produce()` needs it to be `prepare`d before.
 */
export interface Serializer<T> {
  serialize(value: T, context: SerializeContext): Encoded | Promise<Encoded>
}

/** What the bytes belong to. */
export interface DeserializeContext {
  readonly topic: string
  readonly field: 'key' | 'value'
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[]
}

/** Turns bytes into keys or values; a null, such as a tombstone, never comes to it. */
export interface Deserializer<T> {
  deserialize(bytes: Buffer, context: DeserializeContext): T | Promise<T>
}

/** Text as UTF-8. */
export const stringSerializer: Serializer<string> = {
  serialize(value, { field }) {
    if (typeof value !== 'string') throw misfit(field, 'a string', value)
    return value
  },
}

/** Bytes as they are. */
export const bytesSerializer: Serializer<Uint8Array> = {
  serialize(value, { field }) {
    if (!(value instanceof Uint8Array)) throw misfit(field, 'a Uint8Array or Buffer', value)
    return value
  },
}

/** Anything as JSON. For keys take `canonicalJsonSerializer`: here the order of fields counts. */
export const jsonSerializer: Serializer<unknown> = {
  serialize(value, { topic, field }) {
    if (field === 'key' && typeof value === 'object' && value !== null) warnOfJsonKeys(topic)
    let json: string | undefined
    try {
      json = JSON.stringify(value)
    } catch (cause) {
      throw misfit(field, 'something that JSON can express', value, cause)
    }
    if (json === undefined) throw misfit(field, 'something that JSON can express', value)
    return json
  },
}

let warned = false

/** Once a process: equal keys may go to different partitions, which nobody sees until it hurts. */
function warnOfJsonKeys(topic: string): void {
  if (warned) return
  warned = true
  process.emitWarning(
    `a key for ${topic} is an object written by jsonSerializer: objects that are equal but had their fields set in another order go to other partitions; take canonicalJsonSerializer for keys`,
    { code: 'POSTHASTE_JSON_KEY' },
  )
}

/** Bytes as text in UTF-8; what is not UTF-8 becomes U+FFFD. */
export const stringDeserializer: Deserializer<string> = {
  deserialize: bytes => bytes.toString('utf8'),
}

/** Bytes as they are, without a copy. */
export const bytesDeserializer: Deserializer<Buffer> = { deserialize: bytes => bytes }

/** Bytes as JSON. A SerializationError INVALID_JSON for what is none. */
export const jsonDeserializer: Deserializer<unknown> = {
  deserialize(bytes, { topic, field }) {
    try {
      return JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      throw new SerializationError({
        code: 'INVALID_JSON',
        message: `the ${field} of a record of ${topic} is not JSON: ${String(cause)}`,
        cause,
      })
    }
  },
}

function misfit(field: string, wanted: string, value: unknown, cause?: unknown): Error {
  const got = value === null ? 'null' : typeof value
  // Of a cycle V8 tells the way on further lines.
  const [why] = cause === undefined ? [] : reasonOf(cause).split('\n')
  const message = `the ${field} must be ${wanted}, got ${got}${why ? ` (${why})` : ''}`
  return new SerializationError({ code: 'SERIALIZATION_FAILED', message, cause })
}
