import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, string, throttle } from '../schema/field.ts'

/** Takes members out of a classic group; from version 3 on, several at once (KIP-345). */
export const LeaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexible: 4,
  route: 'groupCoordinator',
  request: {
    groupId: string,
    memberId: string.until(2),
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().else(null),
      reason: string.nullable().since(5).else(null).ignorable(),
    }).since(3),
  },
  response: {
    throttleTimeMs: throttle.since(1).ignorable(),
    errorCode,
    members: array({
      memberId: string,
      groupInstanceId: string.nullable(),
      errorCode,
    }).since(3),
  },
})

export interface LeaveGroupRequest extends RequestOf<typeof LeaveGroup> {}
export interface LeaveGroupResponse extends ResponseOf<typeof LeaveGroup> {}
