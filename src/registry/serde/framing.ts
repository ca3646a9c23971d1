import { SerializationError } from '../../errors.ts'
import type { MessageIndexes } from './format.ts'

/** How a message names its schema: by a registry's number, or by the schema's GUID. */
export type SchemaId =
  | { readonly is: 'id'; readonly id: number }
  | { readonly is: 'guid'; readonly guid: string }

/** The first byte of a frame says what follows: 0 a four-byte id, 1 a sixteen-byte GUID. */
const ID_MAGIC = 0
const GUID_MAGIC = 1
const ID_FRAME_BYTES = 5
const GUID_FRAME_BYTES = 17

/** The record header that carries a schema's id beside the key or value, not within it. */
export const schemaIdHeaders = { key: '__key_schema_id', value: '__value_schema_id' } as const

export function frameOf(schemaId: SchemaId, after: Uint8Array): Buffer {
  if (schemaId.is === 'id') {
    const frame = Buffer.alloc(ID_FRAME_BYTES + after.length)
    frame.writeUInt32BE(schemaId.id, 1)
    frame.set(after, ID_FRAME_BYTES)
    return frame
  }
  const guid = Buffer.from(schemaId.guid.replaceAll('-', ''), 'hex')
  return Buffer.concat([Buffer.of(GUID_MAGIC), guid, after])
}

/** What a frame says, and where the payload begins. */
export interface Frame {
  readonly schemaId: SchemaId
  readonly payloadAt: number
}

/**
 * Reads the id at the front of a payload, or that in a header. Throws a SerializationError when
 * there is none: the bytes were written by something else, or are cut off.
 */
export function readFrame(bytes: Buffer, where: string): Frame {
  const magic = bytes[0]
  if (magic === ID_MAGIC) {
    if (bytes.length < ID_FRAME_BYTES) throw truncated(bytes, where)
    return { schemaId: { is: 'id', id: bytes.readUInt32BE(1) }, payloadAt: ID_FRAME_BYTES }
  }
  if (magic === GUID_MAGIC) {
    if (bytes.length < GUID_FRAME_BYTES) throw truncated(bytes, where)
    const hex = bytes.toString('hex', 1, GUID_FRAME_BYTES)
    const guid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    return { schemaId: { is: 'guid', guid }, payloadAt: GUID_FRAME_BYTES }
  }
  throw notFramed(bytes, where)
}

/** Protobuf's message indexes: zigzag varints behind their count, where a single 0 means `[0]`. */
export function putIndexes(indexes: MessageIndexes): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0)
  const bytes: number[] = []
  for (const each of [indexes.length, ...indexes]) {
    let rest = each * 2
    while (rest > 0x7f) {
      bytes.push((rest & 0x7f) | 0x80)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
  }
  return Uint8Array.from(bytes)
}

/** More nesting than any message has; a larger count is not one of ours. */
const maxIndexes = 100

export function readIndexes(
  bytes: Buffer,
  at: number,
  where: string,
): { indexes: MessageIndexes; end: number } {
  let end = at
  const next = () => {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[end++]
      if (byte === undefined) throw truncated(bytes, where)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    throw badIndexes(where, 'a number that never ends')
  }
  const length = next()
  if (length === 0) return { indexes: [0], end }
  if (length < 0 || length > maxIndexes) throw badIndexes(where, `a count of ${length}`)
  const indexes = Array.from({ length }, next)
  return { indexes, end }
}

function truncated(bytes: Buffer, where: string): SerializationError {
  return new SerializationError({
    code: 'TRUNCATED_PAYLOAD',
    message: `${where} ends within its schema id: ${bytes.length} bytes (${start(bytes)})`,
  })
}

function notFramed(bytes: Buffer, where: string): SerializationError {
  const found = bytes.length === 0 ? 'it is empty' : `it starts with ${start(bytes)}`
  return new SerializationError({
    code: 'UNKNOWN_MAGIC_BYTE',
    message: `${where} has no schema id: ${found}, where 00 (an id) or 01 (a GUID) should be`,
    hint: 'it was not written by a registry serializer; read it with the deserializer of what wrote it',
  })
}

function badIndexes(where: string, found: string): SerializationError {
  return new SerializationError({
    code: 'DESERIALIZATION_FAILED',
    message: `${where} has no Protobuf message indexes behind its schema id: ${found}`,
  })
}

function start(bytes: Buffer): string {
  const hex = bytes.toString('hex', 0, 8).replace(/(..)(?!$)/g, '$1 ')
  return bytes.length > 8 ? `${hex} ...` : hex
}
