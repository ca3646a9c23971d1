import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int32, string, throttle } from '../schema/field.ts'

/** Deletes offsets that a group has committed. */
export const OffsetDelete = api({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  flexible: undefined,
  route: 'groupCoordinator',
  request: {
    groupId: string,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
      }),
    }),
  },
  response: {
    errorCode,
    throttleTimeMs: throttle,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
      }),
    }),
  },
})

export interface OffsetDeleteRequest extends RequestOf<typeof OffsetDelete> {}
export interface OffsetDeleteResponse extends ResponseOf<typeof OffsetDelete> {}
