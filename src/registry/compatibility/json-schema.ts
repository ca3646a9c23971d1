import { readArray } from './json-arrays.ts'
import { type Conjunction, Conjunctions, isNever, typesOf, valuesOf } from './json-conjunction.ts'
import { readLimits } from './json-limits.ts'
import type { JsonNode, JsonType, Sum } from './json-model.ts'
import { readObject } from './json-objects.ts'
import { changed, type JsonRules } from './json-rules.ts'
import { sorted } from './json-text.ts'
import { Budget, comparePairs, type Finding, segment } from './pairs.ts'

/**
 * Is every value that the writer's schema lets pass valid for the reader's? What can't be proved is
 * refused. Two leniencies are Confluent's: a property that becomes required is fine if it has a
 * default, and `oneOf` is taken as `anyOf`.
 */
export function compareJsonSchemas(reader: JsonNode, writer: JsonNode): readonly Finding[] {
  const budget = new Budget()
  const conjunctions = new Conjunctions(budget)
  return comparePairs<JsonNode, Conjunction>(
    reader,
    conjunctions.of([writer]),
    (node, held, inside) => {
      // Every rule looks at all that is held.
      budget.spend(held.nodes.length * 4)
      return canRead(node, held, { inside, conjunctions })
    },
    budget,
  )
}

function canRead(reader: JsonNode, held: Conjunction, rules: JsonRules): readonly Finding[] {
  if (isNever(held) || typesOf(held).length === 0) return []
  if (reader.never) return [changed('TYPE_CHANGED', '', 'the {reader} schema accepts no value')]
  const stricter = readStricterSum(reader, held)
  if (stricter.length > 0) return stricter
  const found = readAtOnce(reader, held, rules)
  if (found.length === 0) return []
  const cases = casesOf(reader, held, rules.conjunctions)
  if (cases.length === 0) return found
  const each = cases.flatMap(one => rules.inside(reader, one, ''))
  return each.length === 0 ? [] : clearest(reader, held, found, each)
}

function readAtOnce(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  return [
    ...readTypes(reader, typesOf(held)),
    ...readValues(reader, valuesOf(held)),
    ...readLimits(reader, held),
    ...readObject(reader, held, rules),
    ...readArray(reader, held, rules),
    ...readCombined(reader, held, rules),
    ...readOpaque(reader, held),
  ]
}

/** The cases of which each value is one; all must be readable. None, where there is one case. */
function casesOf(reader: JsonNode, held: Conjunction, all: Conjunctions): Conjunction[] {
  const [sum] = held.sums
  if (sum) return sum.branches.map(branch => all.choose(held, sum, branch))
  const types = typesOf(held)
  if (types.length < 2 || reader.sums.length === 0) return []
  return types.map(type => all.choose(held, undefined, all.typeOnly(type)))
}

/** Of the findings in each case, those that say most: what a sum lacks is said once. */
function clearest(
  reader: JsonNode,
  held: Conjunction,
  whole: readonly Finding[],
  each: readonly Finding[],
): readonly Finding[] {
  const [sum] = held.sums
  if (!sum) return whole
  const path = segment(sum.word)
  const beside = each.filter(finding => !finding.path.startsWith(path))
  const others = [...new Map(beside.map(finding => [finding.path, finding])).values()]
  const count = reader.sums.find(own => own.word === sum.word)?.branches.length
  if (count === undefined || beside.length === each.length) return others
  return [...others, lostBranch(sum, count, path)]
}

function lostBranch({ word, branches }: Sum, count: number, path: string): Finding {
  if (count < branches.length) {
    const message = `${word} has fewer branches in the {reader} schema than in the {writer} schema`
    return changed('SUM_TYPE_NARROWED', path, message)
  }
  const message = `a branch of ${word} in the {writer} schema fits none in the {reader} schema`
  return changed('COMBINED_TYPE_SUBSCHEMAS_CHANGED', path, message)
}

