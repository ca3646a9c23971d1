import { Reader, WireError } from '../../wire/reader.ts'
import type { Message } from './api.ts'
import {
  arrayLengths,
  checkTagEnd,
  compileField,
  type Dialect,
  fieldsOf,
  readCount,
  readTag,
} from './compile.ts'
import type { AnyField, Shape } from './field.ts'

/** One value on the wire: which, where, and how long. */
export interface TraceRow {
  /** Such as `topicData[0].name`; `topicData.length` is the count before an array's items. */
  readonly path: string
  readonly offset: number
  /** In bytes. */
  readonly length: number
  readonly value: unknown
}

/** What a message's bytes say, as far as they can be read. */
export interface Trace {
  readonly rows: readonly TraceRow[]
  /** Where the message ends, or reading stopped. */
  readonly end: number
  /** Why reading stopped before the end, where it did. */
  readonly failure: TraceFailure | undefined
}

/** Where a message breaks off, and why. */
export interface TraceFailure {
  readonly path: string
  readonly offset: number
  readonly reason: string
}

/**
 * Reads a message slowly, telling of each value where it lies. Broken bytes give the rows up to
 * the break, and the break.
 *
 * @example
 * for (const row of trace(Produce.request, 9, body).rows) console.log(row.path, row.value)
 */
export function trace(message: Message, version: number, buffer: Buffer, offset = 0): Trace {
  const reader = new Reader(buffer, offset)
  const tracer = new Tracer(reader, message.dialect(version))
  try {
    tracer.struct(message.shape, '')
    return { rows: tracer.rows, end: reader.offset, failure: undefined }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const { message: reason, offset } = error
    const failure = { path: tracer.path, offset, reason }
    return { rows: tracer.rows, end: offset, failure }
  }
}

class Tracer {
  readonly rows: TraceRow[] = []
  /** The value that is being read. */
  path = ''
  readonly #reader: Reader
  readonly #dialect: Dialect

  constructor(reader: Reader, dialect: Dialect) {
    this.#reader = reader
    this.#dialect = dialect
  }

  struct(shape: Shape, prefix: string): void {
    const { present, tagged } = fieldsOf(shape, this.#dialect)
    for (const [name, field] of present) this.#value(field, prefix + name)
    if (!this.#dialect.flexible) return
    const count = this.#leaf(`${prefix}tags.length`, () => this.#reader.uvarint())
    for (let i = 0; i < count; i++) this.#tag(tagged, prefix)
  }

  #tag(tagged: readonly (readonly [string, AnyField])[], prefix: string): void {
    const reader = this.#reader
    this.path = `${prefix}tags`
    const start = reader.offset
    const { tag, end } = readTag(reader)
    const known = tagged.find(([, field]) => field.plan.tag === tag)
    if (!known) {
      this.#leaf(`${prefix}tag ${tag}`, () => reader.bytes(end - reader.offset))
      return
    }
    const [name, field] = known
    const length = reader.offset - start
    this.rows.push({ path: `${prefix}${name}.tag`, offset: start, length, value: tag })
    this.#value(field, prefix + name)
    checkTagEnd(reader, tag, end)
  }

  #value(field: AnyField, path: string): void {
    const { kind } = field.plan
    const nullable = field.nullableIn(this.#dialect.version)
    if (kind.is === 'array') {
      const lengths = arrayLengths(this.#dialect)
      // Items of which not all can be there are still shown as far as they go.
      const count = this.#leaf(`${path}.length`, () =>
        readCount(this.#reader, lengths, nullable, 1),
      )
      for (let i = 0; i < count; i++) this.#value(kind.of, `${path}[${i}]`)
    } else if (kind.is === 'struct') {
      if (nullable && this.#leaf(`${path}.present`, () => this.#reader.int8()) < 0) return
      this.struct(kind.shape, `${path}.`)
    } else {
      const codec = compileField(field, this.#dialect)
      this.#leaf(path, () => codec.read(this.#reader))
    }
  }

  #leaf<T>(path: string, read: () => T): T {
    this.path = path
    const offset = this.#reader.offset
    const value = read()
    this.rows.push({ path, offset, length: this.#reader.offset - offset, value })
    return value
  }
}
