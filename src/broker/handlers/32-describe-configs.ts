/**
 * DescribeConfigs, versions 1 to 4.
 *
 * - Topics (type 2) and brokers (4, this one alone, or '' for the defaults of all), with Kafka's
 *   names, defaults, types and sources. Loggers (8) have no settings here; other types are
 *   INVALID_REQUEST.
 * - Synonyms and (from version 3 on) documentation are told where they are asked for.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { DescribeConfigs, type DescribeConfigsRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { brokerConfigs } from '../config/broker-configs.ts'
import { brokerEntries, type ConfigEntry, topicEntries } from '../config/described.ts'
import { givenBrokerConfig } from '../config/given.ts'
import { type Context, on } from '../handler.ts'
import { topicNameProblem } from '../model/topic-names.ts'
import { code } from './answers.ts'

type Answer = ResponseInput<typeof DescribeConfigs>['results'][number]
type Resource = DescribeConfigsRequest['resources'][number]

const TOPIC = 2
const BROKER = 4
const BROKER_LOGGER = 8

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
    case TOPIC:
      return ofTopic(resourceName, context)
    case BROKER:
      return ofBroker(resourceName, context)
    case BROKER_LOGGER:
      return { entries: [] }
    default:
      return { error: 'INVALID_REQUEST', message: `resource type ${resourceType} is not served` }
  }
}

function ofTopic(name: string, { cluster }: Context): Found {
  const problem = topicNameProblem(name)
  if (problem) return { error: 'INVALID_TOPIC_EXCEPTION', message: problem }
  const topic = cluster.topics.named(name)
  if (topic) return { entries: topicEntries(topic.config, cluster.settings.topicConfig) }
  return { error: 'UNKNOWN_TOPIC_OR_PARTITION', message: `topic ${name} does not exist` }
}

function ofBroker(name: string, { cluster, node }: Context): Found {
  // The empty name asks for dynamic settings that hold for all brokers, of which there are none.
  if (name === '') return { entries: [] }
  if (name === String(node.id)) {
    return { entries: brokerEntries(brokerConfigs, givenBrokerConfig(cluster, node)) }
  }
  const message = `Unexpected broker id, expected ${node.id} or empty string, but received ${name}`
  return { error: 'INVALID_REQUEST', message }
}
