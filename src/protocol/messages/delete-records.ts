import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int32, int64, string, throttle } from '../schema/field.ts'

/** Deletes the records of partitions before an offset. */
export const DeleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexible: 2,
  route: 'leader',
  request: {
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        offset: int64,
      }),
    }),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: throttle,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        lowWatermark: int64,
        errorCode,
      }),
    }),
  },
})

export interface DeleteRecordsRequest extends RequestOf<typeof DeleteRecords> {}
export interface DeleteRecordsResponse extends ResponseOf<typeof DeleteRecords> {}
