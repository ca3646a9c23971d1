import type { Clock } from '../../base/clock.ts'
import type { CompatibilityLevel } from '../client/types.ts'
import { checkCompatibility, type Incompatibility } from '../compatibility/index.ts'
import type { Journal } from './journal.ts'
import { refusals } from './problems.ts'
import { type ReadSchema, readSchema, type SchemaRequest, withReferences } from './schemas.ts'
import type { Change, Config, State, StoredSchema, StoredVersion } from './state.ts'
import { isValidSubject, parseSubject, scopesOf, subjectFrom } from './subject-names.ts'

const defaultConfig: Config = { compatibilityLevel: 'BACKWARD' }
const defaultMode = 'READWRITE'

/** What a registry does: each method is a request, checked, decided and kept. */
export class Registry {
  readonly state: State
  readonly #journal: Journal
  readonly #clock: Clock
  /** Requests that change something take turns: each decides on what the one before left. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(state: State, journal: Journal, clock: Clock) {
    this.state = state
    this.#journal = journal
    this.#clock = clock
  }

  /** Resolves when all changes that were begun are kept. */
  async settled(): Promise<void> {
    await this.#turn
  }

  /** The live versions of a subject, or with `deleted` all of them. */
  versions(subject: string, deleted = false): readonly StoredVersion[] {
    const all = this.state.versions(subject)
    return deleted ? all : all.filter(version => !version.isDeleted)
  }

  version(subject: string, wanted: number | 'latest', deleted = false): StoredVersion {
    const versions = this.versions(subject, deleted)
    if (versions.length === 0) throw refusals.subjectNotFound(subject)
    const found =
      wanted === 'latest' ? versions.at(-1) : versions.find(each => each.version === wanted)
    if (!found) throw refusals.versionNotFound(wanted === 'latest' ? -1 : wanted)
    return found
  }

  /** The version of a subject that has this very schema. */
  lookUp(
    subject: string,
    request: SchemaRequest,
    normalize: boolean,
    deleted: boolean,
  ): StoredVersion {
    const versions = this.versions(subject, deleted)
    if (versions.length === 0) throw refusals.subjectNotFound(subject)
    const found = this.#sameAs(this.#read(subject, request, normalize), versions)
    if (!found) throw refusals.schemaNotFound()
    return found
  }

