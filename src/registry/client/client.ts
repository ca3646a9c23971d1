import { type Clock, systemClock } from '../../base/clock.ts'
import { type Random, systemRandom } from '../../base/random.ts'
import type { RegistryPlace } from '../../errors.ts'
import { Answer } from './answers.ts'
import { type Call, Caller } from './caller.ts'
import { Memory } from './memory.ts'
import { configureRegistry, type RegistryConfig } from './options.ts'
import type {
  CompatibilityResult,
  IdentifiedSchema,
  RegisteredSchema,
  Schema,
  SubjectConfig,
  SubjectMode,
  SubjectVersion,
} from './types.ts'

/** What a test puts in place of the real thing. */
export interface ClientParts {
  readonly clock?: Clock
  readonly random?: Random
}

/** Which part of a long list is asked for. */
export interface Page {
  readonly offset?: number
  readonly limit?: number
}

/** Whether what was deleted is meant, too. */
export interface Deleted {
  /** Also what was deleted, but not permanently. */
  readonly deleted?: boolean
}

/** Whether spelling matters when schemas are compared. */
export interface Normalize {
  /** Let the registry bring the schema to one spelling before it compares. */
  readonly normalize?: boolean
}

/**
 * A client of a Confluent-compatible schema registry, over its REST API. Schemas never change, so
 * they are remembered; one thing is never asked twice at a time. What the registry refuses, and
 * what keeps it from answering, is a RegistryError that names subject, id and URL.
 *
 * @example
 * const registry = new SchemaRegistryClient({ 'schema.registry.url': 'http://localhost:8081' })
 * const { id, version } = await registry.register('orders-value', { schema: orderSchema })
 */
export class SchemaRegistryClient {
  readonly #caller: Caller
  readonly #context: string | undefined
  readonly #byId: Memory<IdentifiedSchema>
  readonly #byVersion: Memory<RegisteredSchema>
  readonly #latest: Memory<RegisteredSchema>
  readonly #registrations: Memory<RegisteredSchema>
  readonly #lookups: Memory<RegisteredSchema>
  /** How long `latest` may be taken for the latest, in milliseconds. */
  readonly latestTtlMs: number

  constructor(config: RegistryConfig, parts: ClientParts = {}) {
    const { clock = systemClock, random = systemRandom } = parts
    const settings = configureRegistry(config)
    this.#caller = new Caller(settings, clock, random)
    this.#context = contextName(settings.context)
    this.latestTtlMs = settings.latestCacheTtlMs
    const size = settings.schemaCacheSize
    this.#byId = new Memory(size, clock)
    this.#byVersion = new Memory(size, clock)
    this.#latest = new Memory(size, clock, settings.latestCacheTtlMs)
    this.#registrations = new Memory(size, clock)
    this.#lookups = new Memory(size, clock)
  }

  /** The URL that answered last; for messages. */
  get url(): string {
    return this.#caller.url
  }

  // Schemas by their ids

