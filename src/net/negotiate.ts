import { BrokerError } from '../errors.ts'
import { ApiVersions } from '../protocol/index.ts'
import { version } from '../version.ts'
import type { Connection } from './connection.ts'

export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** What a broker says of itself. */
export interface BrokerVersions {
  /** API key -> the versions that it speaks. */
  readonly apis: ReadonlyMap<number, VersionRange>
  /** The cluster's finalized features, such as `transaction.version`, with levels (KIP-584). */
  readonly features: ReadonlyMap<string, number>
}

/** What is known before a broker has said anything. */
export const nothingKnown: BrokerVersions = { apis: new Map(), features: new Map() }

const UNSUPPORTED_VERSION = 35
const CLIENT_NAME = 'posthaste'

/**
 * Asks a broker which versions it speaks. We ask in our latest version (KIP-511); a broker that
 * does not know it answers UNSUPPORTED_VERSION in the form of version 0, naming the versions of
 * ApiVersions that it has, or nothing, and then we ask again as it likes.
 */
export async function negotiate(connection: Connection): Promise<BrokerVersions> {
  const request = { clientSoftwareName: CLIENT_NAME, clientSoftwareVersion: version }
  const ours = ApiVersions.versions[1]
  let response = await connection.sendAs(ApiVersions, ours, request)
  if (response.errorCode === UNSUPPORTED_VERSION) {
    const theirs = response.apiKeys.find(each => each.apiKey === ApiVersions.key)
    const older = Math.min(theirs?.maxVersion ?? 0, ours - 1)
    response = await connection.sendAs(ApiVersions, older, older >= 3 ? request : {})
  }
  if (response.errorCode !== 0) {
    throw new BrokerError(response.errorCode, { api: 'ApiVersions', broker: connection.name })
  }
  const apis = new Map<number, VersionRange>()
  for (const { apiKey, minVersion, maxVersion } of response.apiKeys) {
    apis.set(apiKey, { min: minVersion, max: maxVersion })
  }
  const features = new Map<string, number>()
  for (const { name, maxVersionLevel } of response.finalizedFeatures) {
    features.set(name, maxVersionLevel)
  }
  return { apis, features }
}
