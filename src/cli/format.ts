import { isUtf8 } from 'node:buffer'
import type { Message } from '../index.ts'
import { unescaped } from './arguments.ts'
import { UsageError } from './exit.ts'
import type { Output } from './output.ts'

/** Writes a record. */
export type Printer = (message: Message, out: Output) => void

/** What the letters of a format stand for. */
const letters: Readonly<Record<string, Printer>> = {
  t: (message, out) => out.text(message.topic),
  p: (message, out) => out.text(String(message.partition)),
  o: (message, out) => out.text(String(message.offset)),
  T: (message, out) => out.text(String(message.timestamp)),
  h: (message, out) => printHeaders(message, out),
  K: (message, out) => out.text(String(message.key?.length ?? -1)),
  S: (message, out) => out.text(String(message.value?.length ?? -1)),
}

/**
 * Compiles a format into a printer. `%t` topic, `%p` partition, `%o` offset, `%T` timestamp in
 * milliseconds, `%k` key, `%v` value, `%h` headers, `%K` and `%S` the sizes of key and value, `%%`
 * a percent sign; `\n`, `\t`, `\r`, `\0`, `\\`, `\x1f` as in C. Keys and values are written as
 * their bytes are, and null as `nullText`. `schemaId` prints `%s`, where there are schemas.
 */
export function textPrinter(format: string, nullText: string, schemaId?: Printer): Printer {
  const pieces = piecesOf(unescaped(format), Buffer.from(nullText), schemaId)
  return (message, out) => {
    for (const piece of pieces) piece(message, out)
  }
}

function piecesOf(format: string, none: Buffer, schemaId: Printer | undefined): Printer[] {
  const known: Readonly<Record<string, Printer>> = {
    ...letters,
    ...(schemaId && { s: schemaId }),
    k: (message, out) => out.bytes(message.key ?? none),
    v: (message, out) => out.bytes(message.value ?? none),
  }
  const pieces: Printer[] = []
  for (const [text, letter] of format.matchAll(/%([\s\S]?)|[^%]+/g)) {
    if (letter === undefined) pieces.push(literal(text))
    else if (letter === '%') pieces.push(literal('%'))
    else if (Object.hasOwn(known, letter)) pieces.push(known[letter]!)
    else if (letter === 's') throw new UsageError('%s is the id of a schema', 'give --registry')
    else throw unknownLetter(text, Object.keys(known))
  }
  return pieces
}

function literal(text: string): Printer {
  const bytes = Buffer.from(text)
  return (_message, out) => out.bytes(bytes)
}

function unknownLetter(text: string, known: readonly string[]): UsageError {
  const all = known.map(letter => `%${letter}`).join(' ')
  return new UsageError(`--format has ${JSON.stringify(text)}`, `it knows ${all} and %%`)
}

/** `name=value,name=value`, the values as their bytes are. */
function printHeaders({ headers }: Message, out: Output): void {
  for (const [index, { key, value }] of headers.entries()) {
    out.text(index === 0 ? `${key}=` : `,${key}=`)
    if (value) out.bytes(value)
  }
}

/** One JSON object a record. Bytes that are no text come as base64, and `…Encoding` says so. */
export const jsonPrinter: Printer = (message, out) => {
  const { topic, partition, offset, timestamp, key, value } = message
  const headers = message.headers.map(each => ({
    key: each.key,
    ...bytesAsJson('value', each.value),
  }))
  out.json({
    topic,
    partition,
    offset,
    timestamp,
    ...bytesAsJson('key', key),
    ...bytesAsJson('value', value),
    ...(headers.length > 0 && { headers }),
  })
}

/** Text as it is, other bytes as base64, with an `…Encoding` that says so. */
export function bytesAsJson(
  name: 'key' | 'value',
  bytes: Buffer | null,
): Record<string, string | null> {
  if (bytes === null) return { [name]: null }
  if (isUtf8(bytes)) return { [name]: bytes.toString() }
  return { [name]: bytes.toString('base64'), [`${name}Encoding`]: 'base64' }
}
