import type { KeptQuota } from '../quotas/client-quotas.ts'
import type { Acl } from '../security/acl/acl.ts'
import type { KeptScramCredential } from '../security/sasl/scram-users.ts'
import type { KeptSecurity } from '../security/security-state.ts'
import { listAt, numberAt, objectAt, shown, stringAt } from './json-at.ts'

/** Reads what a snapshot keeps of users, rights and quotas. */
export function parseSecurity(json: unknown): KeptSecurity {
  const { scram = [], acls = [], quotas = [] } = objectAt(json, 'security')
  return {
    scram: listAt(scram, 'scram').map((each, i) => parseScram(each, `scram[${i}]`)),
    acls: listAt(acls, 'acls').map((each, i) => parseAcl(each, `acls[${i}]`)),
    quotas: listAt(quotas, 'quotas').map((each, i) => parseQuota(each, `quotas[${i}]`)),
  }
}

function parseScram(json: unknown, at: string): KeptScramCredential {
  const kept = objectAt(json, at)
  return {
    user: stringAt(kept.user, `${at}.user`),
    mechanism: stringAt(kept.mechanism, `${at}.mechanism`),
    iterations: numberAt(kept.iterations, `${at}.iterations`),
    salt: stringAt(kept.salt, `${at}.salt`),
    storedKey: stringAt(kept.storedKey, `${at}.storedKey`),
    serverKey: stringAt(kept.serverKey, `${at}.serverKey`),
  }
}

function parseAcl(json: unknown, at: string): Acl {
  const kept = objectAt(json, at)
  return {
    resourceType: numberAt(kept.resourceType, `${at}.resourceType`),
    resourceName: stringAt(kept.resourceName, `${at}.resourceName`),
    patternType: numberAt(kept.patternType, `${at}.patternType`),
    principal: stringAt(kept.principal, `${at}.principal`),
    host: stringAt(kept.host, `${at}.host`),
    operation: numberAt(kept.operation, `${at}.operation`),
    permissionType: numberAt(kept.permissionType, `${at}.permissionType`),
  }
}

function parseQuota(json: unknown, at: string): KeptQuota {
  const kept = objectAt(json, at)
  const entity = Object.entries(objectAt(kept.entity, `${at}.entity`)).map(([type, name]) => {
    return [type, name === null ? null : stringAt(name, `${at}.entity.${type}`)] as const
  })
  const values = Object.entries(objectAt(kept.values, `${at}.values`)).map(([key, value]) => {
    if (typeof value === 'number' && Number.isFinite(value)) return [key, value] as const
    throw new Error(`${at}.values.${key} must be a number, got ${shown(value)}`)
  })
  return { entity: Object.fromEntries(entity), values: Object.fromEntries(values) }
}