function readTypes({ types }: JsonNode, held: readonly JsonType[]): Finding[] {
  if (!types) return []
  const lost = held.filter(type => !covers(types, type))
  if (lost.length === 0) return []
  const part = lost.length < held.length || (lost[0] === 'number' && types.includes('integer'))
  const message = `the type is ${types.join(' or ')} in the {reader} schema, ${held.join(' or ')} in the {writer} schema`
  return [changed(part ? 'TYPE_NARROWED' : 'TYPE_CHANGED', '', message)]
}

function covers(types: readonly JsonType[], type: JsonType): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'))
}

function readValues(reader: JsonNode, held: readonly unknown[] | undefined): Finding[] {
  if (!reader.values) return []
  const allowed = new Set(reader.values.map(sorted))
  if (!held) {
    const message = 'the {reader} schema lists the values, the {writer} schema allows others'
    return [changed('ENUM_ARRAY_NARROWED', '/enum', message)]
  }
  const lost = held.map(sorted).filter(value => !allowed.has(value))
  if (lost.length === 0) return []
  const type = lost.length === held.length ? 'ENUM_ARRAY_CHANGED' : 'ENUM_ARRAY_NARROWED'
  const values = lost.slice(0, 10).join(', ')
  return [
    changed(type, '/enum', `the {reader} schema lacks the values ${values} of the {writer} schema`),
  ]
}

function readCombined(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  const { inside } = rules
  const product = reader.allOf.flatMap((member, i) => inside(member, held, `/allOf/${i}`))
  const sums = reader.sums.flatMap(sum => readSum(sum, held, rules))
  return [...product, ...sums, ...readNot(reader, held, rules)]
}

function readSum(sum: Sum, held: Conjunction, { inside }: JsonRules): Finding[] {
  let found: readonly Finding[] = []
  for (const [i, branch] of sum.branches.entries()) {
    found = inside(branch, held, `/${sum.word}/${i}`)
    if (found.length === 0) return []
  }
  if (sum.branches.length === 1) return [...found]
  const message = `no branch of ${sum.word} in the {reader} schema takes what the {writer} schema allows`
  return [changed('TYPE_CHANGED', segment(sum.word), message)]
}

/** From `anyOf` to `oneOf`, a value that fits two branches becomes invalid. */
function readStricterSum(reader: JsonNode, held: Conjunction): Finding[] {
  const one = reader.sums.find(({ word }) => word === 'oneOf')
  const isLooser = held.sums.some(({ word }) => word === 'anyOf')
  if (!one || !isLooser || areDisjoint(one.branches)) return []
  const message = 'the {reader} schema says oneOf where the {writer} schema says anyOf'
  return [changed('COMBINED_TYPE_CHANGED', '/oneOf', message)]
}

function areDisjoint(branches: readonly JsonNode[]): boolean {
  const seen: JsonType[] = []
  return branches.every(({ types }) => {
    const isNew = types?.every(type => !seen.some(other => related(type, other))) ?? false
    seen.push(...(types ?? []))
    return isNew
  })
}

/** What is not Y is not X either, if all that is X is Y. */
function readNot({ not }: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  if (!not) return []
  const excluded = rules.conjunctions.of([not])
  const types = typesOf(held)
  if (not.types && !typesOf(excluded).some(type => types.some(held => related(type, held))))
    return []
  const proved = held.nodes.some(
    node => node.not && rules.inside(node.not, excluded, '').length === 0,
  )
  if (proved) return []
  const message = 'the {reader} schema excludes more than the {writer} schema'
  return [changed('NOT_TYPE_EXTENDED', '/not', message)]
}

const related = (one: JsonType, other: JsonType) => covers([one], other) || covers([other], one)

function readOpaque(reader: JsonNode, held: Conjunction): Finding[] {
  return [...reader.opaque].flatMap(([word, text]) => {
    if (held.nodes.some(node => node.opaque.get(word) === text)) return []
    const message = `${word} of the {reader} schema is not the same in the {writer} schema`
    return [changed('KEYWORD_CHANGED', segment(word), message)]
  })
}
