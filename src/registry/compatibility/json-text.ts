import { isDeeper } from '../../base/depth.ts'
import { InvalidSchemaError } from './types.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** Deeper than any schema that people write; what is deeper is meant to break a parser. */
export const MAX_NESTING = 200

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads JSON text; an InvalidSchemaError says where it stops being JSON. */
export function parseJson(text: string, what: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (!isDeeper(value, MAX_NESTING)) return value
    throw new InvalidSchemaError(`${what} is nested deeper than ${MAX_NESTING} levels`)
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidSchemaError(`${what}: ${error.message}`)
    throw error
  }
}

/** JSON without the white space between its tokens; numbers and order stay as they are written. */
export function minified(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|\s+/g, token => (token[0] === '"' ? token : ''))
}

/** One text for all spellings of the same JSON: keys in order, and no number rounded. */
export function canonical(text: string): string {
  // JSON.parse would make 9007199254740993 and …992 one number.
  const exact = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]{15,}/g, token =>
    token[0] === '"' ? token : `"number ${token}"`,
  )
  return sorted(JSON.parse(exact))
}

/** A value as JSON with its keys in order: equal values give equal texts. */
export function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const keys = Object.keys(value).sort()
  return `{${keys.map(key => `${JSON.stringify(key)}:${sorted(value[key])}`).join(',')}}`
}
