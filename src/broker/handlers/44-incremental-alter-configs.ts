/**
 * IncrementalAlterConfigs, versions 0 and 1.
 *
 * - Sets, deletes, appends to or subtracts from single settings of a resource, all of them or
 *   none, in force at once: topics (2), subscriptions of client metrics (16, KIP-714), groups (32),
 *   and brokers (4), this one or '' for all, where Kafka's can be changed while it runs; others are
 *   INVALID_REQUEST. Of what is set for all brokers, topics' defaults come into force; what is set
 *   for a single one is only told again. Loggers (8) have nothing to change here.
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
