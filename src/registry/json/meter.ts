import type { Ajv, KeywordCxt } from 'ajv'
import { _ } from 'ajv'

/** What validating one value may cost: about a second. */
const budget = 20_000_000

/** What is left for the value at hand. */
interface Meter {
  left: number
}

/** Counts what a validator does, so that a schema can't keep it at work for ever. */
export interface Metered {
  /** Before each value. */
  refill(): void
}

const references = new Set(['$ref', '$dynamicRef', '$recursiveRef'])

/**
 * Makes each keyword that has parts, or that leads elsewhere, spend as much as it has parts; who
 * has nothing left is refused. Ten definitions that each refer twice to the next are a thousand
 * calls, forty are 2^40, for a value of two bytes. ajv's own `uniqueItems` takes the square of the
 * number of items, so ours takes its place.
 */
export function metered(ajv: Ajv): Metered {
  const meter: Meter = { left: budget }
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must NOT have duplicate items' },
    validate: (isWanted: boolean, items: readonly unknown[]) => {
      return !isWanted || new Set(items.map(item => textOf(item, meter))).size === items.length
    },
  })
  for (const rule of Object.values(ajv.RULES.all)) {
    if (typeof rule !== 'object' || !('code' in rule.definition)) continue
    const { code } = rule.definition
    const spending = (cxt: KeywordCxt, type?: Parameters<typeof code>[1]) => {
      spend(cxt, meter)
      code(cxt, type)
    }
    rule.definition = { ...rule.definition, code: spending }
  }
  return {
    refill() {
      meter.left = budget
    },
  }
}

/** Adds to the validator what it costs to come by this keyword. */
function spend({ gen, keyword, schema, data }: KeywordCxt, meter: Meter): void {
  const parts = references.has(keyword) ? 1 : partsOf(schema)
  if (parts === 0 && keyword !== 'pattern') return
  const left = gen.scopeValue('obj', { ref: meter })
  const cost = keyword === 'pattern' ? _`${data}.length` : _`${parts}`
  gen.if(_`(${left}.left -= ${cost}) < 0`, () => {
    gen.code(_`throw new RangeError("the schema makes more work of it than is allowed")`)
  })
}

function partsOf(schema: unknown): number {
  return typeof schema === 'object' && schema !== null ? Object.keys(schema).length : 0
}

/** One text for values that are equal as JSON. */
function textOf(value: unknown, meter: Meter): string {
  if (--meter.left < 0) throw new RangeError('comparing its items takes more work than is allowed')
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(each => textOf(each, meter)).join()}]`
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${textOf(each, meter)}`).join()}}`
}
