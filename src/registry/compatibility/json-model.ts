import { baseOf, JsonDocuments, type Place } from './json-refs.ts'
import { isObject, type JsonObject, sorted } from './json-text.ts'
import { InvalidSchemaError, type SchemaText } from './types.ts'

export type JsonType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object'
/** Every type; `number` holds `integer`. */
export const jsonTypes: readonly JsonType[] = [
  'null',
  'boolean',
  'number',
  'string',
  'array',
  'object',
]

/** `anyOf` or `oneOf`. */
export interface Sum {
  readonly word: 'anyOf' | 'oneOf'
  readonly branches: readonly JsonNode[]
}

/** A JSON Schema without its spellings: what a value must have to be valid, all of it at once. */
export interface JsonNode {
  /** `false`: no value is valid. */
  never: boolean
  /** Undefined: every type. */
  types?: readonly JsonType[]
  /** `enum` and `const`. */
  values?: readonly unknown[]
  /** `maximum`, `minLength` and all other keywords that are one number. */
  readonly limits: ReadonlyMap<string, number>
  pattern?: string
  uniqueItems: boolean
  readonly required: ReadonlySet<string>
  readonly properties: Map<string, JsonNode>
  readonly patternProperties: Map<string, JsonNode>
  /** For properties that neither of these two names. */
  additional?: JsonNode
  propertyNames?: JsonNode
  readonly needs: Map<string, readonly string[]>
  readonly dependentSchemas: Map<string, JsonNode>
  /** The first items, each with its own schema. */
  prefix: readonly JsonNode[]
  /** For the items after these. */
  rest?: JsonNode
  /** `allOf`, and what `$ref` leads to. */
  allOf: readonly JsonNode[]
  sums: readonly Sum[]
  not?: JsonNode
  /** Keywords that are only compared as they are written, such as `if`. */
  readonly opaque: ReadonlyMap<string, string>
  hasDefault: boolean
}

const limitWords = [
  ...['maxLength', 'minLength', 'maximum', 'minimum', 'exclusiveMaximum', 'exclusiveMinimum'],
  ...['multipleOf', 'maxProperties', 'minProperties', 'maxItems', 'minItems'],
]
const opaqueWords = ['if', 'then', 'else', 'contains', 'minContains', 'maxContains']
const combiners = ['allOf', 'anyOf', 'oneOf', 'if', '$ref', 'dependentSchemas']

/** Reads a JSON Schema of any draft from 4 to 2020-12. Throws an InvalidSchemaError. */
export function parseJsonSchema(text: SchemaText): JsonNode {
  const documents = new JsonDocuments(text)
  const { json } = documents.main
  const draft = isObject(json) && typeof json.$schema === 'string' ? json.$schema : ''
  return new Reader(documents, /2019-09|2020-12/.test(draft)).read(documents.main)
}

/** A schema that every value fits, to be filled. */
export function emptyNode(): JsonNode {
  return {
    never: false,
    limits: new Map(),
    uniqueItems: false,
    required: new Set(),
    properties: new Map(),
    patternProperties: new Map(),
    needs: new Map(),
    dependentSchemas: new Map(),
    prefix: [],
    allOf: [],
    sums: [],
    opaque: new Map(),
    hasDefault: false,
  }
}

class Reader {
  readonly #documents: JsonDocuments
  /** Whether keywords beside a `$ref` count: they do since 2019-09. */
  readonly #refHasSiblings: boolean
  readonly #nodes = new Map<object, JsonNode>()
  readonly #open: (() => void)[] = []

  constructor(documents: JsonDocuments, refHasSiblings: boolean) {
    this.#documents = documents
    this.#refHasSiblings = refHasSiblings
  }