  #sameAs(schema: ReadSchema, versions: readonly StoredVersion[]): StoredVersion | undefined {
    return versions.findLast(each => each.schema.identity === schema.identity)
  }

  #read(subject: string, request: SchemaRequest, normalize: boolean): ReadSchema {
    const always = this.configInScope(subject).normalize === true
    return readSchema(this.state, subject, request, normalize || always)
  }

  register(subject: string, request: SchemaRequest, normalize: boolean): Promise<StoredVersion> {
    return this.#inTurn(() => {
      if (!isValidSubject(subject, false)) throw refusals.invalidSubject(subject)
      const mode = this.modeInScope(subject)
      refuseByMode(mode, subject, request)
      const schema = this.#read(subject, request, normalize)
      const same = this.#sameAs(schema, this.versions(subject))
      if (same && request.version === undefined) return { changes: [], result: () => same }
      if (mode !== 'IMPORT') this.#refuseIncompatible(subject, schema)
      return this.#registration(subject, request, schema)
    })
  }

  #registration(
    subject: string,
    request: SchemaRequest,
    schema: ReadSchema,
  ): Decision<StoredVersion> {
    const all = this.state.versions(subject)
    const version = request.version ?? (all.at(-1)?.version ?? 0) + 1
    const stored = this.#withId(subject, schema, request.id)
    // The same schema, deleted earlier, comes back as the new version; unless something needs it.
    const replaced = all.filter(
      each => each.isDeleted && each.schema.id === stored.id && each.version < version,
    )
    const free = replaced.filter(each => this.referencedBy(each, true).length === 0)
    const timestamp = this.#clock.epoch()
    return {
      changes: [
        { is: 'registered', subject, version, timestamp, schema: stored },
        ...free.map(each => ({ is: 'erased' as const, subject, version: each.version })),
      ],
      result: () => this.version(subject, version),
    }
  }

  #withId(subject: string, schema: ReadSchema, wanted: number | undefined): StoredSchema {
    const { byIdentity, byId, nextId } = this.state.context(parseSubject(subject).context)
    const known = byIdentity.get(schema.identity)
    if (wanted === undefined || known?.id === wanted) return known ?? { ...schema, id: nextId }
    if (byId.has(wanted)) throw refusals.otherId(wanted)
    return { ...schema, id: wanted }
  }

  #refuseIncompatible(subject: string, schema: ReadSchema): void {
    const found = this.#compare(subject, schema, this.versions(subject))
    if (found.length > 0) throw refusals.incompatible(subject, this.#reasons(subject, found))
  }

  /** Why a schema would not do as the next version, in words; none if it would. */
  testCompatibility(
    subject: string,
    request: SchemaRequest,
    normalize: boolean,
    against: readonly StoredVersion[],
  ): string[] {
    const schema = this.#read(subject, request, normalize)
    const found = this.#compare(subject, schema, against)
    return found.length === 0 ? [] : this.#reasons(subject, found)
  }

  #compare(
    subject: string,
    schema: ReadSchema,
    against: readonly StoredVersion[],
  ): Incompatibility[] {
    const { compatibilityLevel, compatibilityGroup } = this.configInScope(subject)
    const level = compatibilityLevel as CompatibilityLevel
    const group = groupOf(schema, compatibilityGroup)
    const format = schema.schemaType
    const comparable = against.filter(each => groupOf(each.schema, compatibilityGroup) === group)
    const latest = comparable.at(-1)
    if (level === 'NONE' || !latest) return []
    if (latest.schema.schemaType !== format) return [otherFormat(format, latest)]
    // Versions of another format were let in while the level was NONE; there is nothing to compare.
    const existing = comparable.filter(each => each.schema.schemaType === format)
    return checkCompatibility({
      format,
      level,
      proposed: withReferences(this.state, subject, { ...schema, id: 0 }),
      existing: existing.map(each => ({
        ...withReferences(this.state, subject, each.schema),
        version: each.version,
      })),
    })
  }

  /** In Confluent's form: what is wrong, then with which version, and at which level. */
  #reasons(subject: string, found: readonly Incompatibility[]): string[] {
    const reasons = found.map(({ type, path, message }) => {
      return `{errorType:"${type}", description:"${message}", additionalInfo:"${path}"}`
    })
    const version = found[0]?.version
    const old = version === undefined ? [] : [`{oldSchemaVersion: ${version}}`]
    const { compatibilityLevel } = this.configInScope(subject)
    return [...reasons, ...old, `{compatibility: '${String(compatibilityLevel)}'}`]
  }

  deleteVersion(subject: string, wanted: number | 'latest', permanent: boolean): Promise<number> {
    return this.#inTurn(() => {
      const target = this.version(subject, wanted, permanent || wanted !== 'latest')
      const { version, isDeleted } = target
      this.#refuseReadOnly(subject)
      if (isDeleted && !permanent) throw refusals.versionSoftDeleted(subject, version)
      if (!isDeleted && permanent) throw refusals.versionNotSoftDeleted(subject, version)
      this.#refuseReferenced(target, permanent, [])
      const is = permanent ? 'erased' : 'deleted'
      const isLast = permanent && this.state.versions(subject).length === 1
      const changes = [{ is, subject, version } as const, ...(isLast ? forgotten(subject) : [])]
      return { changes, result: () => version }
    })
  }

  deleteSubject(subject: string, permanent: boolean): Promise<number[]> {
    return this.#inTurn(() => {
      const all = this.state.versions(subject)
      const live = this.versions(subject)
      if (all.length === 0) throw refusals.subjectNotFound(subject)
      this.#refuseReadOnly(subject)
      if (!permanent && live.length === 0) throw refusals.subjectSoftDeleted(subject)
      if (permanent && live.length > 0) throw refusals.subjectNotSoftDeleted(subject)
      const gone = permanent ? all : live
      for (const each of gone) this.#refuseReferenced(each, permanent, [subject])
      const is = permanent ? 'erased' : 'deleted'
      const changes = gone.map(({ version }) => ({ is, subject, version }) as const)
      const more = permanent ? forgotten(subject) : []
      return { changes: [...changes, ...more], result: () => gone.map(each => each.version) }
    })
  }

  #refuseReferenced(target: StoredVersion, permanent: boolean, except: readonly string[]): void {
    const by = this.referencedBy(target, permanent).filter(each => !except.includes(each.subject))
    if (by.length > 0) throw refusals.referenceExists(target.subject, target.version)
  }

  /** The versions, of any subject, that refer to this one. */
  referencedBy(target: StoredVersion, deleted: boolean): StoredVersion[] {
    return this.state.everyVersion().filter(each => {
      if (each.isDeleted && !deleted) return false
      return each.schema.references.some(({ subject, version }) => {
        return version === target.version && subjectFrom(each.subject, subject) === target.subject
      })
    })
  }

  configInScope(subject: string): Config {
    const found = scopesOf(subject).map(scope => this.state.configs.get(scope) ?? {})
    return Object.assign({}, defaultConfig, ...found.reverse())
  }

  /** The settings of a subject itself, or with '' the registry's. */
  configOf(scope: string): Config | undefined {
    const own = this.state.configs.get(scope)
    return scope === '' ? { ...defaultConfig, ...own } : own
  }

  /** Changes the settings that are given; a null takes one away. */
  configure(scope: string, given: Config): Promise<Config> {
    return this.#inTurn(() => {
      if (!isValidSubject(scope, true)) throw refusals.invalidSubject(scope)
      this.#refuseReadOnly(scope)
      const merged = Object.entries({ ...this.state.configs.get(scope), ...given })
      const config = Object.fromEntries(merged.filter(([, value]) => value !== null))
      return { changes: [{ is: 'configured', scope, config }], result: () => config }
    })
  }

  deleteConfig(scope: string): Promise<Config> {
    return this.#inTurn(() => {
      const config = this.configOf(scope)
      if (!config) throw refusals.subjectNotFound(scope)
      this.#refuseReadOnly(scope)
      return { changes: [{ is: 'configured', scope, config: null }], result: () => config }
    })
  }

  modeInScope(subject: string): string {
    const scopes = scopesOf(subject).flatMap(scope => this.state.modes.get(scope) ?? [])
    // READONLY_OVERRIDE of the registry stands above what a subject says.
    const above = this.state.modes.get('') === 'READONLY_OVERRIDE' ? 'READONLY_OVERRIDE' : undefined
    return above ?? scopes[0] ?? defaultMode
  }

  modeOf(scope: string): string | undefined {
    return this.state.modes.get(scope) ?? (scope === '' ? defaultMode : undefined)
  }

  setMode(scope: string, mode: string, force: boolean): Promise<string> {
    return this.#inTurn(() => {
      if (!isValidSubject(scope, true)) throw refusals.invalidSubject(scope)
      const turnsToImport = mode === 'IMPORT' && this.modeInScope(scope) !== 'IMPORT'
      if (turnsToImport && !force && this.#hasSubjects(scope)) {
        throw refusals.notPermitted('Cannot import since found existing subjects')
      }
      return { changes: [{ is: 'moded', scope, mode }], result: () => mode }
    })
  }

  deleteMode(scope: string): Promise<string> {
    return this.#inTurn(() => {
      const mode = this.modeOf(scope)
      if (mode === undefined) throw refusals.subjectNotFound(scope)
      return { changes: [{ is: 'moded', scope, mode: null }], result: () => mode }
    })
  }

  #hasSubjects(scope: string): boolean {
    const within = this.state.subjects().filter(each => scopesOf(each).includes(scope))
    return within.some(subject => this.versions(subject).length > 0)
  }

  #refuseReadOnly(subject: string): void {
    if (!this.modeInScope(subject).startsWith('READONLY')) return
    throw refusals.notPermitted(`Subject '${subject}' is in read-only mode`)
  }

  /** Decides when it is its turn; the changes are known to others once they are kept. */
  #inTurn<T>(decide: () => Decision<T>): Promise<T> {
    const done = this.#turn.then(async () => {
      const { changes, result } = decide()
      if (changes.length > 0) await this.#keep(changes)
      return result()
    })
    this.#turn = done.catch(() => {})
    return done
  }

  async #keep(changes: readonly Change[]): Promise<void> {
    try {
      await this.#journal.append(changes)
    } catch (error) {
      throw refusals.storeError(`The change could not be written: ${String(error)}`)
    }
    for (const change of changes) this.state.apply(change)
  }
}

