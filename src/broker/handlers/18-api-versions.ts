/**
 * ApiVersions, versions 0 to 4.
 *
 * - Tells the versions of every API that is served, and the finalized features.
 * - A version that is not known is answered in version 0 with UNSUPPORTED_VERSION (KIP-511); the
 *   session sees to that, since such a request can't be read.
 * - Produce is told from version 0 on, as Kafka does since librdkafka would take its absence for
 *   an ancient broker (KIP-896); versions below 3 are refused all the same.
 * - The APIs of telemetry are told only while somebody listens to what is pushed, as Kafka tells
 *   them only with a receiver (KIP-714): librdkafka logs a line for each client that asks.
 * - 3: the client's name and version must be words of letters, digits, dots and dashes, else
 *   INVALID_REQUEST. Features that may be at level 0 are left out, which 4 corrects.
 */
import { errorByName } from '../../protocol/errors.ts'
import {
  ApiVersions,
  type ApiVersionsRequest,
  GetTelemetrySubscriptions,
  Produce,
  PushTelemetry,
} from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import type { Features } from '../config/features.ts'
import { type Handler, on } from '../handler.ts'

export function apiVersions(handlers: () => readonly Handler[]): Handler {
  return on(ApiVersions, [0, 4], async (request, { version, cluster, software }) => {
    if (version >= 3 && !isWellNamed(request)) {
      return { errorCode: errorByName('INVALID_REQUEST').code, apiKeys: [] }
    }
    software.name = request.clientSoftwareName
    software.version = request.clientSoftwareVersion
    const served = cluster.telemetry.isHeard ? handlers() : handlers().filter(isNoTelemetry)
    return supported(served, version, cluster.features)
  })
}

function isNoTelemetry({ api }: Handler): boolean {
  return api !== GetTelemetrySubscriptions && api !== PushTelemetry
}

/** The answer to a version of ApiVersions that is not known; to be sent as version 0. */
export function unsupportedApiVersions({ versions }: Handler): ResponseInput<typeof ApiVersions> {
  const [minVersion, maxVersion] = versions
  return {
    errorCode: errorByName('UNSUPPORTED_VERSION').code,
    apiKeys: [{ apiKey: ApiVersions.key, minVersion, maxVersion }],
  }
}

function supported(
  handlers: readonly Handler[],
  version: number,
  finalized: Features,
): ResponseInput<typeof ApiVersions> {
  const features = finalized.all()
  const told = version < 4 ? features.filter(feature => feature.min > 0) : features
  return {
    errorCode: 0,
    apiKeys: handlers.map(({ api, versions: [min, maxVersion] }) => ({
      apiKey: api.key,
      minVersion: api.key === Produce.key ? 0 : min,
      maxVersion,
    })),
    supportedFeatures: told.map(({ name, min: minVersion, max: maxVersion }) => ({
      name,
      minVersion,
      maxVersion,
    })),
    finalizedFeaturesEpoch: finalized.epoch,
    finalizedFeatures: features.flatMap(({ name, level }) =>
      level === 0 ? [] : [{ name, minVersionLevel: level, maxVersionLevel: level }],
    ),
  }
}

const WORD = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/

function isWellNamed(request: ApiVersionsRequest): boolean {
  return WORD.test(request.clientSoftwareName) && WORD.test(request.clientSoftwareVersion)
}
