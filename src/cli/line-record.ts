import { reasonOf } from '../base/depth.ts'
import { canonicalJson, type ProducerRecord } from '../index.ts'
import type { RecordHeader } from '../records/layout.ts'

/** How a line becomes a record. */
export interface LineRules {
  readonly topic: string
  readonly partition?: number | undefined
  readonly headers?: readonly RecordHeader[] | undefined
  /** The key stands before this text, the value after it. */
  readonly keySeparator?: string | undefined
  /** The line is a JSON object, and this field (`user` or `user.id`) is its key. */
  readonly keyField?: string | undefined
  /** A key from a field is JSON whatever it is: text in quotation marks. */
  readonly keyAsJson?: boolean | undefined
  /** A key or value of exactly this text is null. */
  readonly nullValue?: string | undefined
}

/** A line that does not follow the rules; told with its number, and counted as failed. */
export class LineError extends Error {}

type Bytes = string | Buffer

/** Compiles the rules into a function from a line to its record; it throws a LineError. */
export function lineReader(rules: LineRules): (line: Buffer) => ProducerRecord {
  const { topic, partition, headers, nullValue } = rules
  const split = splitter(rules)
  const none = nullValue === undefined ? undefined : Buffer.from(nullValue)
  const orNull = (bytes: Bytes) =>
    none !== undefined && (typeof bytes === 'string' ? bytes === nullValue : none.equals(bytes))
      ? null
      : bytes
  return line => {
    const { key, value } = split(line)
    return {
      topic,
      key: key === null ? null : orNull(key),
      value: orNull(value),
      headers,
      partition,
    }
  }
}

interface Split {
  readonly key: Bytes | null
  readonly value: Buffer
}

function splitter(rules: LineRules): (line: Buffer) => Split {
  const { keySeparator, keyField, keyAsJson = false } = rules
  if (keyField !== undefined) {
    return line => ({ key: keyIn(line, keyField, keyAsJson), value: line })
  }
  if (keySeparator === undefined) return line => ({ key: null, value: line })
  const separator = Buffer.from(keySeparator)
  return line => {
    const at = line.indexOf(separator)
    if (at < 0) throw new LineError(`has no ${JSON.stringify(keySeparator)} after its key`)
    return { key: line.subarray(0, at), value: line.subarray(at + separator.length) }
  }
}

/** The field of a JSON object as a key: text as it is, other values as JSON, null as no key. */
function keyIn(line: Buffer, field: string, asJson: boolean): string | null {
  const found = fieldOf(parsed(line), field)
  if (found === undefined) throw new LineError(`has no field ${JSON.stringify(field)}`)
  if (found === null) return null
  if (typeof found === 'string' && !asJson) return found
  try {
    return canonicalJson(found)
  } catch (error) {
    throw new LineError(`has a key that can't be written: ${reasonOf(error)}`)
  }
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString())
  } catch {
    throw new LineError('is not JSON')
  }
}

/** A field by its name, or by a path of names with dots between them. */
function fieldOf(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path]
  const dot = path.indexOf('.')
  if (dot < 0) return undefined
  return fieldOf(fieldOf(value, path.slice(0, dot)), path.slice(dot + 1))
}
