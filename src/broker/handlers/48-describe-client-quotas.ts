/**
 * DescribeClientQuotas, versions 0 and 1.
 *
 * - The quotas whose entity fits all components: 0 matches a name, 1 the default, 2 any name. With
 *   `strict`, no other part may be in the entity.
 */
import {
  DescribeClientQuotas,
  type DescribeClientQuotasRequest,
} from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { ENTITY_TYPES, isEntityType, type QuotaEntity } from '../quotas/client-quotas.ts'
import { code } from './answers.ts'

type Component = DescribeClientQuotasRequest['components'][number]

const EXACT = 0
const ANY = 2

export const describeClientQuotas = on(
  DescribeClientQuotas,
  [0, 1],
  async ({ components, strict }, { cluster }) => {
    const problem = problemOf(components)
    if (problem !== undefined) {
      return { errorCode: code('INVALID_REQUEST'), errorMessage: problem, entries: null }
    }
    const entries = [...cluster.security.quotas.all()].filter(({ entity }) => {
      const isWhole = !strict || Object.keys(entity).length === components.length
      return isWhole && components.every(component => fits(entity, component))
    })
    return {
      errorCode: 0,
      errorMessage: null,
      entries: entries.map(({ entity, values }) => ({
        entity: componentsOf(entity),
        values: Array.from(values, ([key, value]) => ({ key, value })),
      })),
    }
  },
)

export function componentsOf(entity: QuotaEntity) {
  return ENTITY_TYPES.flatMap(entityType => {
    const entityName = entity[entityType]
    return entityName === undefined ? [] : [{ entityType, entityName }]
  })
}

function fits(entity: QuotaEntity, { entityType, matchType, match }: Component): boolean {
  const name = isEntityType(entityType) ? entity[entityType] : undefined
  if (name === undefined) return false
  if (matchType === EXACT) return name === match
  return matchType === ANY || name === null
}

function problemOf(components: readonly Component[]): string | undefined {
  for (const { entityType, matchType, match } of components) {
    if (!isEntityType(entityType)) return `Custom entity type '${entityType}' not supported`
    const same = components.filter(each => each.entityType === entityType)
    if (same.length > 1) return `Duplicate filter component entity type: ${entityType}`
    if (matchType === EXACT && match === null)
      return 'Request specifies MATCH_TYPE_EXACT, but no name'
    if (matchType !== EXACT && match !== null)
      return 'Request specifies a name, but not to match it'
    if (matchType < EXACT || matchType > ANY) return `Unknown match type ${matchType}`
  }
  const hasIp = components.some(({ entityType }) => entityType === 'ip')
  const isMixed = hasIp && components.length > 1
  return isMixed ? 'Invalid entity filter component combination' : undefined
}
