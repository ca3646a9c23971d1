import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int8, int32, string, throttle, uuid } from '../schema/field.ts'

/** Asks which metrics the cluster wants of this client (KIP-714). */
export const GetTelemetrySubscriptions = api({
  key: 71,
  name: 'GetTelemetrySubscriptions',
  versions: [0, 0],
  flexible: 0,
  request: {
    clientInstanceId: uuid,
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    clientInstanceId: uuid,
    subscriptionId: int32,
    acceptedCompressionTypes: array(int8),
    pushIntervalMs: int32,
    telemetryMaxBytes: int32,
    deltaTemporality: bool,
    requestedMetrics: array(string),
  },
})

export interface GetTelemetrySubscriptionsRequest
  extends RequestOf<typeof GetTelemetrySubscriptions> {}
export interface GetTelemetrySubscriptionsResponse
  extends ResponseOf<typeof GetTelemetrySubscriptions> {}
