/**
 * ListConfigResources, versions 0 and 1.
 *
 * - The resources that can have settings: in version 0 subscriptions of client metrics (type 16)
 *   alone. 1: topics (2), brokers (4) and their loggers (8), and groups (32) that have settings,
 *   too; no types stand for all of them, and others are UNSUPPORTED_VERSION.
 */
import { ListConfigResources } from '../../protocol/messages/index.ts'
import { RESOURCE_TYPES } from '../config/resource-configs.ts'
import { type Context, on } from '../handler.ts'
import { code } from './answers.ts'

const ALL: readonly number[] = Object.values(RESOURCE_TYPES)

export const listConfigResources = on(
  ListConfigResources,
  [0, 1],
  async ({ resourceTypes }, context) => {
    const asked = resourceTypes.length === 0 ? ALL : [...new Set(resourceTypes)]
    const types = context.version === 0 ? [RESOURCE_TYPES.clientMetrics] : asked
    if (!types.every(type => ALL.includes(type))) {
      return { errorCode: code('UNSUPPORTED_VERSION'), configResources: [] }
    }
    const configResources = types.flatMap(resourceType =>
      namesOf(resourceType, context).map(resourceName => ({ resourceName, resourceType })),
    )
    return { errorCode: 0, configResources }
  },
)

function namesOf(type: number, { cluster }: Context): string[] {
  switch (type) {
    case RESOURCE_TYPES.topic:
      return [...cluster.topics.names()]
    case RESOURCE_TYPES.broker:
    case RESOURCE_TYPES.brokerLogger:
      return cluster.livingNodes.map(({ id }) => String(id))
    default:
      return [...cluster.configs.of(type).keys()]
  }
}
