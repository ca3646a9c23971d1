import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, bytes, errorCode, int32, string, throttle } from '../schema/field.ts'

/** Joins a consumer group of the classic protocol, and waits for its other members. */
export const JoinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  flexible: 6,
  route: 'groupCoordinator',
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.since(1).else(-1).ignorable(),
    memberId: string,
    groupInstanceId: string.nullable().since(5).else(null),
    protocolType: string,
    /** The assignors that this member can use, the best first. */
    protocols: array({
      name: string,
      metadata: bytes,
    }),
    reason: string.nullable().since(8).else(null).ignorable(),
  },
  response: {
    throttleTimeMs: throttle.since(2).ignorable(),
    errorCode,
    generationId: int32.else(-1),
    protocolType: string.nullable().since(7).else(null).ignorable(),
    protocolName: string.nullable(7),
    leader: string,
    skipAssignment: bool.since(9),
    memberId: string,
    /** Every member with its subscription, for the leader alone. */
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().since(5).else(null).ignorable(),
      metadata: bytes,
    }),
  },
})

export interface JoinGroupRequest extends RequestOf<typeof JoinGroup> {}
export interface JoinGroupResponse extends ResponseOf<typeof JoinGroup> {}
