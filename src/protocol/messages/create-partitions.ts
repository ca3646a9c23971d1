import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int32, string, throttle } from '../schema/field.ts'

/** Gives topics more partitions. */
export const CreatePartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexible: 2,
  route: 'controller',
  request: {
    topics: array({
      name: string,
      count: int32,
      assignments: array({
        brokerIds: array(int32),
      }).nullable(),
    }),
    timeoutMs: int32,
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: throttle,
    results: array({
      name: string,
      errorCode,
      errorMessage: string.nullable().else(null),
    }),
  },
})

export interface CreatePartitionsRequest extends RequestOf<typeof CreatePartitions> {}
export interface CreatePartitionsResponse extends ResponseOf<typeof CreatePartitions> {}
