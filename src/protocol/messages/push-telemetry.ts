import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { bool, bytes, errorCode, int8, int32, throttle, uuid } from '../schema/field.ts'

/** Sends the client's metrics (KIP-714). */
export const PushTelemetry = api({
  key: 72,
  name: 'PushTelemetry',
  versions: [0, 0],
  flexible: 0,
  request: {
    clientInstanceId: uuid,
    subscriptionId: int32,
    terminating: bool,
    compressionType: int8,
    metrics: bytes,
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
  },
})

export interface PushTelemetryRequest extends RequestOf<typeof PushTelemetry> {}
export interface PushTelemetryResponse extends ResponseOf<typeof PushTelemetry> {}
