/**
 * AlterConfigs, versions 0 to 2.
 *
 * - Replaces all settings that a resource has of its own: what is not named goes back to
 *   its default. Otherwise as IncrementalAlterConfigs, which is to be preferred (KIP-339).
 */
import { AlterConfigs } from '../../protocol/messages/index.ts'
import { ALTER_OPERATIONS, type Alteration } from '../config/alter.ts'
import { on } from '../handler.ts'
import { alterResource, ownConfig, TWICE, timesNamed } from './altering.ts'

const { set, delete: remove } = ALTER_OPERATIONS

export const alterConfigs = on(
  AlterConfigs,
  [0, 2],
  async ({ resources, validateOnly }, context) => {
    const responses = []
    for (const resource of resources) {
      const { resourceType, resourceName, configs } = resource
      const known = ownConfig(resource, context).keys()
      const left = [...known].filter(name => !configs.some(config => config.name === name))
      const alterations: Alteration[] = [
        ...left.map(name => ({ name, operation: remove, value: null })),
        ...configs.map(({ name, value }) => ({ name, operation: set, value })),
      ]
      const isTwice = timesNamed(resource, resources) > 1
      const outcome = isTwice
        ? TWICE
        : await alterResource(resource, alterations, validateOnly, context)
      responses.push({ resourceType, resourceName, ...outcome })
    }
    return { responses }
  },
)
