import { emptyNode, type JsonNode, type JsonType, jsonTypes, type Sum } from './json-model.ts'
import { sorted } from './json-text.ts'
import type { Budget } from './pairs.ts'

/** What is known of a value that the writer's schema let pass: all of these hold at once. */
export interface Conjunction {
  readonly nodes: readonly JsonNode[]
  /** Of these, too, one branch each holds. */
  readonly sums: readonly Sum[]
}

/** Makes conjunctions; equal ones are the same object, so that pairs can be told by identity. */
export class Conjunctions {
  readonly #byKey = new Map<string, Conjunction>()
  readonly #numbers = new Map<object, number>()
  readonly #byType = new Map<JsonType, JsonNode>()
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** All that holds where these schemas do: `allOf` and `$ref` are opened. */
  of(roots: readonly JsonNode[]): Conjunction {
    const nodes = flattened(roots)
    return this.#made(
      nodes,
      nodes.flatMap(node => node.sums),
    )
  }

  /** The same value, in the case that `branch` of `sum` is the one that holds. */
  choose(from: Conjunction, sum: Sum | undefined, branch: JsonNode): Conjunction {
    const nodes = flattened([...from.nodes, branch])
    const added = nodes.filter(node => !from.nodes.includes(node)).flatMap(node => node.sums)
    return this.#made(nodes, [...from.sums.filter(each => each !== sum), ...added])
  }

  /** A schema that says only the type. */
  typeOnly(type: JsonType): JsonNode {
    const node = this.#byType.get(type) ?? { ...emptyNode(), types: [type] }
    this.#byType.set(type, node)
    return node
  }

  #made(nodes: readonly JsonNode[], sums: readonly Sum[]): Conjunction {
    this.#budget.spend(nodes.length + sums.length)
    const numbers = [...nodes, ...sums].map(each => this.#numberOf(each)).sort((a, b) => a - b)
    const key = numbers.join(' ')
    const made = this.#byKey.get(key) ?? { nodes, sums }
    this.#byKey.set(key, made)
    return made
  }

  #numberOf(thing: object): number {
    const number = this.#numbers.get(thing) ?? this.#numbers.size
    this.#numbers.set(thing, number)
    return number
  }
}

function flattened(roots: readonly JsonNode[]): JsonNode[] {
  const found = new Set<JsonNode>()
  const open = [...roots]
  for (let node = open.shift(); node; node = open.shift()) {
    if (found.has(node)) continue
    found.add(node)
    open.push(...node.allOf)
  }
  return [...found]
}

/** Whether no value at all is left. */
export function isNever({ nodes }: Conjunction): boolean {
  return nodes.some(node => node.never)
}

/** The types that a value may have. */
export function typesOf({ nodes }: Conjunction): JsonType[] {
  let types = [...jsonTypes]
  for (const { types: own } of nodes) {
    if (own) types = types.flatMap(type => overlap(type, own))
  }
  return types
}

function overlap(type: JsonType, own: readonly JsonType[]): JsonType[] {
  if (own.includes(type)) return [type]
  if (type === 'number' && own.includes('integer')) return ['integer']
  return type === 'integer' && own.includes('number') ? ['integer'] : []
}

/** The values that are listed as the only ones. */
export function valuesOf({ nodes }: Conjunction): readonly unknown[] | undefined {
  const lists = nodes.flatMap(({ values }) => (values ? [values] : []))
  const [first, ...others] = lists
  if (!first) return undefined
  const sets = others.map(list => new Set(list.map(sorted)))
  return first.filter(value => sets.every(set => set.has(sorted(value))))
}

/** Schemas of a kind within a conjunction's schemas, as one conjunction of their own. */
export function within(
  conjunction: Conjunction,
  pick: (node: JsonNode) => readonly (JsonNode | undefined)[],
): JsonNode[] {
  return conjunction.nodes.flatMap(node => pick(node).flatMap(each => each ?? []))
}
