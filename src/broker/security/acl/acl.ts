import { OPERATION, PATTERN, PERMISSION, RESOURCE } from '../../../protocol/acl.ts'

/** What can be guarded, and what can be done with it. */
export type ResourceName = 'TOPIC' | 'GROUP' | 'CLUSTER' | 'TRANSACTIONAL_ID'
export type OperationName = Exclude<keyof typeof OPERATION, 'ANY' | 'ALL'>

/** The name of the only resource of type CLUSTER. */
export const CLUSTER_NAME = 'kafka-cluster'
/** Stands for all names, all users and all hosts. */
export const WILDCARD = '*'

/** One rule: who may (or may not) do what with which resources from where. */
export interface Acl {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  /** `User:alice`, or `User:*` for all. */
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

/** Which ACLs are meant; null and ANY mean all. */
export interface AclFilter {
  readonly resourceType: number
  readonly resourceName: string | null
  readonly patternType: number
  readonly principal: string | null
  readonly host: string | null
  readonly operation: number
  readonly permissionType: number
}

export function isMeant(acl: Acl, filter: AclFilter): boolean {
  const fits = (wanted: number, own: number) => wanted === 1 || wanted === own
  const same = (wanted: string | null, own: string) => wanted === null || wanted === own
  return (
    fits(filter.resourceType, acl.resourceType) &&
    isNameMeant(acl, filter) &&
    same(filter.principal, acl.principal) &&
    same(filter.host, acl.host) &&
    fits(filter.operation, acl.operation) &&
    fits(filter.permissionType, acl.permissionType)
  )
}

/** MATCH finds what holds for a name: itself, its prefixes, and the wildcard. */
function isNameMeant(acl: Acl, { resourceName: name, patternType }: AclFilter): boolean {
  const isPattern = patternType === PATTERN.ANY || patternType === PATTERN.MATCH
  if (!isPattern && patternType !== acl.patternType) return false
  if (name === null || name === acl.resourceName) return true
  if (patternType !== PATTERN.MATCH) return false
  if (acl.patternType === PATTERN.PREFIXED) return name.startsWith(acl.resourceName)
  return acl.resourceName === WILDCARD
}

/** What can be done with each kind of resource. */
export const OPERATIONS_OF: Readonly<Record<ResourceName, readonly OperationName[]>> = {
  TOPIC: [
    'READ',
    'WRITE',
    'CREATE',
    'DESCRIBE',
    'DELETE',
    'ALTER',
    'DESCRIBE_CONFIGS',
    'ALTER_CONFIGS',
  ],
  GROUP: ['READ', 'DESCRIBE', 'DELETE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  CLUSTER: [
    'CREATE',
    'CLUSTER_ACTION',
    'DESCRIBE_CONFIGS',
    'ALTER_CONFIGS',
    'IDEMPOTENT_WRITE',
    'ALTER',
    'DESCRIBE',
  ],
  TRANSACTIONAL_ID: ['DESCRIBE', 'WRITE', 'TWO_PHASE_COMMIT'],
}

const KNOWN = (numbers: Readonly<Record<string, number>>, number: number) =>
  number !== 1 && Object.values(numbers).includes(number)

/** Why there can be no such ACL; undefined if there can. */
export function aclProblem(acl: Acl): string | undefined {
  const { resourceType, resourceName, patternType, operation, permissionType } = acl
  if (!KNOWN(RESOURCE, resourceType)) return `Invalid resourceType ${resourceType}`
  if (patternType !== PATTERN.LITERAL && patternType !== PATTERN.PREFIXED) {
    return `Invalid patternType ${patternType}`
  }
  if (!KNOWN(OPERATION, operation)) return `Invalid operation ${operation}`
  if (!KNOWN(PERMISSION, permissionType)) return `Invalid permissionType ${permissionType}`
  if (resourceName === '') return 'Resource name should not be empty'
  if (resourceType === RESOURCE.CLUSTER && resourceName !== CLUSTER_NAME) {
    return `The only valid name for the CLUSTER resource is ${CLUSTER_NAME}`
  }
  if (!acl.principal.includes(':')) {
    const lacks = 'no colon is present separating the principal type from the principal name'
    return `Could not parse principal from \`${acl.principal}\` (${lacks})`
  }
  return undefined
}
