import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int8, string, throttle } from '../schema/field.ts'

/** Deletes the ACLs that match filters. */
export const DeleteAcls = api({
  key: 31,
  name: 'DeleteAcls',
  versions: [1, 3],
  flexible: 2,
  route: 'controller',
  request: {
    filters: array({
      resourceTypeFilter: int8,
      resourceNameFilter: string.nullable(),
      patternTypeFilter: int8.else(3),
      principalFilter: string.nullable(),
      hostFilter: string.nullable(),
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: throttle,
    filterResults: array({
      errorCode,
      errorMessage: string.nullable(),
      matchingAcls: array({
        errorCode,
        errorMessage: string.nullable(),
        resourceType: int8,
        resourceName: string,
        patternType: int8.else(3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
})

export interface DeleteAclsRequest extends RequestOf<typeof DeleteAcls> {}
export interface DeleteAclsResponse extends ResponseOf<typeof DeleteAcls> {}
