import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { errorCode, int32, string, throttle } from '../schema/field.ts'

/** Keeps a member of a classic group alive, and tells it of a rebalance. */
export const Heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexible: 4,
  route: 'groupCoordinator',
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.nullable().since(3).else(null),
  },
  response: {
    throttleTimeMs: throttle.since(1).ignorable(),
    errorCode,
  },
})

export interface HeartbeatRequest extends RequestOf<typeof Heartbeat> {}
export interface HeartbeatResponse extends ResponseOf<typeof Heartbeat> {}
