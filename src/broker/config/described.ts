import { CONFIG_SOURCES, CONFIG_TYPES, type ConfigRow, type ConfigTable } from './config-table.ts'
import { TOPIC_CONFIG_NAMES, type TopicConfigName, topicConfigs } from './topic-configs.ts'
import { type ConfigOverrides, topicConfig } from './topic-settings.ts'

/** A setting as DescribeConfigs and CreateTopics tell it. */
export interface ConfigEntry {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly configSource: number
  readonly isSensitive: boolean
  readonly synonyms: readonly ConfigSynonym[]
  readonly configType: number
  readonly documentation: string
}

export interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: number
}

const SOURCE_OF = {
  topic: CONFIG_SOURCES.topic,
  cluster: CONFIG_SOURCES.staticBroker,
  default: CONFIG_SOURCES.default,
} as const

/** Every setting of a topic, with where its value comes from. */
export function topicEntries(
  own: ConfigOverrides,
  clusterDefaults: ConfigOverrides,
): ConfigEntry[] {
  return TOPIC_CONFIG_NAMES.flatMap(name => {
    const { value, from } = topicConfig(name, own, clusterDefaults)
    // The setting for tests is shown only where somebody uses it.
    if (name === 'internal.segment.bytes' && from === 'default') return []
    return [
      {
        ...described(name, topicConfigs[name], value, SOURCE_OF[from]),
        synonyms: synonymsOf(name, own, clusterDefaults),
      },
    ]
  })
}

/** Every value that a topic's setting could have, in the order in which they count. */
function synonymsOf(
  name: TopicConfigName,
  own: ConfigOverrides,
  clusterDefaults: ConfigOverrides,
): ConfigSynonym[] {
  const row: ConfigRow = topicConfigs[name]
  const { brokerName = name } = row
  const found: ConfigSynonym[] = []
  const override = own.get(name)
  if (override !== undefined) {
    found.push({ name, value: override, source: CONFIG_SOURCES.topic })
  }
  const shared = clusterDefaults.get(name)
  if (shared !== undefined) {
    found.push({ name: brokerName, value: shared, source: CONFIG_SOURCES.staticBroker })
  }
  if (row.brokerName) {
    found.push({ name: brokerName, value: row.fallback, source: CONFIG_SOURCES.default })
  }
  return found
}

/** Every setting of a broker; `given` are those that aren't at Kafka's default. */
export function brokerEntries(table: ConfigTable, given: ConfigOverrides): ConfigEntry[] {
  return Object.entries(table).map(([name, row]) => {
    const value = given.get(name)
    const source = value === undefined ? CONFIG_SOURCES.default : CONFIG_SOURCES.staticBroker
    const entry = described(name, row, value ?? row.fallback, source)
    const synonyms: ConfigSynonym[] = [
      { name, value: row.fallback, source: CONFIG_SOURCES.default },
    ]
    if (value !== undefined) synonyms.unshift({ name, value, source: CONFIG_SOURCES.staticBroker })
    return { ...entry, readOnly: true, synonyms }
  })
}

function described(
  name: string,
  row: ConfigRow,
  value: string | null,
  configSource: number,
): ConfigEntry {
  return {
    name,
    value,
    readOnly: false,
    configSource,
    isSensitive: false,
    synonyms: [],
    configType: CONFIG_TYPES[row.type],
    documentation: row.about,
  }
}
