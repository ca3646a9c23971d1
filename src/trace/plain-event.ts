import type { AnyEvent, EventName, EventOf } from '../events.ts'

/** An error as a page or a JSON line tells of it. */
export interface PlainError {
  readonly code: string
  readonly message: string
}

/** What becomes of a value on its way into JSON. */
type Plain<T> = T extends bigint
  ? string
  : T extends Error
    ? PlainError
    : T extends Uint8Array
      ? string
      : T extends readonly (infer Item)[]
        ? readonly Plain<Item>[]
        : T extends object
          ? { readonly [K in keyof T]: Plain<T[K]> }
          : T

/** An event as it can be sent, kept and shown; its figures are those of the event itself. */
export type PlainEvent = {
  [Name in EventName]: Plain<EventOf<Name>> & { readonly name: Name }
}[EventName]

/** The same event, with nothing in it that JSON does not have. */
export function plainEvent(event: AnyEvent): PlainEvent {
  // The one that comes once a record, and may come a hundred thousand times a second.
  if (event.name === 'record:appended') return { ...event, key: text(event.key) }
  return plain(event) as PlainEvent
}

function text(key: string | Uint8Array | null): string | null {
  return key instanceof Uint8Array ? new TextDecoder().decode(key) : key
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Error) return plainError(value)
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(kept.map(([name, each]) => [name, plain(each)]))
}

export function plainError(error: Error): PlainError {
  const code = 'code' in error ? String(error.code) : error.name
  return { code, message: error.message }
}
