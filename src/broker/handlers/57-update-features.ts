/**
 * UpdateFeatures, versions 0 to 2.
 *
 * - Sets the levels of the cluster's features within the ranges that ApiVersions tells, all of them
 *   or none; 0 takes a feature out of force. They are in force at once: transactions go by
 *   `transaction.version` from their next request on.
 * - INVALID_UPDATE_VERSION for a feature that is not known, a level out of its range, or a lower
 *   one where the request does not say that a downgrade is meant. Up to version 1 each feature has
 *   an answer of its own, from 2 on there is one for all.
 */
import { UpdateFeatures, type UpdateFeaturesRequest } from '../../protocol/messages/index.ts'
import type { Features } from '../config/features.ts'
import { on } from '../handler.ts'
import { code } from './answers.ts'

type Update = UpdateFeaturesRequest['featureUpdates'][number]

const UPGRADE = 1
const UNSAFE_DOWNGRADE = 3

export const updateFeatures = on(UpdateFeatures, [0, 2], async (request, { cluster, version }) => {
  const { featureUpdates, validateOnly } = request
  const problems = featureUpdates.map(update => problemOf(update, cluster.features, version))
  const first = problems.find(problem => problem !== undefined)
  if (!first && !validateOnly) {
    for (const { feature, maxVersionLevel } of featureUpdates) {
      cluster.features.set(feature, maxVersionLevel)
    }
    cluster.features.epoch++
    await cluster.save()
  }
  const isShared = version >= 2 && first !== undefined
  return {
    errorCode: isShared ? code('INVALID_UPDATE_VERSION') : 0,
    errorMessage: isShared ? first : null,
    results: featureUpdates.map(({ feature }, i) => ({
      feature,
      errorCode: problems[i] ? code('INVALID_UPDATE_VERSION') : 0,
      errorMessage: problems[i] ?? null,
    })),
  }
})

function problemOf(
  { feature: name, maxVersionLevel: level, upgradeType, allowDowngrade }: Update,
  features: Features,
  version: number,
): string | undefined {
  const complain = (what: string) => `Invalid update version ${level} for feature ${name}. ${what}`
  const feature = features.find(name)
  if (!feature) return complain('The cluster does not support this feature.')
  if (level < feature.min || level > feature.max) {
    return complain(`It supports versions ${feature.min} to ${feature.max}.`)
  }
  if (version >= 1 && (upgradeType < UPGRADE || upgradeType > UNSAFE_DOWNGRADE)) {
    return complain(`There is no upgrade type ${upgradeType}.`)
  }
  const mayDowngrade = version >= 1 ? upgradeType > UPGRADE : allowDowngrade
  if (level >= feature.level || mayDowngrade) return undefined
  return complain("Can't downgrade the version of this feature without setting the upgrade type.")
}
