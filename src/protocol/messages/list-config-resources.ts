import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int8, string, throttle } from '../schema/field.ts'

/** Lists the resources that have configurations; in version 0 those of client metrics alone. */
export const ListConfigResources = api({
  key: 74,
  name: 'ListConfigResources',
  versions: [0, 1],
  flexible: 0,
  request: {
    resourceTypes: array(int8).since(1),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    configResources: array({
      resourceName: string,
      resourceType: int8.since(1).else(16).ignorable(),
    }),
  },
})

export interface ListConfigResourcesRequest extends RequestOf<typeof ListConfigResources> {}
export interface ListConfigResourcesResponse extends ResponseOf<typeof ListConfigResources> {}
