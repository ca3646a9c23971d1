import { type Conjunction, typesOf, valuesOf } from './json-conjunction.ts'
import type { JsonNode, JsonType } from './json-model.ts'
import type { Finding } from './pairs.ts'
import { matches } from './safe-pattern.ts'

interface LimitRule {
  readonly word: string
  /** The types of values that the keyword speaks about. */
  readonly types: readonly JsonType[]
  readonly bound: 'upper' | 'lower'
  /** The part of its findings' names. */
  readonly name: string
  /** The keyword that bounds the same thing, but without the limit itself. */
  readonly strict?: string
  readonly loose?: string
}

const numbers: readonly JsonType[] = ['number', 'integer']
const rules: readonly LimitRule[] = [
  { word: 'maxLength', types: ['string'], bound: 'upper', name: 'MAX_LENGTH' },
  { word: 'minLength', types: ['string'], bound: 'lower', name: 'MIN_LENGTH' },
  { word: 'maximum', types: numbers, bound: 'upper', name: 'MAXIMUM', strict: 'exclusiveMaximum' },
  { word: 'minimum', types: numbers, bound: 'lower', name: 'MINIMUM', strict: 'exclusiveMinimum' },
  {
    word: 'exclusiveMaximum',
    types: numbers,
    bound: 'upper',
    name: 'EXCLUSIVE_MAXIMUM',
    loose: 'maximum',
  },
  {
    word: 'exclusiveMinimum',
    types: numbers,
    bound: 'lower',
    name: 'EXCLUSIVE_MINIMUM',
    loose: 'minimum',
  },
  { word: 'maxProperties', types: ['object'], bound: 'upper', name: 'MAX_PROPERTIES' },
  { word: 'minProperties', types: ['object'], bound: 'lower', name: 'MIN_PROPERTIES' },
  { word: 'maxItems', types: ['array'], bound: 'upper', name: 'MAX_ITEMS' },
  { word: 'minItems', types: ['array'], bound: 'lower', name: 'MIN_ITEMS' },
]

/** Numbers, lengths, counts and patterns: must the writer's values keep the reader's limits? */
export function readLimits(reader: JsonNode, held: Conjunction): Finding[] {
  const listed = valuesOf(held)
  if (listed?.every(isScalar)) return listed.flatMap(value => readListed(reader, value)).slice(0, 1)
  const types = typesOf(held)
  const applies = (wanted: readonly JsonType[]) => wanted.some(type => types.includes(type))
  return [
    ...rules.flatMap(rule => (applies(rule.types) ? readLimit(rule, reader, held) : [])),
    ...(applies(numbers) ? readMultiple(reader, held) : []),
    ...(applies(['string']) ? readPattern(reader, held) : []),
  ]
}

function readLimit(rule: LimitRule, reader: JsonNode, held: Conjunction): Finding[] {
  const { word, bound, name, strict, loose } = rule
  const limit = reader.limits.get(word)
  if (limit === undefined || (bound === 'lower' && limit <= 0 && word !== 'minimum' && !loose))
    return []
  const own = tightest(held, word, bound)
  const keeps = (other: number | undefined, orEqual: boolean) => {
    if (other === undefined) return false
    const inner = bound === 'upper' ? other < limit : other > limit
    return inner || (orEqual && other === limit)
  }
  if (keeps(own, true)) return []
  if (strict && keeps(tightest(held, strict, bound), true)) return []
  if (loose && keeps(tightest(held, loose, bound), false)) return []
  const path = `/${word}`
  if (own === undefined) {
    const message = `${word} ${limit} of the {reader} schema is not in the {writer} schema`
    return [{ type: `${name}_ADDED`, path, message }]
  }
  const how = bound === 'upper' ? 'DECREASED' : 'INCREASED'
  const message = `${word} is ${limit} in the {reader} schema, ${own} in the {writer} schema`
  return [{ type: `${name}_${how}`, path, message }]
}

function tightest(held: Conjunction, word: string, bound: 'upper' | 'lower'): number | undefined {
  const all = held.nodes.flatMap(node => node.limits.get(word) ?? [])
  if (all.length === 0) return undefined
  return bound === 'upper' ? Math.min(...all) : Math.max(...all)
}

function readMultiple(reader: JsonNode, held: Conjunction): Finding[] {
  const wanted = reader.limits.get('multipleOf')
  if (wanted === undefined) return []
  const given = held.nodes.flatMap(node => node.limits.get('multipleOf') ?? [])
  if (!typesOf(held).includes('number')) given.push(1)
  if (given.some(each => isMultiple(each, wanted))) return []
  const own = held.nodes.find(node => node.limits.has('multipleOf'))?.limits.get('multipleOf')
  const path = '/multipleOf'
  if (own === undefined) {
    const message = `multipleOf ${wanted} of the {reader} schema is not in the {writer} schema`
    return [{ type: 'MULTIPLE_OF_ADDED', path, message }]
  }
  const type = isMultiple(wanted, own) ? 'MULTIPLE_OF_EXPANDED' : 'MULTIPLE_OF_CHANGED'
  const message = `multipleOf is ${wanted} in the {reader} schema, ${own} in the {writer} schema`
  return [{ type, path, message }]
}

/** 0.3 is a multiple of 0.1, whatever binary fractions say. */
function isMultiple(number: number, of: number): boolean {
  const times = number / of
  return Math.abs(times - Math.round(times)) < 1e-9
}

function readPattern({ pattern }: JsonNode, held: Conjunction): Finding[] {
  if (pattern === undefined || held.nodes.some(node => node.pattern === pattern)) return []
  const own = held.nodes.find(node => node.pattern !== undefined)?.pattern
  const path = '/pattern'
  if (own === undefined) {
    const message = `the pattern ${pattern} of the {reader} schema is not in the {writer} schema`
    return [{ type: 'PATTERN_ADDED', path, message }]
  }
  const message = `the pattern is ${pattern} in the {reader} schema, ${own} in the {writer} schema`
  return [{ type: 'PATTERN_CHANGED', path, message }]
}

const isScalar = (value: unknown) => typeof value !== 'object' || value === null

/** The writer's values are listed: each is tried instead of comparing limits. */
function readListed(reader: JsonNode, value: unknown): Finding[] {
  if (typeof value === 'string' && reader.pattern !== undefined) {
    if (!matches(reader.pattern, value)) return [misfit('PATTERN_ADDED', 'pattern', value)]
  }
  const size = typeof value === 'string' ? [...value].length : value
  const types = typeof value === 'string' ? ['string'] : typeof value === 'number' ? ['number'] : []
  if (typeof size !== 'number') return []
  const wanted = reader.limits.get('multipleOf')
  if (typeof value === 'number' && wanted !== undefined && !isMultiple(value, wanted)) {
    return [misfit('MULTIPLE_OF_ADDED', 'multipleOf', value)]
  }
  const broken = rules.find(rule => {
    const limit = rule.types.some(type => types.includes(type)) && reader.limits.get(rule.word)
    if (typeof limit !== 'number') return false
    if (rule.loose && size === limit) return true
    return rule.bound === 'upper' ? size > limit : size < limit
  })
  return broken ? [misfit(`${broken.name}_ADDED`, broken.word, value)] : []
}

function misfit(type: string, word: string, value: unknown): Finding {
  const shown = JSON.stringify(value)
  const message = `${word} of the {reader} schema excludes ${shown}, a value of the {writer} schema`
  return { type, path: `/${word}`, message }
}
