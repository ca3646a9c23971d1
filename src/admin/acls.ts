import { OPERATION, PATTERN, PERMISSION, RESOURCE } from '../protocol/acl.ts'
import { CreateAcls, DeleteAcls, DescribeAcls } from '../protocol/index.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import { failed, type ItemResult, itemError, itemResult } from './result.ts'

/** What an ACL is about, such as `TOPIC` or `GROUP`. */
export type AclResourceType = Exclude<keyof typeof RESOURCE, 'ANY'>
/** Whether an ACL names its resource in full, or how its name begins (KIP-290). */
export type AclPatternType = 'LITERAL' | 'PREFIXED'
/** What is allowed or denied: `READ`, `WRITE`, `ALTER_CONFIGS`, … */
export type AclOperation = Exclude<keyof typeof OPERATION, 'ANY'>
/** `ALLOW` or `DENY`; what is denied no other ACL can allow. */
export type AclPermission = Exclude<keyof typeof PERMISSION, 'ANY'>

/** The operations that ACLs know, as for a command's help. */
export const aclOperations: readonly AclOperation[] = Object.keys(OPERATION).filter(
  (name): name is AclOperation => name !== 'ANY',
)

/** What may or may not be done, by whom, from where. The names are Kafka's. */
export interface Acl {
  readonly resourceType: AclResourceType
  /** `*` for all of the type; the cluster itself is `kafka-cluster`. */
  readonly resourceName: string
  /** Whether `resourceName` is the whole name or how it begins. */
  readonly patternType: AclPatternType
  /** `User:alice`, or `User:*` for all. */
  readonly principal: string
  /** An address, or `*` for all. */
  readonly host: string
  readonly operation: AclOperation
  readonly permission: AclPermission
}

/** An ACL to be made; what is left out is LITERAL, from all hosts, ALLOW. */
export type NewAcl = Omit<Acl, 'patternType' | 'host' | 'permission'> &
  Partial<Pick<Acl, 'patternType' | 'host' | 'permission'>>

/**
 * Which ACLs are meant; what is left out may be anything. `MATCH` means all that concern the
 * resource of that name: its own, prefixed ones, and `*`.
 */
export type AclFilter = Partial<Omit<Acl, 'patternType'>> & {
  readonly patternType?: AclPatternType | 'MATCH' | undefined
}

/** Who may do what: `admin.acls`. Needs a cluster with an authorizer. */
export class Acls {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * The ACLs that match a filter; all of them without one. Rejects with SECURITY_DISABLED where the
   * cluster has no authorizer.
   *
   * @example
   * const acls = await admin.acls.list({ resourceType: 'TOPIC', resourceName: 'orders' })
   */
  async list(filter: AclFilter = {}, options?: CallOptions): Promise<Acl[]> {
    const errand = new Errand(this.#office, options)
    const { resources } = await errand.any(DescribeAcls, wireFilter(filter))
    return resources.flatMap(({ acls, ...resource }) =>
      acls.map(acl => readAcl({ ...resource, ...acl })),
    )
  }

  /**
   * Makes ACLs; one that is there already is done too. One result each, in order.
   *
   * @example
   * await admin.acls.create([{
   *   resourceType: 'TOPIC', resourceName: 'orders', principal: 'User:alice', operation: 'READ',
   * }])
   */
  async create(
    acls: readonly NewAcl[],
    options?: CallOptions,
  ): Promise<ItemResult<void, { readonly acl: NewAcl }>[]> {
    const errand = new Errand(this.#office, options)
    const creations = acls.map(acl => ({
      resourceType: RESOURCE[acl.resourceType],
      resourceName: acl.resourceName,
      resourcePatternType: PATTERN[acl.patternType ?? 'LITERAL'],
      principal: acl.principal,
      host: acl.host ?? '*',
      operation: OPERATION[acl.operation],
      permissionType: PERMISSION[acl.permission ?? 'ALLOW'],
    }))
    const answer = await errand.controller(CreateAcls, { creations }, ({ results }) =>
      results.map(({ errorCode }) => errorCode),
    )
    const at = { api: CreateAcls.name }
    return acls.map((acl, i) => itemResult({ acl }, answer.results[i], at, undefined))
  }

  /**
   * Deletes the ACLs that match filters. One result each, in order: the value is what was deleted.
   *
   * @example
   * const [gone] = (await admin.acls.delete([{ principal: 'User:alice' }])).map(orThrow)
   */
  async delete(
    filters: readonly AclFilter[],
    options?: CallOptions,
  ): Promise<ItemResult<Acl[], { readonly filter: AclFilter }>[]> {
    const errand = new Errand(this.#office, options)
    const request = { filters: filters.map(wireFilter) }
    const answer = await errand.controller(DeleteAcls, request, ({ filterResults }) =>
      filterResults.map(({ errorCode }) => errorCode),
    )
    const at = { api: DeleteAcls.name }
    return filters.map((filter, i) => {
      const result = answer.filterResults[i]
      const stuck = result?.matchingAcls.find(({ errorCode }) => errorCode !== 0)
      if (stuck) return failed({ filter }, itemError(stuck, at))
      return itemResult({ filter }, result, at, (result?.matchingAcls ?? []).map(readAcl))
    })
  }
}

function wireFilter(filter: AclFilter) {
  return {
    resourceTypeFilter: RESOURCE[filter.resourceType ?? 'ANY'],
    resourceNameFilter: filter.resourceName ?? null,
    patternTypeFilter: PATTERN[filter.patternType ?? 'ANY'],
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: OPERATION[filter.operation ?? 'ANY'],
    permissionType: PERMISSION[filter.permission ?? 'ANY'],
  }
}

interface WireAcl {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

function readAcl(acl: WireAcl): Acl {
  return {
    resourceType: nameOf(RESOURCE, acl.resourceType) as AclResourceType,
    resourceName: acl.resourceName,
    patternType: nameOf(PATTERN, acl.patternType) as AclPatternType,
    principal: acl.principal,
    host: acl.host,
    operation: nameOf(OPERATION, acl.operation) as AclOperation,
    permission: nameOf(PERMISSION, acl.permissionType) as AclPermission,
  }
}

/** A code that we don't know is a newer broker's: it is shown rather than dropped. */
function nameOf(names: Readonly<Record<string, number>>, code: number): string {
  return Object.keys(names).find(name => names[name] === code) ?? `UNKNOWN_${code}`
}
