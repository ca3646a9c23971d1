// What a kept file must hold, read by its place in it: each throws an Error that names the place.

export function stringsAt(json: unknown, at: string): Record<string, string> {
  const entries = Object.entries(objectAt(json, at))
  return Object.fromEntries(
    entries.map(([name, value]) => [name, stringAt(value, `${at}.${name}`)]),
  )
}

export function numbersAt(json: unknown, at: string): Record<string, number> {
  const entries = Object.entries(objectAt(json, at))
  return Object.fromEntries(
    entries.map(([name, value]) => [name, numberAt(value, `${at}.${name}`)]),
  )
}

export function objectAt(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${at} must be an object, got ${shown(value)}`)
  }
  return { ...value }
}

export function listAt(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${at} must be a list, got ${shown(value)}`)
  return value
}

export function stringAt(value: unknown, at: string): string {
  if (typeof value !== 'string') throw new Error(`${at} must be a text, got ${shown(value)}`)
  return value
}

export function numberAt(value: unknown, at: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new Error(`${at} must be a whole number, got ${shown(value)}`)
}

export function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60)
}
