import { isDynamic } from './broker-configs.ts'
import { CONFIG_SOURCES, CONFIG_TYPES, type ConfigRow, type ConfigTable } from './config-table.ts'
import { TOPIC_CONFIG_NAMES, type TopicConfigName, topicConfigs } from './topic-configs.ts'
import { type ConfigOverrides, type TopicDefaults, topicConfig } from './topic-settings.ts'

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
  dynamic: CONFIG_SOURCES.brokerDefault,
  fixed: CONFIG_SOURCES.staticBroker,
  default: CONFIG_SOURCES.default,
} as const

/** Every setting of a topic, with where its value comes from. */
export function topicEntries(own: ConfigOverrides, defaults: TopicDefaults): ConfigEntry[] {
  return TOPIC_CONFIG_NAMES.flatMap(name => {
    const { value, from } = topicConfig(name, own, defaults)
    // The setting for tests is shown only where somebody uses it.
    if (name === 'internal.segment.bytes' && from === 'default') return []
    return [
      {
        ...described(name, topicConfigs[name], value, SOURCE_OF[from]),
        synonyms: synonymsOf(name, own, defaults),
      },
    ]
  })
}

/** Every value that a topic's setting could have, in the order in which they count. */
function synonymsOf(
  name: TopicConfigName,
  own: ConfigOverrides,
  defaults: TopicDefaults,
): ConfigSynonym[] {
  const row: ConfigRow = topicConfigs[name]
  const { brokerName = name } = row
  const found: ConfigSynonym[] = []
  const override = own.get(name)
  if (override !== undefined) {
    found.push({ name, value: override, source: CONFIG_SOURCES.topic })
  }
  for (const from of ['dynamic', 'fixed'] as const) {
    const value = defaults[from].get(name)
    if (value !== undefined) found.push({ name: brokerName, value, source: SOURCE_OF[from] })
  }
  if (row.brokerName) {
    found.push({ name: brokerName, value: row.fallback, source: CONFIG_SOURCES.default })
  }
  return found
}

/** Settings of a broker, from where they may come. */
export interface BrokerLayers {
  /** Set for this broker while it runs. */
  readonly own: ConfigOverrides
  /** Set for all brokers while they run. */
  readonly shared: ConfigOverrides
  /** Those of its start that aren't at Kafka's default. */
  readonly fixed: ConfigOverrides
}

/** Every setting of a broker, and those of others' making that were given to it. */
export function brokerEntries(table: ConfigTable, layers: BrokerLayers): ConfigEntry[] {
  const custom = [...layers.own.keys(), ...layers.shared.keys()].filter(
    name => !Object.hasOwn(table, name),
  )
  const known = Object.entries(table).map(([name, row]) => brokerEntry(name, row, layers))
  return [...known, ...Array.from(new Set(custom), name => customEntry(name, layers))]
}

/** The settings of all brokers, as they were set while they run. */
export function sharedBrokerEntries(table: ConfigTable, shared: ConfigOverrides): ConfigEntry[] {
  const layers = { own: new Map(), shared, fixed: new Map() }
  return [...shared.keys()].map(name => {
    const row = Object.hasOwn(table, name) ? table[name] : undefined
    return row ? brokerEntry(name, row, layers) : customEntry(name, layers)
  })
}

function brokerEntry(name: string, row: ConfigRow, layers: BrokerLayers): ConfigEntry {
  const synonyms = brokerSynonyms(name, row.fallback, layers)
  const [first] = synonyms
  const entry = described(name, row, first!.value, first!.source)
  return { ...entry, readOnly: !isDynamic(name), synonyms }
}

/** Nobody knows whether it is a secret, so its value is not told. */
function customEntry(name: string, layers: BrokerLayers): ConfigEntry {
  const source = layers.own.has(name) ? CONFIG_SOURCES.broker : CONFIG_SOURCES.brokerDefault
  const row: ConfigRow = { type: 'string', fallback: null, about: '' }
  return { ...described(name, row, null, source), isSensitive: true }
}

function brokerSynonyms(
  name: string,
  fallback: string | null,
  { own, shared, fixed }: BrokerLayers,
): ConfigSynonym[] {
  const found: ConfigSynonym[] = []
  const add = (layer: ConfigOverrides, source: number) => {
    const value = layer.get(name)
    if (value !== undefined) found.push({ name, value, source })
  }
  add(own, CONFIG_SOURCES.broker)
  add(shared, CONFIG_SOURCES.brokerDefault)
  add(fixed, CONFIG_SOURCES.staticBroker)
  return [...found, { name, value: fallback, source: CONFIG_SOURCES.default }]
}

/** Every setting of a resource whose settings have no other source than itself. */
export function resourceEntries(
  table: ConfigTable,
  own: ConfigOverrides,
  source: number,
  inherited: (brokerName: string) => string | undefined = () => undefined,
): ConfigEntry[] {
  return Object.entries(table).map(([name, row]) => {
    const value = own.get(name)
    if (value !== undefined) return described(name, row, value, source)
    const fallback = row.brokerName === undefined ? undefined : inherited(row.brokerName)
    return described(name, row, fallback ?? row.fallback, CONFIG_SOURCES.default)
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
