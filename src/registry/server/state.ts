import { createHash } from 'node:crypto'
import type { SchemaReference, SchemaType } from '../client/types.ts'
import { sorted } from '../compatibility/json-text.ts'
import { contextPrefix, DEFAULT_CONTEXT, parseSubject } from './subject-names.ts'

/** A schema as it is kept. */
export interface StoredSchema {
  readonly id: number
  readonly schemaType: SchemaType
  readonly schema: string
  readonly references: readonly SchemaReference[]
  readonly metadata?: unknown
  readonly ruleSet?: unknown
  /** The same for every spelling of the same schema with the same references. */
  readonly identity: string
}

export interface StoredVersion {
  readonly subject: string
  readonly version: number
  readonly schema: StoredSchema
  readonly isDeleted: boolean
  /** When it was registered: milliseconds since 1970. */
  readonly timestamp: number
}

/** Settings of a subject, a context or the registry: the compatibility level, and others. */
export type Config = Readonly<Record<string, unknown>>

/** One change. What the registry knows is what its changes say, one after the other. */
export type Change =
  | {
      readonly is: 'registered'
      readonly subject: string
      readonly version: number
      readonly timestamp: number
      readonly schema: StoredSchema
    }
  | { readonly is: 'deleted' | 'erased'; readonly subject: string; readonly version: number }
  | { readonly is: 'configured'; readonly scope: string; readonly config: Config | null }
  | { readonly is: 'moded'; readonly scope: string; readonly mode: string | null }

/** The ids of one context: each context counts its own. */
interface Context {
  nextId: number
  readonly byId: Map<number, StoredSchema>
  readonly byIdentity: Map<string, StoredSchema>
}

/** All that a registry knows. It changes by `apply` alone, and everything else only looks. */
export class State {
  readonly configs = new Map<string, Config>()
  readonly modes = new Map<string, string>()
  /** The versions of each subject, from the oldest to the newest, with the deleted ones. */
  readonly #subjects = new Map<string, readonly StoredVersion[]>()
  readonly #contexts = new Map<string, Context>()

  apply(change: Change): void {
    switch (change.is) {
      case 'registered':
        return this.#register(change)
      case 'deleted':
        return this.#replace(change.subject, each =>
          each.version === change.version ? [{ ...each, isDeleted: true }] : [each],
        )
      case 'erased':
        this.#replace(change.subject, each => (each.version === change.version ? [] : [each]))
        return this.#forgetUnused(change.subject)
      case 'configured':
        return set(this.configs, change.scope, change.config)
      case 'moded':
        return set(this.modes, change.scope, change.mode)
    }
  }

  #register({ subject, version, schema, timestamp }: Change & { is: 'registered' }): void {
    const context = this.context(parseSubject(subject).context)
    const kept = context.byId.get(schema.id) ?? schema
    context.byId.set(kept.id, kept)
    context.byIdentity.set(kept.identity, kept)
    context.nextId = Math.max(context.nextId, kept.id + 1)
    const others = this.versions(subject).filter(each => each.version !== version)
    const added = { subject, version, schema: kept, isDeleted: false, timestamp }
    this.#subjects.set(
      subject,
      [...others, added].sort((a, b) => a.version - b.version),
    )
  }

  #replace(subject: string, by: (version: StoredVersion) => StoredVersion[]): void {
    const left = this.versions(subject).flatMap(by)
    if (left.length > 0) this.#subjects.set(subject, left)
    else this.#subjects.delete(subject)
  }

  /** A schema that no version names any more is gone; its id is not given out again. */
  #forgetUnused(subject: string): void {
    const name = parseSubject(subject).context
    const context = this.context(name)
    const used = new Set(this.everyVersion(name).map(version => version.schema))
    for (const schema of context.byId.values()) {
      if (used.has(schema)) continue
      context.byId.delete(schema.id)
      context.byIdentity.delete(schema.identity)
    }
  }

  context(name: string): Context {
    const context = this.#contexts.get(name) ?? {
      nextId: 1,
      byId: new Map(),
      byIdentity: new Map(),
    }
    this.#contexts.set(name, context)
    return context
  }

  contexts(): string[] {
    const named = [...this.#contexts.keys()].filter(name => name !== DEFAULT_CONTEXT)
    return [DEFAULT_CONTEXT, ...named.sort()]
  }

  subjects(): string[] {
    return [...this.#subjects.keys()].sort()
  }

  versions(subject: string): readonly StoredVersion[] {
    return this.#subjects.get(subject) ?? []
  }

  everyVersion(context?: string): StoredVersion[] {
    const prefix = context === undefined ? undefined : contextPrefix(context)
    const wanted = this.subjects().filter(
      subject => prefix === undefined || contextPrefix(parseSubject(subject).context) === prefix,
    )
    return wanted.flatMap(subject => this.versions(subject))
  }
}

function set<V>(map: Map<string, V>, key: string, value: V | null): void {
  if (value === null) map.delete(key)
  else map.set(key, value)
}

/** The name of a schema that is the same in every context and registry. */
export function guidOf({ schema, references, metadata, ruleSet }: StoredSchema): string {
  const hash = createHash('md5').update(schema)
  for (const { name, subject, version } of references) {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(version)
    hash.update(name).update(subject).update(bytes)
  }
  for (const more of [metadata, ruleSet]) if (more !== undefined) hash.update(`\x01${sorted(more)}`)
  return hash.digest('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
