/**
 * IncrementalAlterConfigs, versions 0 and 1.
 *
 * - Sets, deletes, appends to or subtracts from single settings of topics (type 2), all of a
 *   topic's or none, in force at once. Brokers' settings (4) can't be changed while they run:
 *   INVALID_CONFIG. Loggers (8) have nothing to change here; other types are INVALID_REQUEST.
 * - A resource or a setting that occurs twice, or a value that is missing: INVALID_REQUEST.
 */
import { IncrementalAlterConfigs } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { alterResource, TWICE, timesNamed } from './altering.ts'

export const incrementalAlterConfigs = on(
  IncrementalAlterConfigs,
  [0, 1],
  async ({ resources, validateOnly }, context) => {
    const responses = []
    for (const resource of resources) {
      const { resourceType, resourceName } = resource
      const alterations = resource.configs.map(({ name, configOperation: operation, value }) => ({
        name,
        operation,
        value,
      }))
      const isTwice = timesNamed(resource, resources) > 1
      const outcome = isTwice
        ? TWICE
        : await alterResource(resource, alterations, validateOnly, context)
      responses.push({ resourceType, resourceName, ...outcome })
    }
    return { responses }
  },
)
