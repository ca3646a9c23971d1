/**
 * A message can't be written: a value doesn't fit its field, a field that the version can't carry
 * was set, or the version is not one we speak. `path` says where, in the message's own names.
 */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  /** Such as `topicData[2].partitionData[0].index`; empty where no single field is at fault. */
  readonly path: string

  constructor(message: string, path = '') {
    super(message)
    this.path = path
  }
}

/** Throws what `explain` later completes with the path. */
export function refuse(expected: string, value: unknown): never {
  throw new SchemaError(`expected ${expected}, got ${show(value)}`)
}

/** A value in few words, for an error. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value))
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'function') return 'a function'
  return String(value)
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