  /** The schema with this id; `subject` says in which context to look, and for which rules. */
  schemaById(id: number, { subject }: { subject?: string } = {}): Promise<IdentifiedSchema> {
    const scope = subject === undefined ? this.#context : this.#scoped(subject)
    return this.#byId.get(`${id} ${scope ?? ''}`, async () => {
      const query = { subject: scope }
      const answer = await this.#ask({ path: `schemas/ids/${id}`, query, about: { id } })
      return answer.schema({ id })
    })
  }

  /** The schema with this GUID, the same in every registry that has it. */
  schemaByGuid(guid: string): Promise<IdentifiedSchema> {
    return this.#byId.get(guid, async () => {
      const path = `schemas/guids/${encodeURIComponent(guid)}`
      return (await this.#ask({ path, about: { guid } })).schema({ guid })
    })
  }

  /** The subjects that have this schema. */
  async subjectsOfId(id: number, query: Page & Deleted = {}): Promise<string[]> {
    const path = `schemas/ids/${id}/subjects`
    return (await this.#ask({ path, query: { ...query }, about: { id } })).texts()
  }

  /** The versions that are this schema. */
  async versionsOfId(id: number, query: Page & Deleted = {}): Promise<SubjectVersion[]> {
    const path = `schemas/ids/${id}/versions`
    return (await this.#ask({ path, query: { ...query }, about: { id } })).subjectVersions()
  }

  /** The kinds of schema that the registry takes: `['AVRO', 'JSON', 'PROTOBUF']`. */
  async schemaTypes(): Promise<string[]> {
    return (await this.#ask({ path: 'schemas/types' })).texts()
  }

  // Subjects and versions

  /** The names of all subjects; a `prefix` is applied here too, since some registries ignore it. */
  async subjects(
    options: Page & Deleted & { prefix?: string; deletedOnly?: boolean } = {},
  ): Promise<string[]> {
    const { prefix, deletedOnly, ...rest } = options
    const wanted = this.#scoped(prefix ?? '')
    const query = { ...rest, subjectPrefix: wanted || undefined, deletedOnly }
    const names = (await this.#ask({ path: 'subjects', query })).texts()
    return wanted === '' ? names : names.filter(name => name.startsWith(wanted))
  }

  /** The numbers of a subject's versions, oldest first. */
  async versions(subject: string, query: Page & Deleted = {}): Promise<number[]> {
    const call = { path: `${this.#path(subject)}/versions`, query: { ...query } }
    return (await this.#ask({ ...call, about: { subject } })).numbers()
  }

  /** One version of a subject; for the last one take `latest`. */
  version(subject: string, version: number, query: Deleted = {}): Promise<RegisteredSchema> {
    const key = `${version} ${query.deleted ?? false} ${subject}`
    return this.#byVersion.get(key, () => this.#version(subject, version, query))
  }

  /** The last version of a subject, remembered for `latest.cache.ttl.ms`. */
  latest(subject: string): Promise<RegisteredSchema> {
    return this.#latest.get(subject, () => this.#version(subject, 'latest'))
  }

  /** The ids of the schemas that refer to this version. */
  async referencedBy(subject: string, version: number): Promise<number[]> {
    const path = `${this.#path(subject)}/versions/${version}/referencedby`
    return (await this.#ask({ path, about: { subject, version } })).numbers()
  }

  /**
   * Registers a schema, or finds it registered already. A schema that would break the subject's
   * readers or writers is refused: a RegistryError with code INCOMPATIBLE_SCHEMA, whose
   * `incompatibilities` give each reason with its path.
   */
  register(subject: string, schema: Schema, options: Normalize = {}): Promise<RegisteredSchema> {
    return this.#registrations.get(schemaKey(subject, schema, options), async () => {
      const path = `${this.#path(subject)}/versions`
      const call = {
        method: 'POST',
        path,
        query: { ...options },
        body: schemaBody(schema),
      } as const
      const made = (await this.#ask({ ...call, about: { subject } })).registration()
      this.#latest.delete(subject)
      // Older registries give the id alone; the version is then asked for.
      if (made.version === undefined) return this.lookup(subject, schema, options)
      return { schemaType: 'AVRO', ...schema, ...made, version: made.version, subject }
    })
  }

  /** The version of a subject that is this schema; a RegistryError when there is none. */
  lookup(
    subject: string,
    schema: Schema,
    options: Normalize & Deleted = {},
  ): Promise<RegisteredSchema> {
    return this.#lookups.get(schemaKey(subject, schema, options), async () => {
      const path = this.#path(subject)
      const call = {
        method: 'POST',
        path,
        query: { ...options },
        body: schemaBody(schema),
      } as const
      return (await this.#ask({ ...call, about: { subject } })).registered()
    })
  }

  /** Deletes a subject; what is deleted stays readable by id until it is deleted `permanent`ly. */
  async deleteSubject(subject: string, { permanent = false } = {}): Promise<number[]> {
    const query = { permanent: permanent || undefined }
    const call = { method: 'DELETE', path: this.#path(subject), query, about: { subject } } as const
    const versions = (await this.#ask(call)).numbers()
    this.clearCaches()
    return versions
  }

  /** Deletes one version of a subject. */
  async deleteVersion(
    subject: string,
    version: number | 'latest',
    { permanent = false } = {},
  ): Promise<number> {
    const path = `${this.#path(subject)}/versions/${version}`
    const query = { permanent: permanent || undefined }
    const about = { subject, version }
    const number = (await this.#ask({ method: 'DELETE', path, query, about })).number()
    this.clearCaches()
    return number
  }

  // Compatibility

  /**
   * Whether a schema could be the subject's next version, with the reasons if not. It is held
   * against one version, or by the subject's own rule against all that the rule speaks of. A
   * subject or version that does not exist yet is compatible with anything.
   */
  async testCompatibility(
    subject: string,
    schema: Schema,
    options: Normalize & { version?: number | 'latest' | 'all'; verbose?: boolean } = {},
  ): Promise<CompatibilityResult> {
    const { version = 'latest', verbose = true, normalize } = options
    const path = `compatibility/${this.#path(subject)}/versions`
    const call = {
      method: 'POST',
      path: version === 'all' ? path : `${path}/${version}`,
      query: { verbose, normalize },
      body: schemaBody(schema),
      about: { subject, version },
    } as const
    return (await this.#ask(call)).compatibility()
  }

  /** The settings of a subject, or of the whole registry. */
  async config(
    subject?: string,
    { defaultToGlobal = true }: { defaultToGlobal?: boolean } = {},
  ): Promise<SubjectConfig> {
    const query = { defaultToGlobal: subject === undefined ? undefined : defaultToGlobal }
    try {
      return (await this.#setting('config', 'GET', subject, { query })).config()
    } catch (error) {
      // Apicurio takes no notice of defaultToGlobal, and says 40401 where Confluent says 40408.
      if (subject === undefined || !defaultToGlobal || !isUnset(error)) throw error
      return this.config()
    }
  }

  /** Sets the rules of a subject, or of the registry; gives them as they are then. */
  async setConfig(config: SubjectConfig, subject?: string): Promise<SubjectConfig> {
    return (await this.#setting('config', 'PUT', subject, { body: config })).config()
  }

  /** Lets the registry's own settings hold for a subject again. */
  async deleteConfig(subject: string): Promise<void> {
    await this.#setting('config', 'DELETE', subject, {})
  }

  /** Whether schemas may be registered under a subject, or at all. */
  async mode(
    subject?: string,
    { defaultToGlobal = true }: { defaultToGlobal?: boolean } = {},
  ): Promise<SubjectMode> {
    const query = { defaultToGlobal: subject === undefined ? undefined : defaultToGlobal }
    try {
      const answer = await this.#setting('mode', 'GET', subject, { query })
      return answer.field('mode') as SubjectMode
    } catch (error) {
      if (subject === undefined || !defaultToGlobal || !isUnset(error)) throw error
      return this.mode()
    }
  }

  /** Sets the mode of a subject, or of the registry: `READONLY`, `READWRITE`, `IMPORT`. */
  async setMode(
    mode: SubjectMode,
    options: { subject?: string; force?: boolean } = {},
  ): Promise<SubjectMode> {
    const { subject, force } = options
    const answer = await this.#setting('mode', 'PUT', subject, { body: { mode }, query: { force } })
    return answer.field('mode') as SubjectMode
  }

  /** Lets the registry's own mode hold for a subject again. */
  async deleteMode(subject: string): Promise<void> {
    await this.#setting('mode', 'DELETE', subject, {})
  }

  /** The names of the registry's contexts; `.` is the one of plain subjects. */
  async contexts(): Promise<string[]> {
    return (await this.#ask({ path: 'contexts' })).texts()
  }

  /** Forgets what it knows, so that the next call asks again. */
  clearCaches(): void {
    for (const memory of [this.#byId, this.#byVersion, this.#latest]) memory.clear()
    this.#registrations.clear()
    this.#lookups.clear()
  }

  /** Closes the connections that are kept for the next request. */
  close(): void {
    this.#caller.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #version(
    subject: string,
    version: number | 'latest',
    query: Deleted = {},
  ): Promise<RegisteredSchema> {
    const path = `${this.#path(subject)}/versions/${version}`
    return (
      await this.#ask({ path, query: { ...query }, about: { subject, version } })
    ).registered()
  }

  #setting(
    what: 'config' | 'mode',
    method: 'GET' | 'PUT' | 'DELETE',
    subject: string | undefined,
    rest: Pick<Call, 'query' | 'body'>,
  ): Promise<Answer> {
    const scoped = this.#scoped(subject ?? '')
    const path = scoped === '' ? what : `${what}/${encodeURIComponent(scoped)}`
    return this.#ask({
      ...rest,
      method,
      path,
      ...(subject !== undefined && { about: { subject } }),
    })
  }

  async #ask(call: Call): Promise<Answer> {
    const place: RegistryPlace = {
      ...call.about,
      method: call.method ?? 'GET',
      url: `${this.#caller.url.replace(/\/$/, '')}/${call.path}`,
    }
    return new Answer(await this.#caller.call(call), place)
  }

  #path(subject: string): string {
    return `subjects/${encodeURIComponent(this.#scoped(subject))}`
  }

  /** `orders-value` -> `:.staging:orders-value`; a subject that names its context is left alone. */
  #scoped(subject: string): string {
    return this.#context === undefined || subject.startsWith(':.')
      ? subject
      : this.#context + subject
  }
}

/** `staging`, `.staging` or `:.staging:` -> `:.staging:`; the default context needs no prefix. */
function contextName(name: string | undefined): string | undefined {
  const plain = name?.replace(/^:?\.?/, '').replace(/:$/, '')
  return plain === undefined || plain === '' ? undefined : `:.${plain}:`
}

function schemaBody(schema: Schema): Record<string, unknown> {
  const { schemaType, references, metadata, ruleSet } = schema
  return {
    schema: schema.schema,
    // Left out for Avro: registries from before there were other kinds know no such field.
    ...(schemaType !== undefined && schemaType !== 'AVRO' && { schemaType }),
    ...(references !== undefined && references.length > 0 && { references }),
    ...(metadata !== undefined && { metadata }),
    ...(ruleSet !== undefined && { ruleSet }),
  }
}

function schemaKey(subject: string, schema: Schema, options: object): string {
  return JSON.stringify([subject, schemaBody(schema), options])
}

const unsetCodes = new Set([
  'COMPATIBILITY_NOT_CONFIGURED',
  'MODE_NOT_CONFIGURED',
  'SUBJECT_NOT_FOUND',
])

function isUnset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && unsetCodes.has(String(error.code))
}
