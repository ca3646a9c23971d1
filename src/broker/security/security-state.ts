import { ClientQuotas, type KeptQuota } from '../quotas/client-quotas.ts'
import { Throttler } from '../quotas/throttler.ts'
import type { Acl } from './acl/acl.ts'
import { AclStore } from './acl/acl-store.ts'
import { Authorizer, type AuthorizerOptions } from './acl/authorizer.ts'
import { type KeptScramCredential, ScramUsers } from './sasl/scram-users.ts'

/** Users, rights and quotas, as a snapshot keeps them. */
export interface KeptSecurity {
  readonly scram: readonly KeptScramCredential[]
  readonly acls: readonly Acl[]
  readonly quotas: readonly KeptQuota[]
}

/** Users, rights and quotas of a cluster. Whoever changes them calls `ClusterState.save`. */
export class SecurityState {
  readonly scram: ScramUsers
  readonly acls: AclStore
  readonly quotas: ClientQuotas
  /** Who decides; undefined where everybody may do everything. */
  readonly authorizer: Authorizer | undefined
  readonly #throttlers = new Map<number, Throttler>()

  constructor(authorizer: AuthorizerOptions | undefined, kept: KeptSecurity) {
    this.scram = new ScramUsers(kept.scram)
    this.acls = new AclStore(kept.acls)
    this.quotas = new ClientQuotas(kept.quotas)
    this.authorizer = authorizer && new Authorizer(this.acls, authorizer)
  }

  /** What counts the use of one broker: quotas are each broker's own. */
  throttlerOf(brokerId: number): Throttler {
    const throttler = this.#throttlers.get(brokerId) ?? new Throttler(this.quotas)
    this.#throttlers.set(brokerId, throttler)
    return throttler
  }

  kept(): KeptSecurity {
    return { scram: this.scram.kept(), acls: this.acls.all(), quotas: this.quotas.kept() }
  }
}

export const NO_SECURITY: KeptSecurity = { scram: [], acls: [], quotas: [] }
