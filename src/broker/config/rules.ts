import type { ConfigRules } from './alter.ts'
import { brokerConfigs, isDynamic } from './broker-configs.ts'
import { clientMetricsConfigs } from './client-metrics-configs.ts'
import type { ConfigRow, ConfigTable } from './config-table.ts'
import { groupResourceConfigs } from './group-resource-configs.ts'
import { isTopicConfig, topicConfigs } from './topic-configs.ts'
import { type TopicDefaults, topicConfig } from './topic-settings.ts'

/** What may be set on a topic. */
export function topicRules(defaults: TopicDefaults): ConfigRules {
  return {
    kind: 'topic',
    error: 'INVALID_CONFIG',
    row: name => (isTopicConfig(name) ? topicConfigs[name] : undefined),
    inherited: name => (isTopicConfig(name) ? topicConfig(name, new Map(), defaults).value : null),
  }
}

/** A setting that the broker does not know is for its plugins; Kafka keeps it too. */
const CUSTOM: ConfigRow = { type: 'string', fallback: null, about: '' }

export const brokerRules: ConfigRules = {
  kind: 'broker',
  error: 'INVALID_REQUEST',
  row: name => rowOf(brokerConfigs, name) ?? CUSTOM,
  inherited: name => rowOf(brokerConfigs, name)?.fallback ?? null,
}

/** Those of the settings that a running broker can't take up. */
export function staticAmong(names: readonly string[]): string[] {
  return names.filter(name => rowOf(brokerConfigs, name) && !isDynamic(name))
}

export const groupRules: ConfigRules = {
  kind: 'group',
  error: 'INVALID_CONFIG',
  row: name => rowOf(groupResourceConfigs, name),
  inherited: () => null,
}

export const clientMetricsRules: ConfigRules = {
  kind: 'client metrics',
  error: 'INVALID_REQUEST',
  row: name => rowOf(clientMetricsConfigs, name),
  inherited: () => null,
}

function rowOf(table: ConfigTable, name: string): ConfigRow | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
