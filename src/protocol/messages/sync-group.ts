import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bytes, errorCode, int32, string, throttle } from '../schema/field.ts'

/** Hands the leader's assignments to the coordinator, and each member its own. */
export const SyncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexible: 4,
  route: 'groupCoordinator',
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.nullable().since(3).else(null),
    protocolType: string.nullable().since(5).else(null).ignorable(),
    protocolName: string.nullable().since(5).else(null).ignorable(),
    assignments: array({
      memberId: string,
      assignment: bytes,
    }),
  },
  response: {
    throttleTimeMs: throttle.since(1).ignorable(),
    errorCode,
    protocolType: string.nullable().since(5).else(null).ignorable(),
    protocolName: string.nullable().since(5).else(null).ignorable(),
    assignment: bytes,
  },
})

export interface SyncGroupRequest extends RequestOf<typeof SyncGroup> {}
export interface SyncGroupResponse extends ResponseOf<typeof SyncGroup> {}
