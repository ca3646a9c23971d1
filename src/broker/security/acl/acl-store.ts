import { PATTERN } from '../../../protocol/acl.ts'
import { type Acl, type AclFilter, isMeant, WILDCARD } from './acl.ts'

/** The ACLs of one kind of resource, to be found by the name of one. */
class Shelf {
  readonly #literal = new Map<string, Set<Acl>>()
  readonly #prefixed = new Map<string, Set<Acl>>()

  add(acl: Acl): void {
    const named = this.#of(acl)
    const own = named.get(acl.resourceName) ?? new Set()
    named.set(acl.resourceName, own.add(acl))
  }

  delete(acl: Acl): void {
    const named = this.#of(acl)
    const own = named.get(acl.resourceName)
    own?.delete(acl)
    if (own?.size === 0) named.delete(acl.resourceName)
  }

  /** Those that hold for a name. */
  *about(name: string): Generator<Acl> {
    yield* this.#literal.get(name) ?? []
    if (name !== WILDCARD) yield* this.#literal.get(WILDCARD) ?? []
    for (const [prefix, acls] of this.#prefixed) if (name.startsWith(prefix)) yield* acls
  }

  *[Symbol.iterator](): Generator<Acl> {
    for (const acls of this.#literal.values()) yield* acls
    for (const acls of this.#prefixed.values()) yield* acls
  }

  #of({ patternType }: Acl): Map<string, Set<Acl>> {
    return patternType === PATTERN.PREFIXED ? this.#prefixed : this.#literal
  }
}

/** All ACLs of the cluster, each once. */
export class AclStore {
  readonly #shelves = new Map<number, Shelf>()
  readonly #known = new Map<string, Acl>()

  constructor(kept: readonly Acl[] = []) {
    for (const acl of kept) this.add(acl)
  }

  add(acl: Acl): void {
    const key = keyOf(acl)
    if (this.#known.has(key)) return
    this.#known.set(key, acl)
    const shelf = this.#shelves.get(acl.resourceType) ?? new Shelf()
    this.#shelves.set(acl.resourceType, shelf)
    shelf.add(acl)
  }

  delete(acl: Acl): void {
    this.#known.delete(keyOf(acl))
    this.#shelves.get(acl.resourceType)?.delete(acl)
  }

  matching(filter: AclFilter): Acl[] {
    return this.all().filter(acl => isMeant(acl, filter))
  }

  /** The ACLs that hold for a resource. */
  about(resourceType: number, name: string): Iterable<Acl> {
    return this.#shelves.get(resourceType)?.about(name) ?? []
  }

  ofType(resourceType: number): Iterable<Acl> {
    return this.#shelves.get(resourceType) ?? []
  }

  all(): Acl[] {
    return [...this.#known.values()]
  }
}

function keyOf(acl: Acl): string {
  const { resourceType, resourceName, patternType, principal, host } = acl
  const { operation, permissionType } = acl
  return JSON.stringify([
    resourceType,
    resourceName,
    patternType,
    principal,
    host,
    operation,
    permissionType,
  ])
}
