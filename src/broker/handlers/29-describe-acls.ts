/**
 * DescribeAcls, versions 1 to 3.
 *
 * - The ACLs that a filter means, by the resource that they are about. MATCH (pattern type 2) finds
 *   all that holds for a name: its own, prefixes of it, and the wildcard.
 * - Where no authorizer is in force: SECURITY_DISABLED.
 */
import { groupBy } from '../../base/group-by.ts'
import { DescribeAcls } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import type { Acl } from '../security/acl/acl.ts'
import { code } from './answers.ts'

export const NO_AUTHORIZER = 'No Authorizer is configured.'

export const describeAcls = on(DescribeAcls, [1, 3], async (request, { cluster }) => {
  const { authorizer, acls } = cluster.security
  if (!authorizer) {
    const errorCode = code('SECURITY_DISABLED')
    return { errorCode, errorMessage: NO_AUTHORIZER, resources: [] }
  }
  const found = acls.matching({
    resourceType: request.resourceTypeFilter,
    resourceName: request.resourceNameFilter,
    patternType: request.patternTypeFilter,
    principal: request.principalFilter,
    host: request.hostFilter,
    operation: request.operation,
    permissionType: request.permissionType,
  })
  return { errorCode: 0, errorMessage: null, resources: byResource(found) }
})

function byResource(acls: readonly Acl[]) {
  const resources = groupBy(acls, acl =>
    JSON.stringify([acl.resourceType, acl.resourceName, acl.patternType]),
  )
  return Array.from(resources.values(), same => {
    const { resourceType, resourceName, patternType } = same[0]!
    return { resourceType, resourceName, patternType, acls: same }
  })
}
