import { type Reader, WireError } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'
import {
  arrayLengths,
  checkTagEnd,
  compileField,
  type Dialect,
  fieldsOf,
  readCount,
  readTag,
  refuseLoss,
} from './compile.ts'
import { type AnyField, defaultOf, isMessage, type Shape } from './field.ts'
import { SchemaError } from './schema-error.ts'

/** What stops a message from being written or read. */
interface Fault {
  readonly path: string
  readonly error: unknown
}

/** The error for a message that can't be written, with the path of the field at fault. */
export function explainWrite(
  title: string,
  shape: Shape,
  dialect: Dialect,
  message: unknown,
  error: unknown,
): SchemaError {
  const fault = writeFault(shape, dialect, message) ?? { path: '', error }
  return new SchemaError(sentence(title, fault), fault.path)
}

/** The error for bytes that can't be read as a message, with the path of the field at fault. */
export function explainRead(
  title: string,
  shape: Shape,
  dialect: Dialect,
  reader: Reader,
  error: unknown,
): WireError {
  const fault = readFault(shape, dialect, reader) ?? { path: '', error }
  const offset = fault.error instanceof WireError ? fault.error.offset : reader.offset
  return new WireError(`${sentence(title, fault)} (at byte ${offset})`, offset)
}

function sentence(title: string, { path, error }: Fault): string {
  const reason = error instanceof Error ? error.message : String(error)
  return path === '' ? `${title}: ${reason}` : `${title}: ${path}: ${reason}`
}

function failureOf(attempt: () => void): { error: unknown } | undefined {
  try {
    attempt()
    return undefined
  } catch (error) {
    return { error }
  }
}

/** Tries each field on its own, then what is within the one that fails. */
function writeFault(shape: Shape, dialect: Dialect, message: unknown): Fault | undefined {
  if (!isMessage(message)) return undefined
  const { present, tagged, absent } = fieldsOf(shape, dialect)
  for (const [name, field] of absent) {
    if (field.plan.ignorable) continue
    const failure = failureOf(() => refuseLoss(field, message[name], dialect))
    if (failure) return { path: name, ...failure }
  }
  for (const [name, field] of [...present, ...tagged]) {
    const missing = field.plan.optional ? defaultOf(field) : undefined
    const value = message[name] === undefined ? missing : message[name]
    const fault = writeFaultOf(field, dialect, value, name)
    if (fault) return fault
  }
  return undefined
}

function writeFaultOf(
  field: AnyField,
  dialect: Dialect,
  value: unknown,
  path: string,
): Fault | undefined {
  const codec = compileField(field, dialect)
  const failure = failureOf(() => codec.write(new Writer(), value))
  if (!failure) return undefined
  return writeFaultWithin(field, dialect, value, path) ?? { path, ...failure }
}

function writeFaultWithin(
  { plan: { kind } }: AnyField,
  dialect: Dialect,
  value: unknown,
  path: string,
): Fault | undefined {
  if (kind.is === 'array' && Array.isArray(value)) {
    const items: readonly unknown[] = value
    for (const [i, item] of items.entries()) {
      const fault = writeFaultOf(kind.of, dialect, item, `${path}[${i}]`)
      if (fault) return fault
    }
  }
  if (kind.is !== 'struct') return undefined
  const fault = writeFault(kind.shape, dialect, value)
  return fault && { ...fault, path: `${path}.${fault.path}` }
}

/**
 * Reads each field, then again what is within the one that fails: no more than a few readings of
 * the whole, and nothing is kept, since the bytes may have been made to cost us time and memory.
 */
function readFault(shape: Shape, dialect: Dialect, reader: Reader): Fault | undefined {
  const { present, tagged } = fieldsOf(shape, dialect)
  for (const [name, field] of present) {
    const fault = readFaultOf(field, dialect, reader, name)
    if (fault) return fault
  }
  if (!dialect.flexible) return undefined
  let fault: Fault | undefined
  const failure = failureOf(() => {
    const count = reader.uvarint()
    for (let i = 0; i < count && !fault; i++) {
      const { tag, end } = readTag(reader)
      const known = tagged.find(([, field]) => field.plan.tag === tag)
      if (!known) reader.offset = end
      else fault = readFaultOf(known[1], dialect, reader, known[0])
      if (!fault) checkTagEnd(reader, tag, end)
    }
  })
  return fault ?? (failure && { path: 'tags', ...failure })
}

function readFaultOf(
  field: AnyField,
  dialect: Dialect,
  reader: Reader,
  path: string,
): Fault | undefined {
  const start = reader.offset
  const codec = compileField(field, dialect)
  const failure = failureOf(() => codec.read(reader))
  if (!failure) return undefined
  reader.offset = start
  return readFaultWithin(field, dialect, reader, path) ?? { path, ...failure }
}

function readFaultWithin(
  field: AnyField,
  dialect: Dialect,
  reader: Reader,
  path: string,
): Fault | undefined {
  const { kind } = field.plan
  const nullable = field.nullableIn(dialect.version)
  if (kind.is === 'struct') {
    if (nullable && failureOf(() => reader.int8())) return undefined
    const fault = readFault(kind.shape, dialect, reader)
    return fault && { ...fault, path: `${path}.${fault.path}` }
  }
  if (kind.is !== 'array') return undefined
  const item = compileField(kind.of, dialect)
  let count = 0
  const failure = failureOf(() => {
    count = readCount(reader, arrayLengths(dialect), nullable, item.minSize)
  })
  if (failure) return undefined
  for (let i = 0; i < count; i++) {
    const start = reader.offset
    if (!failureOf(() => item.read(reader))) continue
    reader.offset = start
    return readFaultOf(kind.of, dialect, reader, `${path}[${i}]`)
  }
  return undefined
}
