import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int8, int32, string, throttle } from '../schema/field.ts'

/**
 * Finds the broker that coordinates a group (`keyType` 0), a transactional id (1) or a share
 * partition (2); from version 4 on, several at once (KIP-699).
 */
export const FindCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexible: 3,
  request: {
    /** One key, up to version 3. */
    key: string.until(3),
    keyType: int8.since(1),
    /** Several keys, from version 4 on. */
    coordinatorKeys: array(string).since(4),
  },
  response: {
    throttleTimeMs: throttle.since(1).ignorable(),
    errorCode: errorCode.until(3),
    errorMessage: string.nullable().since(1).until(3).ignorable(),
    nodeId: int32.until(3),
    host: string.until(3),
    port: int32.until(3),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode,
      errorMessage: string.nullable(),
    }).since(4),
  },
})

export interface FindCoordinatorRequest extends RequestOf<typeof FindCoordinator> {}
export interface FindCoordinatorResponse extends ResponseOf<typeof FindCoordinator> {}
