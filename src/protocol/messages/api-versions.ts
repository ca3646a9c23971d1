import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int16, int64, string, throttle } from '../schema/field.ts'

/**
 * Asks which APIs and versions a broker speaks. The first request on a connection; a broker that
 * does not know its version answers in version 0 with UNSUPPORTED_VERSION and its range (KIP-511).
 */
export const ApiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 4],
  flexible: 3,
  route: 'chosen',
  request: {
    /** Letters, digits, dots and dashes alone (KIP-511). */
    clientSoftwareName: string.since(3).ignorable(),
    clientSoftwareVersion: string.since(3).ignorable(),
  },
  response: {
    errorCode,
    apiKeys: array({
      apiKey: int16,
      minVersion: int16,
      maxVersion: int16,
    }),
    throttleTimeMs: throttle.since(1).ignorable(),
    supportedFeatures: array({
      name: string,
      minVersion: int16,
      maxVersion: int16,
    })
      .tagged(0, 3)
      .ignorable(),
    finalizedFeaturesEpoch: int64.tagged(1, 3).else(-1).ignorable(),
    finalizedFeatures: array({
      name: string,
      maxVersionLevel: int16,
      minVersionLevel: int16,
    })
      .tagged(2, 3)
      .ignorable(),
    zkMigrationReady: bool.tagged(3, 3).ignorable(),
  },
})

export interface ApiVersionsRequest extends RequestOf<typeof ApiVersions> {}
export interface ApiVersionsResponse extends ResponseOf<typeof ApiVersions> {}
