/**
 * DescribeConfigs, versions 1 to 4.
 *
 * - Topics (type 2), brokers (4, this one alone, or '' for what was set for all), subscriptions of
 *   client metrics (16) and groups (32), with Kafka's names, defaults, types and sources. Loggers
 *   (8) have no settings here; other types are INVALID_REQUEST.
 * - Synonyms and (from version 3 on) documentation are told where they are asked for.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { DescribeConfigs, type DescribeConfigsRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { brokerConfigs } from '../config/broker-configs.ts'
import { clientMetricsConfigs } from '../config/client-metrics-configs.ts'
import { CONFIG_SOURCES } from '../config/config-table.ts'
import {
  brokerEntries,
  type ConfigEntry,
  resourceEntries,
  sharedBrokerEntries,
  topicEntries,
} from '../config/described.ts'
import { givenBrokerConfig } from '../config/given.ts'
import { groupResourceConfigs } from '../config/group-resource-configs.ts'
import { RESOURCE_TYPES } from '../config/resource-configs.ts'
import { type Context, on } from '../handler.ts'
import { topicNameProblem } from '../model/topic-names.ts'
import { code } from './answers.ts'

type Answer = ResponseInput<typeof DescribeConfigs>['results'][number]
type Resource = DescribeConfigsRequest['resources'][number]

export const describeConfigs = on(DescribeConfigs, [1, 4], async (request, context) => ({
  results: request.resources.map(resource => answer(resource, request, context)),
}))

function answer(resource: Resource, request: DescribeConfigsRequest, context: Context): Answer {
  const { resourceType, resourceName, configurationKeys: keys } = resource
  const found = entriesOf(resource, context)
  const { entries, error, message } = { entries: [], error: undefined, message: null, ...found }
  const configs = entries.filter(({ name }) => keys === null || keys.includes(name))
  return {
    errorCode: error ? code(error) : 0,
    errorMessage: message,
    resourceType,
    resourceName,
    configs: configs.map(({ documentation, synonyms, ...rest }) => ({
      ...rest,
      synonyms: request.includeSynonyms ? synonyms : [],
      documentation: request.includeDocumentation ? documentation : null,
    })),
  }
}

type Found =
  | { readonly entries: readonly ConfigEntry[] }
  | { readonly error: ErrorName; readonly message: string }

function entriesOf({ resourceType, resourceName }: Resource, context: Context): Found {
  switch (resourceType) {
    case RESOURCE_TYPES.topic:
      return ofTopic(resourceName, context)
    case RESOURCE_TYPES.broker:
      return ofBroker(resourceName, context)
    case RESOURCE_TYPES.brokerLogger:
      return { entries: [] }
    case RESOURCE_TYPES.clientMetrics:
    case RESOURCE_TYPES.group:
      return ofOther(resourceType, resourceName, context)
    default:
      return { error: 'INVALID_REQUEST', message: `resource type ${resourceType} is not served` }
  }
}

function ofTopic(name: string, { cluster }: Context): Found {
  const problem = topicNameProblem(name)
  if (problem) return { error: 'INVALID_TOPIC_EXCEPTION', message: problem }
  const topic = cluster.topics.named(name)
  if (topic) return { entries: topicEntries(topic.config, cluster.topicDefaults) }
  return { error: 'UNKNOWN_TOPIC_OR_PARTITION', message: `topic ${name} does not exist` }
}

function ofBroker(name: string, { cluster, node }: Context): Found {
  const shared = cluster.configs.get(RESOURCE_TYPES.broker, '')
  if (name === '') return { entries: sharedBrokerEntries(brokerConfigs, shared) }
  if (name === String(node.id)) {
    const own = cluster.configs.get(RESOURCE_TYPES.broker, name)
    const fixed = givenBrokerConfig(cluster, node)
    return { entries: brokerEntries(brokerConfigs, { own, shared, fixed }) }
  }
  const message = `Unexpected broker id, expected ${node.id} or empty string, but received ${name}`
  return { error: 'INVALID_REQUEST', message }
}

function ofOther(type: number, name: string, { cluster, node }: Context): Found {
  const isGroup = type === RESOURCE_TYPES.group
  if (name === '') {
    const what = isGroup ? 'Group name' : 'Client metrics subscription name'
    return { error: 'INVALID_REQUEST', message: `${what} must not be empty` }
  }
  const own = cluster.configs.get(type, name)
  if (!isGroup) {
    return { entries: resourceEntries(clientMetricsConfigs, own, CONFIG_SOURCES.clientMetrics) }
  }
  const given = givenBrokerConfig(cluster, node)
  const inherited = (brokerName: string) => given.get(brokerName)
  return { entries: resourceEntries(groupResourceConfigs, own, CONFIG_SOURCES.group, inherited) }
}
