/**
 * DeleteAcls, versions 1 to 3.
 *
 * - Deletes what the filters mean, and names it; a filter that means nothing is no error.
 * - Where no authorizer is in force: SECURITY_DISABLED.
 */
import { DeleteAcls } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { NO_AUTHORIZER } from './29-describe-acls.ts'
import { code } from './answers.ts'

export const deleteAcls = on(DeleteAcls, [1, 3], async ({ filters }, { cluster }) => {
  const { authorizer, acls } = cluster.security
  const filterResults = filters.map(filter => {
    if (!authorizer) {
      const errorCode = code('SECURITY_DISABLED')
      return { errorCode, errorMessage: NO_AUTHORIZER, matchingAcls: [] }
    }
    const found = acls.matching({
      resourceType: filter.resourceTypeFilter,
      resourceName: filter.resourceNameFilter,
      patternType: filter.patternTypeFilter,
      principal: filter.principalFilter,
      host: filter.hostFilter,
      operation: filter.operation,
      permissionType: filter.permissionType,
    })
    return { errorCode: 0, errorMessage: null, found }
  })
  // Only now, since several filters may mean the same.
  for (const { found = [] } of filterResults) for (const acl of found) acls.delete(acl)
  await cluster.save()
  return {
    filterResults: filterResults.map(({ errorCode, errorMessage, found = [] }) => ({
      errorCode,
      errorMessage,
      matchingAcls: found.map(acl => ({ errorCode: 0, errorMessage: null, ...acl })),
    })),
  }
})
