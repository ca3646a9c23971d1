import { isUtf8 } from 'node:buffer'
import type { RecordCursor } from '../records/index.ts'
import { unescaped } from './arguments.ts'
import { UsageError } from './exit.ts'
import type { Output } from './output.ts'

/** Writes the record on which a cursor stands. */
export type Printer = (topic: string, partition: number, cursor: RecordCursor, out: Output) => void

/** What the letters of a format stand for. */
const letters: Readonly<Record<string, Printer>> = {
  t: (topic, _partition, _cursor, out) => out.text(topic),
  p: (_topic, partition, _cursor, out) => out.text(String(partition)),
  o: (_topic, _partition, cursor, out) => out.text(String(cursor.offset)),
  T: (_topic, _partition, cursor, out) => out.text(String(cursor.timestamp)),
  h: (_topic, _partition, cursor, out) => printHeaders(cursor, out),
  K: (_topic, _partition, cursor, out) => out.text(sizeText(cursor.keyStart, cursor.keyEnd)),
  S: (_topic, _partition, cursor, out) => out.text(sizeText(cursor.valueStart, cursor.valueEnd)),
}

/**
 * Compiles a format into a printer. `%t` topic, `%p` partition, `%o` offset, `%T` timestamp in
 * milliseconds, `%k` key, `%v` value, `%h` headers, `%K` and `%S` the sizes of key and value, `%%`
 * a percent sign; `\n`, `\t`, `\r`, `\0`, `\\`, `\x1f` as in C. Keys and values are written as
 * their bytes are, and null as `nullText`.
 */
export function textPrinter(format: string, nullText: string): Printer {
  const pieces = piecesOf(unescaped(format), Buffer.from(nullText))
  if (pieces.length === 1) return pieces[0]!
  return (topic, partition, cursor, out) => {
    for (const piece of pieces) piece(topic, partition, cursor, out)
  }
}

function piecesOf(format: string, none: Buffer): Printer[] {
  const known: Readonly<Record<string, Printer>> = {
    ...letters,
    k: (_topic, _partition, cursor, out) => {
      if (cursor.keyStart < 0) out.bytes(none)
      else out.slice(cursor.buffer, cursor.keyStart, cursor.keyEnd)
    },
    v: (_topic, _partition, cursor, out) => {
      if (cursor.valueStart < 0) out.bytes(none)
      else out.slice(cursor.buffer, cursor.valueStart, cursor.valueEnd)
    },
  }
  const pieces: Printer[] = []
  for (const [text, letter] of format.matchAll(/%([\s\S]?)|[^%]+/g)) {
    if (letter === undefined) pieces.push(literal(text))
    else if (letter === '%') pieces.push(literal('%'))
    else if (Object.hasOwn(known, letter)) pieces.push(known[letter]!)
    else throw unknownLetter(text, Object.keys(known))
  }
  return pieces
}

function literal(text: string): Printer {
  const bytes = Buffer.from(text)
  return (_topic, _partition, _cursor, out) => out.bytes(bytes)
}

function unknownLetter(text: string, known: readonly string[]): UsageError {
  const all = known.map(letter => `%${letter}`).join(' ')
  return new UsageError(`--format has ${JSON.stringify(text)}`, `it knows ${all} and %%`)
}

/** `name=value,name=value`, the values as their bytes are. */
function printHeaders(cursor: RecordCursor, out: Output): void {
  for (const [index, { key, value }] of cursor.headers().entries()) {
    out.text(index === 0 ? `${key}=` : `,${key}=`)
    if (value) out.bytes(value)
  }
}

/** A size in bytes; -1 for null, as on the wire. */
function sizeText(start: number, end: number): string {
  return String(start < 0 ? -1 : end - start)
}

/** One JSON object a record. Bytes that are no text come as base64, and `…Encoding` says so. */
export const jsonPrinter: Printer = (topic, partition, cursor, out) => {
  const { offset, timestamp } = cursor
  const headers = cursor
    .headers()
    .map(({ key, value }) => ({ key, ...bytesAsJson('value', value) }))
  out.json({
    topic,
    partition,
    offset,
    timestamp,
    ...bytesAsJson('key', part(cursor, cursor.keyStart, cursor.keyEnd)),
    ...bytesAsJson('value', part(cursor, cursor.valueStart, cursor.valueEnd)),
    ...(headers.length > 0 && { headers }),
  })
}

function part({ buffer }: RecordCursor, start: number, end: number): Buffer | null {
  return start < 0 ? null : buffer.subarray(start, end)
}

function bytesAsJson(name: 'key' | 'value', bytes: Buffer | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null }
  if (isUtf8(bytes)) return { [name]: bytes.toString() }
  return { [name]: bytes.toString('base64'), [`${name}Encoding`]: 'base64' }
}
