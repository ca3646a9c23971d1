import type { Cluster } from '../cluster/cluster.ts'
import { DescribeConfigs, IncrementalAlterConfigs } from '../protocol/index.ts'
import { askController } from './ask-controller.ts'
import { type ItemResult, itemResult, unanswered } from './result.ts'

const TOPIC = 2
/** Where a value comes from: 1 is the topic itself, all others are defaults of some kind. */
const SET_ON_TOPIC = 1
const SET = 0
const DELETE = 1

/** One setting of a topic. */
export interface ConfigEntry {
  readonly name: string
  /** Null where the broker keeps it to itself, as with passwords. */
  readonly value: string | null
  /** Whether it is set on this topic, as opposed to a default. */
  readonly isSet: boolean
}

/** The settings of topics: one result each, in order. */
export async function describeTopicConfigs(
  cluster: Cluster,
  names: readonly string[],
): Promise<ItemResult<ConfigEntry[]>[]> {
  const resources = names.map(resourceName => ({
    resourceType: TOPIC,
    resourceName,
    configurationKeys: null,
  }))
  const answer = await cluster.call(DescribeConfigs, { resources, includeSynonyms: false })
  const byName = new Map(answer.results.map(each => [each.resourceName, each]))
  return names.map(name => {
    const result = byName.get(name)
    if (!result) return unanswered(name, { api: 'DescribeConfigs', topic: name })
    const entries = () =>
      result.configs.map(({ name: key, value, configSource }) => ({
        name: key,
        value,
        isSet: configSource === SET_ON_TOPIC,
      }))
    return itemResult(name, result, { api: 'DescribeConfigs', topic: name }, entries)
  })
}

/** Sets some settings of a topic, or gives them back to their defaults (null); others stay. */
export async function alterTopicConfigs(
  cluster: Cluster,
  name: string,
  changes: Readonly<Record<string, string | null>>,
): Promise<ItemResult<void>> {
  const configs = Object.entries(changes).map(([key, value]) => ({
    name: key,
    configOperation: value === null ? DELETE : SET,
    value,
  }))
  const resources = [{ resourceType: TOPIC, resourceName: name, configs }]
  const answer = await askController(
    cluster,
    IncrementalAlterConfigs,
    { resources, validateOnly: false },
    each => each.responses.map(response => response.errorCode),
  )
  const place = { api: 'IncrementalAlterConfigs', topic: name }
  const response = answer.responses[0]
  return response ? itemResult(name, response, place, () => undefined) : unanswered(name, place)
}
