import { type Reader, WireError } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'
import { type AnyField, blankOf, defaultOf, isDefault, isMessage, type Shape } from './field.ts'
import {
  bytesCodec,
  compactLength,
  fixed,
  int16Length,
  int32Length,
  type LengthCodec,
  readLength,
  recordsCodec,
  stringCodec,
  type ValueCodec,
} from './primitives.ts'
import { refuse, SchemaError, show } from './schema-error.ts'

/** What settles all questions of encoding: a version, and whether it is flexible (KIP-482). */
export interface Dialect {
  readonly version: number
  readonly flexible: boolean
}

/** What is read between two stops: some milliseconds of the smallest structures. */
const SLICE_BYTES = 32 * 1024

export function compileField(field: AnyField, dialect: Dialect): ValueCodec {
  const { kind } = field.plan
  const nullable = field.nullableIn(dialect.version)
  switch (kind.is) {
    case 'array':
      return arrayCodec(compileField(kind.of, dialect), arrayLengths(dialect), nullable)
    case 'struct': {
      const codec = compileStruct(kind.shape, dialect)
      return nullable ? nullableCodec(codec) : codec
    }
    case 'string':
      return stringCodec(dialect.flexible ? compactLength : int16Length, nullable)
    case 'bytes':
      return bytesCodec(arrayLengths(dialect), nullable)
    case 'records':
      return recordsCodec(arrayLengths(dialect), nullable)
    default:
      return fixed[kind.is]
  }
}

export function arrayLengths(dialect: Dialect): LengthCodec {
  return dialect.flexible ? compactLength : int32Length
}

type StructCodec = ValueCodec & Required<Pick<ValueCodec, 'readInSlices'>>

/**
 * The codec of a struct (a whole message is one) at one version: flat lists of what to read and
 * write, in order, so that no question of versions is asked per message.
 */
export function compileStruct(shape: Shape, dialect: Dialect): StructCodec {
  const { present, tagged, absent } = fieldsOf(shape, dialect)
  const names = present.map(([name]) => name)
  const codecs = present.map(([, field]) => compileField(field, dialect))
  const missing = present.map(([, field]) => (field.plan.optional ? defaultOf(field) : undefined))
  const lost = absent.filter(([, field]) => !field.plan.ignorable)
  const tags = dialect.flexible ? compileTags(tagged, dialect) : undefined
  // A copy, since V8 copies an object that isn't frozen several times as fast as one that is.
  const blank = { ...blankOf(shape) }
  const count = names.length
  return {
    minSize: codecs.reduce((sum, codec) => sum + codec.minSize, tags ? 1 : 0),
    read(reader) {
      const message = { ...blank }
      for (let i = 0; i < count; i++) message[names[i]!] = codecs[i]!.read(reader)
      tags?.read(reader, message)
      return message
    },
    *readInSlices(reader) {
      const message = { ...blank }
      for (let i = 0; i < count; i++) {
        const codec = codecs[i]!
        const { readInSlices } = codec
        message[names[i]!] = readInSlices ? yield* readInSlices(reader) : codec.read(reader)
      }
      tags?.read(reader, message)
      return message
    },
    write(writer, message) {
      if (!isMessage(message)) refuse('an object', message)
      for (const [name, field] of lost) refuseLoss(field, message[name], dialect)
      for (let i = 0; i < count; i++) {
        const value = message[names[i]!]
        codecs[i]!.write(writer, value === undefined ? missing[i] : value)
      }
      tags?.write(writer, message)
    },
  }
}

type NamedField = readonly [name: string, field: AnyField]

/** The fields of a shape, by how this version treats them. */
export function fieldsOf(shape: Shape, { version, flexible }: Dialect) {
  const present: NamedField[] = []
  const tagged: NamedField[] = []
  const absent: NamedField[] = []
  for (const entry of Object.entries(shape)) {
    const { plan } = entry[1]
    if (!entry[1].existsIn(version) || (plan.tag !== undefined && !flexible)) absent.push(entry)
    else if (plan.tag === undefined) present.push(entry)
    else tagged.push(entry)
  }
  tagged.sort(([, a], [, b]) => (a.plan.tag ?? 0) - (b.plan.tag ?? 0))
  return { present, tagged, absent }
}

