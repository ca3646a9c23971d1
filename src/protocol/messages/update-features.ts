import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int8, int16, int32, string, throttle } from '../schema/field.ts'

/** Changes the feature levels that the cluster has agreed on. */
export const UpdateFeatures = api({
  key: 57,
  name: 'UpdateFeatures',
  versions: [0, 2],
  flexible: 0,
  route: 'controller',
  request: {
    timeoutMs: int32.else(60000),
    featureUpdates: array({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: bool.until(0),
      upgradeType: int8.since(1).else(1),
    }),
    validateOnly: bool.since(1),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    errorMessage: string.nullable(),
    results: array({
      feature: string,
      errorCode,
      errorMessage: string.nullable(),
    })
      .until(1)
      .ignorable(),
  },
})

export interface UpdateFeaturesRequest extends RequestOf<typeof UpdateFeatures> {}
export interface UpdateFeaturesResponse extends ResponseOf<typeof UpdateFeatures> {}
