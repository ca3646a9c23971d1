import type { DeliveryReport } from '../index.ts'

/** What a call gave, in few words. */
export function shown(value: unknown): string {
  if (value === undefined) return 'done'
  if (value === null) return 'null'
  if (isReport(value)) return `${value.topic} [${value.partition}] @ ${value.offset}`
  if (value instanceof Error) {
    const code = 'code' in value ? ` ${value.code}` : ''
    return `${value.name}${code}: ${value.message}`
  }
  if (Array.isArray(value)) return value.length === 0 ? 'nothing' : value.map(shown).join(', ')
  return typeof value === 'object' ? code(value) : String(value)
}

function isReport(value: unknown): value is DeliveryReport {
  return typeof value === 'object' && value !== null && 'offset' in value && 'latencyMs' in value
}

/** A value as it would be written in a program, shortened where it is long. */
export function code(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > 40 ? `'${value.slice(0, 20)}…' /* ${value.length} */` : `'${value}'`
  }
  if (Array.isArray(value)) return `[${value.map(code).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).filter(([, each]) => each !== undefined)
  const inside = fields.map(([name, each]) => `${nameOf(name)}: ${code(each)}`)
  return inside.length === 0 ? '{}' : `{ ${inside.join(', ')} }`
}

const nameOf = (name: string) => (/^[a-z]\w*$/i.test(name) ? name : `'${name}'`)
