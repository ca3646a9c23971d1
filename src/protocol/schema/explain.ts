import { Reader, WireError } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'
import { compileField, type Dialect, fieldsOf, refuseLoss } from './compile.ts'
import { type AnyField, defaultOf, isMessage, type Shape } from './field.ts'
import { SchemaError } from './schema-error.ts'
import { traceShape } from './trace.ts'

/** The first field that stops a message from being written. */
export interface Fault {
  readonly path: string
  readonly reason: string
}

/** Tries each field on its own, which is slow and done only after a failure. */
export function findFault(shape: Shape, dialect: Dialect, message: unknown): Fault | undefined {
  if (!isMessage(message)) return undefined
  const { present, tagged, absent } = fieldsOf(shape, dialect)
  for (const [name, field] of absent) {
    if (field.plan.ignorable) continue
    const reason = failureOf(() => refuseLoss(field, message[name], dialect))
    if (reason !== undefined) return { path: name, reason }
  }
  for (const [name, field] of [...present, ...tagged]) {
    const value = message[name] === undefined ? missingValue(field) : message[name]
    const fault = faultOfValue(field, dialect, value, name)
    if (fault) return fault
  }
  return undefined
}

function missingValue(field: AnyField): unknown {
  return field.plan.optional ? defaultOf(field) : undefined
}

function faultOfValue(
  field: AnyField,
  dialect: Dialect,
  value: unknown,
  path: string,
): Fault | undefined {
  const codec = compileField(field, dialect)
  const reason = failureOf(() => codec.write(new Writer(), value))
  if (reason === undefined) return undefined
  return faultWithin(field, dialect, value, path) ?? { path, reason }
}

function faultWithin(
  { plan: { kind } }: AnyField,
  dialect: Dialect,
  value: unknown,
  path: string,
): Fault | undefined {
  if (kind.is === 'array' && Array.isArray(value)) {
    const items: readonly unknown[] = value
    for (const [i, item] of items.entries()) {
      const fault = faultOfValue(kind.of, dialect, item, `${path}[${i}]`)
      if (fault) return fault
    }
  }
  if (kind.is !== 'struct') return undefined
  const fault = findFault(kind.shape, dialect, value)
  return fault && { ...fault, path: `${path}.${fault.path}` }
}

function failureOf(attempt: () => void): string | undefined {
  try {
    attempt()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

export function explainWrite(
  title: string,
  shape: Shape,
  dialect: Dialect,
  message: unknown,
  cause: unknown,
): SchemaError {
  const { path, reason } = findFault(shape, dialect, message) ?? {
    path: '',
    reason: messageOf(cause),
  }
  return new SchemaError(join(title, path, reason), path)
}

export function explainRead(
  title: string,
  shape: Shape,
  dialect: Dialect,
  reader: Reader,
  start: number,
  cause: unknown,
): WireError {
  const { failure } = traceShape(shape, dialect, new Reader(reader.buffer, start, reader.end))
  const path = failure?.path ?? ''
  const reason = failure?.reason ?? messageOf(cause)
  const offset = failure?.offset ?? reader.offset
  return new WireError(`${join(title, path, reason)} (at byte ${offset})`, offset)
}

function join(title: string, path: string, reason: string): string {
  return path === '' ? `${title}: ${reason}` : `${title}: ${path}: ${reason}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
