import { type Reader, WireError } from '../../wire/reader.ts'
import type { Writer } from '../../wire/writer.ts'
import type { FixedName } from './field.ts'
import { refuse } from './schema-error.ts'

/** Reads and writes one value whose version, nullability and encoding have been settled. */
export interface ValueCodec {
  /** The fewest bytes that a value takes. */
  readonly minSize: number
  read(reader: Reader): unknown
  write(writer: Writer, value: unknown): void
  /** Reads it too, with a stop after every so many bytes: only what may be long has this. */
  readInSlices?(reader: Reader): Generator<void, unknown>
}

/** Kafka refuses longer strings in every encoding, as an int16 was their first length. */
const MAX_STRING = 32_767

function isInteger(value: unknown, low: number, high: number): value is number {
  return typeof value === 'number' && value >= low && value <= high && Number.isInteger(value)
}

export const fixed: Readonly<Record<FixedName, ValueCodec>> = {
  bool: {
    minSize: 1,
    read: reader => reader.bool(),
    write(writer, value) {
      if (typeof value !== 'boolean') refuse('a boolean', value)
      writer.bool(value)
    },
  },
  int8: {
    minSize: 1,
    read: reader => reader.int8(),
    write(writer, value) {
      if (!isInteger(value, -128, 127)) refuse('int8', value)
      writer.int8(value)
    },
  },
  int16: {
    minSize: 2,
    read: reader => reader.int16(),
    write(writer, value) {
      if (!isInteger(value, -32_768, 32_767)) refuse('int16', value)
      writer.int16(value)
    },
  },
  uint16: {
    minSize: 2,
    read: reader => reader.uint16(),
    write(writer, value) {
      if (!isInteger(value, 0, 65_535)) refuse('uint16', value)
      writer.uint16(value)
    },
  },
  int32: {
    minSize: 4,
    read: reader => reader.int32(),
    write(writer, value) {
      if (typeof value !== 'number' || value !== (value | 0)) refuse('int32', value)
      writer.int32(value)
    },
  },
  uint32: {
    minSize: 4,
    read: reader => reader.uint32(),
    write(writer, value) {
      if (typeof value !== 'number' || value !== value >>> 0) refuse('uint32', value)
      writer.uint32(value)
    },
  },
  int64: {
    minSize: 8,
    read: reader => reader.int64(),
    write(writer, value) {
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
        refuse('a whole number of at most 2^53-1', value)
      }
      writer.int64(value)
    },
  },
  bigint64: {
    minSize: 8,
    read: reader => reader.bigint64(),
    write(writer, value) {
      if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
        refuse('a bigint of 64 bits', value)
      }
      writer.bigint64(value)
    },
  },
  float64: {
    minSize: 8,
    read: reader => reader.float64(),
    write(writer, value) {
      if (typeof value !== 'number') refuse('a number', value)
      writer.float64(value)
    },
  },
  uuid: {
    minSize: 16,
    read: reader => reader.uuid(),
    write(writer, value) {
      if (typeof value !== 'string' || !/^[\w-]{22}$/.test(value)) {
        refuse('a uuid of 22 base64 characters', value)
      }
      writer.uuid(value)
    },
  },
}

/**
 * The length before a string, bytes or an array: -1 is null. Compact lengths (flexible versions)
 * are one more than what they say, so that 0 is null.
 */
export interface LengthCodec {
  readonly minSize: number
  read(reader: Reader): number
  write(writer: Writer, length: number): void
}

export const compactLength: LengthCodec = {
  minSize: 1,
  read: reader => reader.uvarint() - 1,
  write(writer, length) {
    writer.uvarint(length + 1)
  },
}

export const int16Length: LengthCodec = {
  minSize: 2,
  read: reader => reader.int16(),
  write(writer, length) {
    writer.int16(length)
  },
}

export const int32Length: LengthCodec = {
  minSize: 4,
  read: reader => reader.int32(),
  write(writer, length) {
    writer.int32(length)
  },
}

/** Reads a length; -1, which means null, only where null is allowed. */
export function readLength(reader: Reader, lengths: LengthCodec, nullable: boolean): number {
  const at = reader.offset
  const length = lengths.read(reader)
  if (length >= 0 || (length === -1 && nullable)) return length
  throw new WireError(length === -1 ? 'null where a value must be' : `length ${length}`, at)
}

export function stringCodec(lengths: LengthCodec, nullable: boolean): ValueCodec {
  const expected = nullable ? 'a string or null' : 'a string'
  return {
    minSize: lengths.minSize,
    read(reader) {
      const at = reader.offset
      const length = readLength(reader, lengths, nullable)
      if (length === -1) return null
      if (length > MAX_STRING) throw new WireError(`string of ${length} bytes`, at)
      return reader.string(length)
    },
    write(writer, value) {
      if (typeof value === 'string') {
        const size = Buffer.byteLength(value)
        if (size > MAX_STRING) refuse(`a string of at most ${MAX_STRING} bytes`, value)
        lengths.write(writer, size)
        writer.string(value, size)
      } else if (value === null && nullable) lengths.write(writer, -1)
      else refuse(expected, value)
    },
  }
}

export function bytesCodec(lengths: LengthCodec, nullable: boolean): ValueCodec {
  const expected = nullable ? 'bytes or null' : 'bytes'
  return {
    minSize: lengths.minSize,
    read: reader => readBytes(reader, lengths, nullable),
    write(writer, value) {
      if (value instanceof Uint8Array) {
        lengths.write(writer, value.length)
        writer.bytes(value)
      } else if (value === null && nullable) lengths.write(writer, -1)
      else refuse(expected, value)
    },
  }
}

/** Record batches go out by reference: copying them would cost more than all the rest. */
export function recordsCodec(lengths: LengthCodec, nullable: boolean): ValueCodec {
  const expected = `a Buffer, an array of Buffers${nullable ? ' or null' : ''}`
  return {
    minSize: lengths.minSize,
    read: reader => readBytes(reader, lengths, nullable),
    write(writer, value) {
      if (Buffer.isBuffer(value)) {
        lengths.write(writer, value.length)
        writer.reference(value)
      } else if (value === null && nullable) lengths.write(writer, -1)
      else if (areBuffers(value)) {
        lengths.write(
          writer,
          value.reduce((sum, chunk) => sum + chunk.length, 0),
        )
        for (const chunk of value) writer.reference(chunk)
      } else refuse(expected, value)
    },
  }
}

function areBuffers(value: unknown): value is readonly Buffer[] {
  return Array.isArray(value) && value.every(chunk => Buffer.isBuffer(chunk))
}

function readBytes(reader: Reader, lengths: LengthCodec, nullable: boolean): Buffer | null {
  const length = readLength(reader, lengths, nullable)
  return length === -1 ? null : reader.bytes(length)
}
