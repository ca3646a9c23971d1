/**
 * AlterClientQuotas, versions 0 and 1.
 *
 * - Sets and removes quotas, in force at once: `producer_byte_rate`, `consumer_byte_rate`,
 *   `request_percentage` and `controller_mutation_rate` of users and client ids,
 *   `connection_creation_rate` of addresses.
 * - One result an entity; what can't be is INVALID_REQUEST, and nothing of that entity is changed.
 */

import { isIpAddress } from '../../net/ip-address.ts'
import { AlterClientQuotas, type AlterClientQuotasRequest } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import {
  type ClientQuotas,
  isEntityType,
  isQuotaKey,
  QUOTA_KEYS,
  type QuotaEntity,
} from '../quotas/client-quotas.ts'
import { code } from './answers.ts'

type Entry = AlterClientQuotasRequest['entries'][number]

export const alterClientQuotas = on(
  AlterClientQuotas,
  [0, 1],
  async ({ entries, validateOnly }, { cluster }) => {
    const { quotas } = cluster.security
    const answers = entries.map(entry => {
      const problem = problemOf(entry)
      if (problem === undefined && !validateOnly) apply(entry, quotas)
      return {
        errorCode: problem === undefined ? 0 : code('INVALID_REQUEST'),
        errorMessage: problem ?? null,
        entity: entry.entity,
      }
    })
    if (!validateOnly) await cluster.save()
    return { entries: answers }
  },
)

function apply({ entity, ops }: Entry, quotas: ClientQuotas): void {
  const whose: QuotaEntity = Object.fromEntries(
    entity.map(({ entityType, entityName }) => [entityType, entityName]),
  )
  for (const { key, value, remove } of ops) {
    if (!isQuotaKey(key)) continue
    if (remove) quotas.remove(whose, key)
    else quotas.set(whose, key, value)
  }
}

function problemOf({ entity, ops }: Entry): string | undefined {
  if (entity.length === 0) return 'Invalid empty client quota entity'
  const types = entity.map(({ entityType }) => entityType)
  const unknown = types.find(type => !isEntityType(type))
  if (unknown !== undefined) return `Unhandled client quota entity type: ${unknown}`
  if (new Set(types).size < types.length)
    return 'Invalid client quota entity: a type is named twice'
  const hasIp = types.includes('ip')
  if (hasIp && types.length > 1) return 'Invalid entity type combination'
  for (const { entityType, entityName } of entity) {
    if (entityName === '') return `Empty ${entityType} not supported`
    if (entityType === 'ip' && entityName !== null && !isIpAddress(entityName)) {
      return `${entityName} is not a valid IP or resolvable host.`
    }
  }
  return opsProblem(ops, hasIp ? 'ip' : 'client')
}

function opsProblem(ops: Entry['ops'], kind: 'ip' | 'client'): string | undefined {
  for (const { key, value, remove } of ops) {
    if (ops.filter(each => each.key === key).length > 1) return `Duplicate quota key ${key}`
    if (!isQuotaKey(key) || QUOTA_KEYS[key] !== kind) return `Invalid configuration key ${key}`
    if (!remove && !(value > 0)) return `Quota ${key} must be greater than 0`
  }
  return undefined
}
