import { SerializationError } from './errors.ts'
import type { Serializer } from './serializers.ts'

/** Deeper than any key; a value that contains itself has no end. */
const maxDepth = 200

/**
 * JSON in its one canonical form (RFC 8785): members in the order of their names, numbers as
 * ECMAScript writes them, no spaces. Two values that are equal as JSON give the same bytes, so as
 * keys they reach the same partition, whatever the order in which their fields were set.
 *
 * @example
 * const producer = new Producer(config, { key: canonicalJsonSerializer, value: jsonSerializer })
 * producer.produce({ topic: 'orders', key: { shop: 1, customer: 7 }, value: order })
 */
export const canonicalJsonSerializer: Serializer<unknown> = {
  serialize(value, { topic, field }) {
    try {
      return canonicalJson(value)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new SerializationError({
        code: 'SERIALIZATION_FAILED',
        message: `the ${field} of a record for ${topic} has no canonical JSON: ${reason}`,
        cause,
        at: { topic },
      })
    }
  },
}

/** The text of RFC 8785 for a value; throws where JSON has no exact form for it. */
export function canonicalJson(value: unknown): string {
  const text = written(value, '', 0)
  if (text === undefined) throw new TypeError(`${typeof value} is no JSON`)
  return text
}

/** Undefined for what JSON leaves out of an object: undefined, functions, symbols. */
function written(given: unknown, key: string, depth: number): string | undefined {
  if (depth > maxDepth) throw new RangeError(`it is nested more than ${maxDepth} deep`)
  const value = hasToJson(given) ? given.toJSON(key) : given
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'boolean':
      return String(value)
    case 'number':
      if (Number.isFinite(value)) return JSON.stringify(value)
      throw new TypeError(`JSON has no number ${value}`)
    case 'bigint':
      throw new TypeError(`JSON can't hold the bigint ${value} exactly everywhere; make it a text`)
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? listed(value, depth) : membersOf(value, depth)
    default:
      return undefined
  }
}

function listed(values: readonly unknown[], depth: number): string {
  const items = values.map((each, at) => written(each, String(at), depth + 1) ?? 'null')
  return `[${items.join(',')}]`
}

function membersOf(value: object, depth: number): string {
  // Numbers, strings and booleans in object wrappers are what they wrap, as in JSON.stringify.
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return written(value.valueOf(), '', depth)!
  }
  const members: string[] = []
  // The default order of sort is that of UTF-16 code units, which RFC 8785 asks for.
  for (const [name, each] of Object.entries(value).sort(byName)) {
    const text = written(each, name, depth + 1)
    if (text !== undefined) members.push(`${quoted(name)}:${text}`)
  }
  return `{${members.join(',')}}`
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function quoted(text: string): string {
  if (/\p{Surrogate}/u.test(text))
    throw new TypeError('half of a surrogate pair is no Unicode text')
  return JSON.stringify(text)
}

function hasToJson(value: unknown): value is { toJSON(key: string): unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'toJSON' in value &&
    typeof value.toJSON === 'function'
  )
}
