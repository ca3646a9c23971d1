import { encodeResponse } from '../protocol/frame.ts'
import type { Api } from '../protocol/schema/api.ts'
import { SchemaError } from '../protocol/schema/schema-error.ts'
import { isObject } from './faults/places.ts'

/** More of a message to people than anybody reads. */
const LONGEST_MESSAGE = 1000

/**
 * The bytes of a response. What is told of an error may name what a client asked for, and a name
 * can be nearly as long as a text of the protocol may be: such a message is cut, not the answer
 * lost.
 */
export function encoded(
  api: Api,
  version: number,
  correlationId: number,
  response: Readonly<Record<string, unknown>>,
): Buffer[] {
  try {
    return encodeResponse(api, version, correlationId, response)
  } catch (error) {
    if (!(error instanceof SchemaError && error.path.endsWith('errorMessage'))) throw error
    const clipped = withShortMessages(response)
    return encodeResponse(api, version, correlationId, isObject(clipped) ? clipped : {})
  }
}

function withShortMessages(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withShortMessages)
  if (!isObject(value) || Buffer.isBuffer(value)) return value
  const entries = Object.entries(value).map(([name, inner]) => {
    const isLong = name === 'errorMessage' && typeof inner === 'string'
    return [name, isLong ? inner.slice(0, LONGEST_MESSAGE) : withShortMessages(inner)]
  })
  return Object.fromEntries(entries)
}
