import { isObject, type JsonObject, parseJson } from './json-text.ts'
import { InvalidSchemaError, type SchemaText } from './types.ts'

/** A schema's JSON, and the URI against which references within it are read. */
export interface Place {
  readonly json: unknown
  readonly base: string
}

const MAIN = 'schema:/'
/** Schemas of schemas: anything may stand where they are referred to. */
const metaSchema = /^https?:\/\/json-schema\.org\//

/** All the documents of one schema, by every name under which `$ref` may find a part of them. */
export class JsonDocuments {
  readonly main: Place
  readonly #places = new Map<string, Place>()

  constructor({ schema, references = [] }: SchemaText) {
    for (const { name, schema: text } of references) {
      const base = resolved(name, MAIN)
      this.#add({ json: parseJson(text, `the reference ${name}`), base })
    }
    this.main = this.#add({ json: parseJson(schema, 'the schema'), base: MAIN })
  }

  #add(place: Place): Place {
    this.#places.set(place.base, place)
    this.#index(place)
    return { ...place, base: baseOf(place) }
  }

  /** Notes each part that has an `$id` or an anchor. */
  #index({ json, base }: Place): void {
    if (Array.isArray(json)) for (const each of json) this.#index({ json: each, base })
    if (!isObject(json)) return
    const own = baseOf({ json, base })
    if (own !== base) this.#places.set(own, { json, base: own })
    for (const anchor of [json.$anchor, json.$dynamicAnchor, hashId(json)]) {
      if (typeof anchor === 'string') this.#places.set(`${own}#${anchor}`, { json, base: own })
    }
    for (const each of Object.values(json)) this.#index({ json: each, base: own })
  }

  /** What a `$ref` names. Throws an InvalidSchemaError if that is nowhere. */
  find(ref: string, base: string): Place {
    // A registry's reference is found by its plain name too, whatever the schema's own $id.
    for (const uri of [resolved(ref, base), resolved(ref, MAIN)]) {
      const [document = '', fragment = ''] = uri.split('#')
      const anchored = this.#places.get(`${document}#${fragment}`)
      if (anchored) return anchored
      const place = this.#places.get(document)
      if (place) return this.#follow(place, fragment, ref)
      if (metaSchema.test(document)) return { json: true, base }
    }
    throw new InvalidSchemaError(`the $ref ${JSON.stringify(ref)} leads to no schema that is known`)
  }

  #follow(document: Place, pointer: string, ref: string): Place {
    let { json, base } = document
    base = baseOf(document)
    const names = decoded(pointer).split('/').slice(1)
    for (const escaped of names) {
      const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
      const children: unknown = json
      json = Array.isArray(children) ? children[Number(name)] : own(children, name)
      if (json === undefined) {
        throw new InvalidSchemaError(`the $ref ${JSON.stringify(ref)} leads to nothing at ${name}`)
      }
      base = baseOf({ json, base })
    }
    return { json, base }
  }
}

function own(json: unknown, name: string): unknown {
  return isObject(json) && Object.hasOwn(json, name) ? json[name] : undefined
}

/** The URI of a schema: its own `$id` (`id` in draft 4), else that of what it lies in. */
export function baseOf({ json, base }: Place): string {
  if (!isObject(json)) return base
  const id = json.$id ?? json.id
  return typeof id === 'string' && !id.startsWith('#') ? resolved(id, base).split('#')[0]! : base
}

/** Up to draft 7 an anchor is written as an `$id` of a fragment alone. */
function hashId(json: JsonObject): string | undefined {
  const id = json.$id ?? json.id
  return typeof id === 'string' && id.startsWith('#') ? id.slice(1) : undefined
}

function resolved(ref: string, base: string): string {
  try {
    return new URL(ref, base).href
  } catch {
    return ref
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