/** What a request changes, and its answer after that. */
interface Decision<T> {
  readonly changes: readonly Change[]
  result(): T
}

function refuseByMode(mode: string, subject: string, { id }: SchemaRequest): void {
  if (mode.startsWith('READONLY')) {
    throw refusals.notPermitted(`Subject '${subject}' is in read-only mode`)
  }
  if (id !== undefined && mode !== 'IMPORT') {
    throw refusals.notPermitted(`Subject '${subject}' is not in import mode`)
  }
  if (id === undefined && mode === 'IMPORT') {
    throw refusals.notPermitted(`Subject '${subject}' is not in read-write mode`)
  }
}

/** With its last version a subject loses its settings. */
function forgotten(subject: string): Change[] {
  return [
    { is: 'configured', scope: subject, config: null },
    { is: 'moded', scope: subject, mode: null },
  ]
}

/** Schemas are compared with those alone that have the same value of this property. */
function groupOf({ metadata }: ReadSchema, property: unknown): unknown {
  if (typeof property !== 'string') return undefined
  const properties = metadata instanceof Object && 'properties' in metadata && metadata.properties
  return properties instanceof Object
    ? Object.entries(properties).find(([name]) => name === property)?.[1]
    : undefined
}

function otherFormat(format: string, { schema, version }: StoredVersion): Incompatibility {
  const message = `the new schema is ${format}, the old one ${schema.schemaType}`
  return { type: 'SCHEMA_TYPE_CHANGED', path: '/', message, reader: 'new', version }
}
