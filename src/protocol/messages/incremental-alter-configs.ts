import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int8, string, throttle } from '../schema/field.ts'

/** Sets (0), deletes (1), appends to (2) or subtracts from (3) single configuration values. */
export const IncrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexible: 1,
  route: 'controller',
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        configOperation: int8,
        value: string.nullable(),
      }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: throttle,
    responses: array({
      errorCode,
      errorMessage: string.nullable(),
      resourceType: int8,
      resourceName: string,
    }),
  },
})

export interface IncrementalAlterConfigsRequest extends RequestOf<typeof IncrementalAlterConfigs> {}
export interface IncrementalAlterConfigsResponse
  extends ResponseOf<typeof IncrementalAlterConfigs> {}
