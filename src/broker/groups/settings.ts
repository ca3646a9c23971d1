import { ConfigError } from '../../errors.ts'
import { type ConfigTable, configProblem } from '../config/config-table.ts'
import type { ConfigOverrides } from '../config/topic-settings.ts'

/** The broker's settings for groups and their offsets, with Kafka's names. */
export const groupConfigs = {
  'group.consumer.heartbeat.interval.ms': {
    type: 'int',
    fallback: '5000',
    min: 1,
    about: 'How often a member of a consumer group is asked to heartbeat (KIP-848).',
  },
  'group.consumer.max.size': {
    type: 'int',
    fallback: '2147483647',
    min: 1,
    about: 'How many members a consumer group may have (KIP-848).',
  },
  'group.consumer.session.timeout.ms': {
    type: 'int',
    fallback: '45000',
    min: 1,
    about: 'After how long a silent member of a consumer group is put out (KIP-848).',
  },
  'group.initial.rebalance.delay.ms': {
    type: 'int',
    fallback: '0',
    min: 0,
    about: 'How long an empty group waits for more members.',
  },
  'group.max.session.timeout.ms': {
    type: 'int',
    fallback: '1800000',
    min: 1,
    about: 'The longest session timeout of a member.',
  },
  'group.max.size': {
    type: 'int',
    fallback: '2147483647',
    min: 1,
    about: 'How many members a group of the classic protocol may have.',
  },
  'group.min.session.timeout.ms': {
    type: 'int',
    fallback: '6000',
    min: 1,
    about: 'The shortest session timeout of a member.',
  },
  'offset.metadata.max.bytes': {
    type: 'int',
    fallback: '4096',
    min: 0,
    about: 'The longest text that may be committed beside an offset.',
  },
  'offsets.retention.minutes': {
    type: 'int',
    fallback: '10080',
    min: 1,
    about: 'For how long the offsets of a group without members are kept.',
  },
} as const satisfies ConfigTable

export type GroupConfigName = keyof typeof groupConfigs

/** What those settings come to, as the code uses them. */
export interface GroupSettings {
  readonly consumerHeartbeatMs: number
  readonly consumerMaxSize: number
  readonly consumerSessionMs: number
  readonly initialDelayMs: number
  readonly maxSessionMs: number
  readonly maxSize: number
  readonly minSessionMs: number
  readonly maxMetadataBytes: number
  readonly retentionMs: number
}

/** Checks settings by Kafka's names and fills in the defaults. Throws a ConfigError. */
export function groupSettings(given: Readonly<Record<string, string>> = {}): GroupSettings {
  for (const [name, value] of Object.entries(given)) {
    if (!isGroupConfig(name)) throw new ConfigError(`groupConfig: unknown setting ${name}`)
    const problem = configProblem(name, groupConfigs[name], value)
    if (problem) throw new ConfigError(`groupConfig: ${problem}`)
  }
  const number = (name: GroupConfigName) => Number(given[name] ?? groupConfigs[name].fallback)
  return {
    consumerHeartbeatMs: number('group.consumer.heartbeat.interval.ms'),
    consumerMaxSize: number('group.consumer.max.size'),
    consumerSessionMs: number('group.consumer.session.timeout.ms'),
    initialDelayMs: number('group.initial.rebalance.delay.ms'),
    maxSessionMs: number('group.max.session.timeout.ms'),
    maxSize: number('group.max.size'),
    minSessionMs: number('group.min.session.timeout.ms'),
    maxMetadataBytes: number('offset.metadata.max.bytes'),
    retentionMs: number('offsets.retention.minutes') * 60_000,
  }
}

/** The settings of all groups with those that one has of its own. */
export function withOwn(shared: GroupSettings, own: ConfigOverrides): GroupSettings {
  if (own.size === 0) return shared
  const heartbeat = own.get('consumer.heartbeat.interval.ms')
  const session = own.get('consumer.session.timeout.ms')
  return {
    ...shared,
    consumerHeartbeatMs: Number(heartbeat ?? shared.consumerHeartbeatMs),
    consumerSessionMs: Number(session ?? shared.consumerSessionMs),
  }
}

function isGroupConfig(name: string): name is GroupConfigName {
  return Object.hasOwn(groupConfigs, name)
}