/** Dropping what the caller set would be silent loss, so it is an error. */
export function refuseLoss(field: AnyField, value: unknown, { version }: Dialect): void {
  if (isDefault(field, value)) return
  const { since, until } = field.plan
  const range = until === Number.POSITIVE_INFINITY ? `${since} on` : `${since} to ${until}`
  throw new SchemaError(
    `version ${version} can't carry it (it exists from ${range}), got ${show(value)}`,
  )
}

interface TagsCodec {
  read(reader: Reader, message: Record<string, unknown>): void
  write(writer: Writer, message: Readonly<Record<string, unknown>>): void
}

function compileTags(tagged: readonly NamedField[], dialect: Dialect): TagsCodec {
  const entries = tagged.map(([name, field]) => {
    const codec = compileField(field, dialect)
    return { name, field, tag: field.plan.tag ?? 0, codec }
  })
  return {
    read(reader, message) {
      const count = reader.uvarint()
      for (let i = 0; i < count; i++) {
        const { tag, end } = readTag(reader)
        const entry = entries.find(known => known.tag === tag)
        if (!entry) reader.offset = end
        else {
          message[entry.name] = entry.codec.read(reader)
          checkTagEnd(reader, tag, end)
        }
      }
    },
    write(writer, message) {
      if (entries.length === 0) return writer.uint8(0)
      const set = entries.filter(({ name, field }) => !isDefault(field, message[name]))
      writer.uvarint(set.length)
      for (const { name, tag, codec } of set) {
        const value = new Writer()
        codec.write(value, message[name])
        writer.uvarint(tag)
        writer.uvarint(value.size)
        for (const chunk of value.chunks()) writer.bytes(chunk)
      }
    },
  }
}

/** The number of a tagged field and where its value ends, after checking that it can. */
export function readTag(reader: Reader): { tag: number; end: number } {
  const tag = reader.uvarint()
  const size = reader.uvarint()
  if (size > reader.remaining) {
    throw new WireError(
      `tag ${tag} of ${size} bytes wanted, ${reader.remaining} left`,
      reader.offset,
    )
  }
  return { tag, end: reader.offset + size }
}

export function checkTagEnd(reader: Reader, tag: number, end: number): void {
  if (reader.offset === end) return
  throw new WireError(`tag ${tag} was to end at byte ${end}`, reader.offset)
}

function arrayCodec(of: ValueCodec, lengths: LengthCodec, nullable: boolean): ValueCodec {
  const expected = nullable ? 'an array or null' : 'an array'
  return {
    minSize: lengths.minSize,
    read(reader) {
      const count = readCount(reader, lengths, nullable, of.minSize)
      if (count === -1) return null
      const items: unknown[] = []
      for (let i = 0; i < count; i++) items.push(of.read(reader))
      return items
    },
    *readInSlices(reader) {
      const count = readCount(reader, lengths, nullable, of.minSize)
      if (count === -1) return null
      const items: unknown[] = []
      let stop = reader.offset + SLICE_BYTES
      for (let i = 0; i < count; i++) {
        items.push(of.read(reader))
        if (reader.offset < stop) continue
        yield
        stop = reader.offset + SLICE_BYTES
      }
      return items
    },
    write(writer, value) {
      if (Array.isArray(value)) {
        const items: readonly unknown[] = value
        lengths.write(writer, items.length)
        for (let i = 0; i < items.length; i++) of.write(writer, items[i])
      } else if (value === null && nullable) lengths.write(writer, -1)
      else refuse(expected, value)
    },
  }
}

/** A count of items that what remains could hold, however small they are. */
export function readCount(
  reader: Reader,
  lengths: LengthCodec,
  nullable: boolean,
  itemSize: number,
): number {
  const at = reader.offset
  const count = readLength(reader, lengths, nullable)
  if (count > reader.remaining / Math.max(1, itemSize)) {
    throw new WireError(`${count} items wanted, ${reader.remaining} bytes left`, at)
  }
  return count
}

/** A struct that may be null is preceded by a byte: below zero is null. */
function nullableCodec(codec: ValueCodec): ValueCodec {
  return {
    minSize: 1,
    read: reader => (reader.int8() < 0 ? null : codec.read(reader)),
    write(writer, value) {
      writer.int8(value === null ? -1 : 1)
      if (value !== null) codec.write(writer, value)
    },
  }
}
