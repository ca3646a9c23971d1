import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int8, string, throttle } from '../schema/field.ts'

/** Creates ACLs. */
export const CreateAcls = api({
  key: 30,
  name: 'CreateAcls',
  versions: [1, 3],
  flexible: 2,
  route: 'controller',
  request: {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: int8.else(3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: throttle,
    results: array({
      errorCode,
      errorMessage: string.nullable(),
    }),
  },
})

export interface CreateAclsRequest extends RequestOf<typeof CreateAcls> {}
export interface CreateAclsResponse extends ResponseOf<typeof CreateAcls> {}