  /** The schema at a place, with all that it leads to. */
  read(place: Place): JsonNode {
    const root = this.node(place)
    // One after the other, as a chain of references may be longer than the stack is deep.
    for (let fill = this.#open.pop(); fill; fill = this.#open.pop()) fill()
    return root
  }

  /** The schema at a place; what lies inside it is read later. */
  node(place: Place): JsonNode {
    const { json, base } = this.#target(place)
    if (typeof json === 'boolean') return { ...emptyNode(), never: !json }
    if (!isObject(json)) {
      throw new InvalidSchemaError(`a JSON Schema is an object or a boolean, got ${sorted(json)}`)
    }
    const known = this.#nodes.get(json)
    if (known) return known
    const node = { ...emptyNode(), ...this.#simple(json) }
    this.#nodes.set(json, node)
    this.#open.push(() => {
      const own = baseOf({ json, base })
      const ref = refOf(json)
      if (ref !== undefined) node.allOf = [this.node(this.#documents.find(ref, own))]
      this.#fill(node, json, own)
    })
    return node
  }

  /** Where a `$ref` leads that has nothing beside it; a loop of them says nothing at all. */
  #target(place: Place): Place {
    const seen = new Set<unknown>()
    let at = place
    for (let ref = refOf(at.json); ref !== undefined; ref = refOf(at.json)) {
      const isLone = isObject(at.json) && Object.keys(at.json).length === 1
      if (!isLone && this.#refHasSiblings) return at
      if (seen.has(at.json)) return { json: true, base: at.base }
      seen.add(at.json)
      at = this.#documents.find(ref, baseOf(at))
    }
    return at
  }

  #simple(json: JsonObject): Partial<JsonNode> {
    const types = typesOf(json.type)
    const values = json.const === undefined ? json.enum : [json.const]
    const { pattern } = json
    return {
      ...(types && { types }),
      ...(Array.isArray(values) && { values }),
      ...(typeof pattern === 'string' && { pattern: validPattern(pattern) }),
      limits: limitsOf(json),
      required: new Set(texts(json.required)),
      uniqueItems: json.uniqueItems === true,
      hasDefault: json.default !== undefined,
      opaque: opaqueOf(json),
    }
  }

  #fill(node: JsonNode, json: JsonObject, base: string): void {
    const one = (word: string) =>
      json[word] === undefined ? undefined : this.node({ json: json[word], base })
    this.#fillObject(node, json, base, one)
    this.#fillArray(node, json, base, one)
    node.allOf = [...node.allOf, ...this.#list(json.allOf, 'allOf', base)]
    node.sums = (['anyOf', 'oneOf'] as const).flatMap(word => {
      return json[word] === undefined
        ? []
        : [{ word, branches: this.#list(json[word], word, base) }]
    })
    const not = one('not')
    if (not) node.not = not
  }

  #fillObject(node: JsonNode, json: JsonObject, base: string, one: One): void {
    this.#map(json.properties, 'properties', base, node.properties)
    this.#map(json.patternProperties, 'patternProperties', base, node.patternProperties)
    for (const pattern of node.patternProperties.keys()) validPattern(pattern)
    this.#map(json.dependentSchemas, 'dependentSchemas', base, node.dependentSchemas)
    for (const [name, needs] of entries(json.dependentRequired)) {
      node.needs.set(name, texts(needs))
    }
    for (const [name, needs] of entries(json.dependencies)) {
      if (Array.isArray(needs)) node.needs.set(name, texts(needs))
      else node.dependentSchemas.set(name, this.node({ json: needs, base }))
    }
    const additional =
      one('additionalProperties') ?? (isAlone(json) ? one('unevaluatedProperties') : undefined)
    if (additional) node.additional = additional
    const names = one('propertyNames')
    if (names) node.propertyNames = names
  }

  #fillArray(node: JsonNode, json: JsonObject, base: string, one: One): void {
    const tuple = json.prefixItems ?? (Array.isArray(json.items) ? json.items : undefined)
    node.prefix = this.#list(tuple, 'items', base)
    const rest = Array.isArray(json.items) ? one('additionalItems') : one('items')
    const last = rest ?? (isAlone(json) ? one('unevaluatedItems') : undefined)
    if (last) node.rest = last
  }

  #list(json: unknown, word: string, base: string): JsonNode[] {
    if (json === undefined) return []
    if (!Array.isArray(json)) throw new InvalidSchemaError(`${word} must be a list of schemas`)
    const all: unknown[] = json
    return all.map(each => this.node({ json: each, base }))
  }

  #map(json: unknown, word: string, base: string, into: Map<string, JsonNode>): void {
    if (json !== undefined && !isObject(json)) {
      throw new InvalidSchemaError(`${word} must be an object of schemas`)
    }
    for (const [name, each] of entries(json)) into.set(name, this.node({ json: each, base }))
  }
}

type One = (word: string) => JsonNode | undefined

function refOf(json: unknown): string | undefined {
  if (!isObject(json)) return undefined
  const ref = json.$ref ?? json.$dynamicRef ?? json.$recursiveRef
  return typeof ref === 'string' ? ref : undefined
}

/** Whether no other schema decides about the same value, so that "unevaluated" is "additional". */
const isAlone = (json: JsonObject) => combiners.every(word => json[word] === undefined)

function opaqueOf(json: JsonObject): Map<string, string> {
  const unevaluated = isAlone(json) ? [] : ['unevaluatedProperties', 'unevaluatedItems']
  const words = [...opaqueWords, ...unevaluated].filter(word => json[word] !== undefined)
  return new Map(words.map(word => [word, sorted(json[word])]))
}

function typesOf(json: unknown): JsonType[] | undefined {
  if (json === undefined) return undefined
  return (Array.isArray(json) ? json : [json]).map((name: unknown) => {
    const type = [...jsonTypes, 'integer' as const].find(each => each === name)
    if (!type) throw new InvalidSchemaError(`${sorted(name)} is no type of JSON Schema`)
    return type
  })
}

function limitsOf(json: JsonObject): Map<string, number> {
  const limits = new Map<string, number>()
  for (const word of limitWords) {
    const value = json[word]
    if (typeof value === 'number') limits.set(word, value)
  }
  // Draft 4 says `"maximum": 5, "exclusiveMaximum": true`.
  for (const [flag, word] of [
    ['exclusiveMaximum', 'maximum'],
    ['exclusiveMinimum', 'minimum'],
  ] as const) {
    const limit = limits.get(word)
    if (json[flag] !== true || limit === undefined) continue
    limits.delete(word)
    limits.set(flag, limit)
  }
  return limits
}

function validPattern(pattern: string): string {
  try {
    new RegExp(pattern, 'u')
  } catch {
    try {
      new RegExp(pattern)
    } catch (error) {
      throw new InvalidSchemaError(`the pattern ${JSON.stringify(pattern)}: ${String(error)}`)
    }
  }
  return pattern
}

const entries = (json: unknown) => (isObject(json) ? Object.entries(json) : [])

function texts(json: unknown): string[] {
  const all: unknown[] = Array.isArray(json) ? json : []
  return all.filter(each => typeof each === 'string')
}
