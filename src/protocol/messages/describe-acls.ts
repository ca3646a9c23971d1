import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int8, string, throttle } from '../schema/field.ts'

/** Lists the ACLs that match a filter. */
export const DescribeAcls = api({
  key: 29,
  name: 'DescribeAcls',
  versions: [1, 3],
  flexible: 2,
  request: {
    resourceTypeFilter: int8,
    resourceNameFilter: string.nullable(),
    patternTypeFilter: int8.else(3),
    principalFilter: string.nullable(),
    hostFilter: string.nullable(),
    operation: int8,
    permissionType: int8,
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    errorMessage: string.nullable(),
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: int8.else(3),
      acls: array({
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
})

export interface DescribeAclsRequest extends RequestOf<typeof DescribeAcls> {}
export interface DescribeAclsResponse extends ResponseOf<typeof DescribeAcls> {}
