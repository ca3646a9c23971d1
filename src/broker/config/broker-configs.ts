import { groupConfigs } from '../groups/settings.ts'
import type { ConfigRow, ConfigTable } from './config-table.ts'
import { topicConfigs, topicNamesOf } from './topic-configs.ts'
import type { ConfigOverrides } from './topic-settings.ts'

/** The broker's settings that have a meaning here; those of topics' defaults come on top. */
const ownConfigs = {
  'advertised.listeners': {
    type: 'list',
    fallback: null,
    about: 'The addresses that clients are told.',
  },
  'auto.create.topics.enable': {
    type: 'boolean',
    fallback: 'true',
    about: 'Whether a topic comes into being when it is first asked for.',
  },
  'broker.id': { type: 'int', fallback: '-1', about: 'The number of this broker.' },
  'connections.max.idle.ms': {
    type: 'long',
    fallback: '600000',
    about: 'After how long an idle connection is closed.',
  },
  'default.replication.factor': {
    type: 'int',
    fallback: '1',
    about: 'How many replicas a topic gets where nobody says.',
  },
  'delete.topic.enable': {
    type: 'boolean',
    fallback: 'true',
    about: 'Whether topics can be deleted.',
  },
  'fetch.max.bytes': {
    type: 'int',
    fallback: '57671680',
    min: 1024,
    about: 'The most that one answer to a fetch may hold.',
  },
  listeners: { type: 'list', fallback: null, about: 'The addresses that the broker listens on.' },
  'log.dirs': { type: 'list', fallback: null, about: 'Where the logs are kept.' },
  'log.cleaner.backoff.ms': {
    type: 'long',
    // Kafka: 15000, and five minutes between two looks at retention.
    fallback: '1000',
    min: 0,
    about: 'How long the cleaner rests between two passes over the logs that have grown.',
  },
  'max.connections': {
    type: 'int',
    fallback: '2147483647',
    min: 0,
    about: 'The most connections at a time.',
  },
  'max.incremental.fetch.session.cache.slots': {
    type: 'int',
    fallback: '1000',
    min: 0,
    about: 'How many fetch sessions the broker keeps (KIP-227).',
  },
  'node.id': { type: 'int', fallback: null, about: 'The number of this broker.' },
  'num.partitions': {
    type: 'int',
    fallback: '1',
    min: 1,
    about: 'How many partitions a topic gets where nobody says.',
  },
  'offsets.topic.num.partitions': {
    type: 'int',
    fallback: '50',
    min: 1,
    about: 'Over how many partitions the groups spread.',
  },
  'process.roles': { type: 'list', fallback: null, about: 'What this process is.' },
  'producer.id.expiration.ms': {
    type: 'int',
    fallback: '86400000',
    min: 1,
    about: 'After how long the broker forgets a producer that writes nothing.',
  },
  'socket.request.max.bytes': {
    type: 'int',
    fallback: '104857600',
    min: 1,
    about: 'The largest request.',
  },
  'transaction.max.timeout.ms': {
    type: 'int',
    fallback: '900000',
    min: 1,
    about: 'The longest timeout of a transaction.',
  },
  'transaction.state.log.num.partitions': {
    type: 'int',
    fallback: '50',
    min: 1,
    about: 'Over how many partitions the transactional ids spread.',
  },
  'transactional.id.expiration.ms': {
    type: 'int',
    fallback: '604800000',
    min: 1,
    about: 'After how long the broker forgets a transactional id.',
  },
} as const satisfies ConfigTable

function defaultsOfTopics(): [string, ConfigRow][] {
  const rows: readonly ConfigRow[] = Object.values(topicConfigs)
  return rows.flatMap(row => (row.brokerName ? [[row.brokerName, row]] : []))
}

/** Those beside topics' defaults that can be changed while the broker runs. */
const DYNAMIC: readonly string[] = ['max.connections', 'producer.id.expiration.ms']

/** Whether a setting can be changed while the broker runs. */
export function isDynamic(name: string): boolean {
  return DYNAMIC.includes(name) || topicNamesOf(name).length > 0
}

export type BrokerConfigName = keyof typeof ownConfigs

/** What a number among a broker's settings comes to. */
export function brokerNumber(name: BrokerConfigName, given: ConfigOverrides): number {
  return Number(given.get(name) ?? ownConfigs[name].fallback)
}

/** The settings of a broker by Kafka's names, in alphabetical order. */
export const brokerConfigs: ConfigTable = Object.fromEntries(
  [...Object.entries(ownConfigs), ...Object.entries(groupConfigs), ...defaultsOfTopics()].sort(
    ([a], [b]) => (a < b ? -1 : 1),
  ),
)
