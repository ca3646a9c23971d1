import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, bytes, errorCode, int32, string, throttle } from '../schema/field.ts'

/** Tells of the state and members of classic groups. */
export const DescribeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 6],
  flexible: 5,
  route: 'groupCoordinator',
  request: {
    groups: array(string),
    includeAuthorizedOperations: bool.since(3),
  },
  response: {
    throttleTimeMs: throttle.since(1).ignorable(),
    groups: array({
      errorCode,
      errorMessage: string.nullable().since(6).else(null),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: string.nullable().since(4).else(null).ignorable(),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: int32.since(3).else(-2147483648),
    }),
  },
})

export interface DescribeGroupsRequest extends RequestOf<typeof DescribeGroups> {}
export interface DescribeGroupsResponse extends ResponseOf<typeof DescribeGroups> {}
