import type { RegistryPlace } from '../../errors.ts'
import { notARegistry } from './errors.ts'
import { reasonsOf } from './reasons.ts'
import type {
  CompatibilityLevel,
  CompatibilityResult,
  IdentifiedSchema,
  RegisteredSchema,
  Schema,
  SchemaReference,
  SchemaType,
  SubjectConfig,
  SubjectVersion,
} from './types.ts'

/** Reads one answer of a registry; what does not have the right shape is not a registry's. */
export class Answer {
  readonly #value: unknown
  readonly #place: RegistryPlace

  constructor(value: unknown, place: RegistryPlace) {
    this.#value = value
    this.#place = place
  }

  texts(): string[] {
    return this.#list('a list of texts', (each): each is string => typeof each === 'string')
  }

  numbers(): number[] {
    return this.#list('a list of numbers', isNumber)
  }

  number(): number {
    return isNumber(this.#value) ? this.#value : this.#wrong('a number')
  }

  subjectVersions(): SubjectVersion[] {
    const all = this.#list('a list of subjects with versions', isObject)
    return all.map(each => ({ subject: String(each.subject), version: Number(each.version) }))
  }

  /** The schema of an id or GUID; `asked` is what the registry may leave out. */
  schema(asked: { id?: number; guid?: string }): IdentifiedSchema {
    const object = this.#object()
    const id = isNumber(object.id) ? object.id : asked.id
    const guid = typeof object.guid === 'string' ? object.guid : asked.guid
    if (typeof object.schema !== 'string') return this.#wrong('a schema')
    return {
      schema: object.schema,
      schemaType: this.#schemaType(object.schemaType),
      ...extras(object, this.#references(object.references)),
      ...(id !== undefined && { id }),
      ...(guid !== undefined && { guid }),
    }
  }

  registered(): RegisteredSchema {
    const object = this.#object()
    const { subject, version } = object
    const found = this.schema({})
    if (typeof subject !== 'string' || !isNumber(version) || found.id === undefined) {
      return this.#wrong('a schema with its subject, version and id')
    }
    return { ...found, id: found.id, subject, version }
  }

  /** What a registration gives: always an id; a version and GUID from newer registries. */
  registration(): { id: number; version?: number; guid?: string } {
    const { id, version, guid } = this.#object()
    if (!isNumber(id)) return this.#wrong('a schema id')
    return {
      id,
      ...(isNumber(version) && { version }),
      ...(typeof guid === 'string' && { guid }),
    }
  }

  compatibility(): CompatibilityResult {
    const { is_compatible: compatible, messages } = this.#object()
    if (typeof compatible !== 'boolean') return this.#wrong('a verdict')
    const list: unknown[] = Array.isArray(messages) ? messages : []
    return { compatible, messages: reasonsOf(list.map(String)) }
  }

  /** Reads of a config say `compatibilityLevel`, writes `compatibility`: here they are one. */
  config(): SubjectConfig {
    const { compatibilityLevel, compatibility, ...rest } = this.#object()
    const level = compatibilityLevel ?? compatibility
    return { ...rest, ...(level !== undefined && { compatibility: level as CompatibilityLevel }) }
  }

  field(name: string): string {
    const value = this.#object()[name]
    return typeof value === 'string' ? value : this.#wrong(`an object with ${name}`)
  }

  #object(): Record<string, unknown> {
    return isObject(this.#value) ? this.#value : this.#wrong('an object')
  }

  #list<T>(wanted: string, is: (each: unknown) => each is T): T[] {
    if (!Array.isArray(this.#value)) return this.#wrong(wanted)
    const all: unknown[] = this.#value
    return all.every(is) ? all : this.#wrong(wanted)
  }

  #schemaType(value: unknown): SchemaType {
    if (value === undefined || value === null) return 'AVRO'
    if (value === 'AVRO' || value === 'PROTOBUF' || value === 'JSON') return value
    return this.#wrong('a schema type that is known here')
  }

  #references(value: unknown): SchemaReference[] {
    if (value === undefined || value === null) return []
    if (!Array.isArray(value)) return this.#wrong('a list of references')
    const all: unknown[] = value
    return all.map(each => {
      if (!isObject(each)) return this.#wrong('references with name, subject and version')
      const { name, subject, version } = each
      if (typeof name !== 'string' || typeof subject !== 'string' || !isNumber(version)) {
        return this.#wrong('references with name, subject and version')
      }
      return { name, subject, version }
    })
  }

  #wrong(wanted: string): never {
    const found = JSON.stringify(this.#value) ?? 'nothing'
    throw notARegistry(this.#place, `expected ${wanted}, got ${found.slice(0, 80)}`)
  }
}

function extras(
  object: Record<string, unknown>,
  references: SchemaReference[],
): Pick<Schema, 'references' | 'metadata' | 'ruleSet'> {
  const { metadata, ruleSet } = object
  return {
    ...(references.length > 0 && { references }),
    ...(isObject(metadata) && { metadata }),
    ...(isObject(ruleSet) && { ruleSet }),
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
