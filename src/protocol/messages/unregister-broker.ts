import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { errorCode, int32, string, throttle } from '../schema/field.ts'

/** Makes the cluster forget a broker that is gone for good. */
export const UnregisterBroker = api({
  key: 64,
  name: 'UnregisterBroker',
  versions: [0, 0],
  flexible: 0,
  route: 'controller',
  request: {
    brokerId: int32,
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    errorMessage: string.nullable(),
  },
})

export interface UnregisterBrokerRequest extends RequestOf<typeof UnregisterBroker> {}
export interface UnregisterBrokerResponse extends ResponseOf<typeof UnregisterBroker> {}
