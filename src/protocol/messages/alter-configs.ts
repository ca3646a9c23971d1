import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int8, string, throttle } from '../schema/field.ts'

/** Replaces the whole configuration of resources; IncrementalAlterConfigs changes parts of it. */
export const AlterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexible: 2,
  route: 'controller',
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
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

export interface AlterConfigsRequest extends RequestOf<typeof AlterConfigs> {}
export interface AlterConfigsResponse extends ResponseOf<typeof AlterConfigs> {}
