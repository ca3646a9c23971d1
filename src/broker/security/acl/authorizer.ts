import { OPERATION, PATTERN, PERMISSION, RESOURCE } from '../../../protocol/acl.ts'
import { formatPrincipal, type Principal } from '../principal.ts'
import { type Acl, OPERATIONS_OF, type OperationName, type ResourceName, WILDCARD } from './acl.ts'
import type { AclStore } from './acl-store.ts'

/** Who decides where no ACL does. */
export interface AuthorizerOptions {
  /** Who may do everything, as `User:admin` (`super.users`). Default: nobody. */
  readonly superUsers?: readonly string[]
  /** Whether all may do all with what no ACL is about. Default: false. */
  readonly allowEveryoneIfNoAclFound?: boolean
}

/** Who asks, and from where. */
export interface Subject {
  readonly principal: Principal
  readonly host: string
}

/** Operations that include others; an ACL that denies one denies no more than it says. */
const ALSO: Partial<Record<OperationName, readonly OperationName[]>> = {
  DESCRIBE: ['READ', 'WRITE', 'DELETE', 'ALTER'],
  DESCRIBE_CONFIGS: ['ALTER_CONFIGS'],
}

/**
 * Decides as Kafka's StandardAuthorizer does: whoever is a super user may; a rule that denies beats
 * all that allow; and what no rule allows is denied.
 */
export class Authorizer {
  readonly #acls: AclStore
  readonly #superUsers: ReadonlySet<string>
  readonly #byDefault: boolean

  constructor(acls: AclStore, options: AuthorizerOptions) {
    this.#acls = acls
    this.#superUsers = new Set(options.superUsers)
    this.#byDefault = options.allowEveryoneIfNoAclFound ?? false
  }

  may(subject: Subject, operation: OperationName, type: ResourceName, name: string): boolean {
    const principal = formatPrincipal(subject.principal)
    if (this.#superUsers.has(principal)) return true
    let isAllowed = false
    let hasRules = false
    for (const acl of this.#acls.about(RESOURCE[type], name)) {
      hasRules = true
      if (!concerns(acl, principal, subject.host)) continue
      const isDeny = acl.permissionType === PERMISSION.DENY
      if (isDeny && names(acl, operation)) return false
      if (!isDeny && covers(acl, operation)) isAllowed = true
    }
    return hasRules ? isAllowed : this.#byDefault
  }

  /** Whether there is a resource of that kind, existing or not, with which they may do this. */
  mayWithAny(subject: Subject, operation: OperationName, type: ResourceName): boolean {
    const principal = formatPrincipal(subject.principal)
    if (this.#superUsers.has(principal)) return true
    const own = [...this.#acls.ofType(RESOURCE[type])].filter(
      acl => concerns(acl, principal, subject.host) && covers(acl, operation),
    )
    const denied = own.filter(
      acl => acl.permissionType === PERMISSION.DENY && names(acl, operation),
    )
    if (denied.some(acl => acl.resourceName === WILDCARD && acl.patternType === PATTERN.LITERAL)) {
      return false
    }
    const allowed = own.filter(acl => acl.permissionType === PERMISSION.ALLOW)
    return this.#byDefault || allowed.some(acl => !denied.some(deny => swallows(deny, acl)))
  }
}

function concerns(acl: Acl, principal: string, host: string): boolean {
  const isTheirs = acl.principal === principal || acl.principal === `User:${WILDCARD}`
  return isTheirs && (acl.host === host || acl.host === WILDCARD)
}

function names({ operation }: Acl, wanted: OperationName): boolean {
  return operation === OPERATION.ALL || operation === OPERATION[wanted]
}

function covers(acl: Acl, wanted: OperationName): boolean {
  const others = ALSO[wanted] ?? []
  return names(acl, wanted) || others.some(other => acl.operation === OPERATION[other])
}

/** Whether all that the one rule allows is denied by the other. */
function swallows(deny: Acl, allow: Acl): boolean {
  if (deny.patternType === PATTERN.PREFIXED) {
    const isAll = allow.resourceName === WILDCARD && allow.patternType === PATTERN.LITERAL
    return !isAll && allow.resourceName.startsWith(deny.resourceName)
  }
  return allow.patternType === PATTERN.LITERAL && allow.resourceName === deny.resourceName
}

/** What one subject may do: of everybody everything, where there is no authorizer. */
export class Access {
  readonly #authorizer: Authorizer | undefined
  readonly #subject: Subject

  constructor(authorizer: Authorizer | undefined, subject: Subject) {
    this.#authorizer = authorizer
    this.#subject = subject
  }

  get principal(): Principal {
    return this.#subject.principal
  }

  /** Whether anything is ever refused. */
  get isGuarded(): boolean {
    return this.#authorizer !== undefined
  }

  may(operation: OperationName, type: ResourceName, name: string): boolean {
    return this.#authorizer?.may(this.#subject, operation, type, name) ?? true
  }

  mayWithAny(operation: OperationName, type: ResourceName): boolean {
    return this.#authorizer?.mayWithAny(this.#subject, operation, type) ?? true
  }

  /** All that they may do with a resource, as the bit set that responses carry. */
  operations(type: ResourceName, name: string): number {
    const allowed = OPERATIONS_OF[type].filter(operation => this.may(operation, type, name))
    return allowed.reduce((bits, operation) => bits | (1 << OPERATION[operation]), 0)
  }
}
