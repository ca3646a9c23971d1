/**
 * CreateAcls, versions 1 to 3.
 *
 * - One result each; what can't be an ACL is INVALID_REQUEST, one that is there already is no
 *   error. They are in force when this is answered.
 * - Where no authorizer is in force: SECURITY_DISABLED.
 */
import { CreateAcls, type CreateAclsRequest } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { type Acl, aclProblem } from '../security/acl/acl.ts'
import { NO_AUTHORIZER } from './29-describe-acls.ts'
import { code } from './answers.ts'

export const createAcls = on(CreateAcls, [1, 3], async ({ creations }, { cluster }) => {
  const { authorizer, acls } = cluster.security
  const results = creations.map(creation => {
    if (!authorizer) return { errorCode: code('SECURITY_DISABLED'), errorMessage: NO_AUTHORIZER }
    const acl = aclOf(creation)
    const problem = aclProblem(acl)
    if (problem !== undefined) {
      return { errorCode: code('INVALID_REQUEST'), errorMessage: problem }
    }
    acls.add(acl)
    return { errorCode: 0, errorMessage: null }
  })
  await cluster.save()
  return { results }
})

function aclOf(creation: CreateAclsRequest['creations'][number]): Acl {
  const { resourceType, resourceName, resourcePatternType: patternType } = creation
  const { principal, host, operation, permissionType } = creation
  return {
    resourceType,
    resourceName,
    patternType,
    principal,
    host,
    operation,
    permissionType,
  }
}
