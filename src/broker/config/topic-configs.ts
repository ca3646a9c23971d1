import type { ConfigRow, ConfigTable } from './config-table.ts'

/** The largest int64: Kafka's way to say "never" or "without limit". */
const MAX_LONG = '9223372036854775807'

/** Every topic setting of Apache Kafka 4.3, with its default. */
export const topicConfigs = {
  'cleanup.policy': {
    type: 'list',
    fallback: 'delete',
    words: ['delete', 'compact'],
    brokerName: 'log.cleanup.policy',
    about: 'What becomes of old records: deleted by age or size, compacted by key, or both.',
  },
  'compression.gzip.level': {
    type: 'int',
    fallback: '-1',
    min: -1,
    max: 9,
    brokerName: 'compression.gzip.level',
    about: 'The level at which the broker compresses with gzip.',
  },
  'compression.lz4.level': {
    type: 'int',
    fallback: '9',
    min: 1,
    max: 17,
    brokerName: 'compression.lz4.level',
    about: 'The level at which the broker compresses with lz4.',
  },
  'compression.type': {
    type: 'string',
    fallback: 'producer',
    words: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    brokerName: 'compression.type',
    about: 'How batches are compressed in the log; producer keeps them as they came.',
  },
  'compression.zstd.level': {
    type: 'int',
    fallback: '3',
    min: -131_072,
    max: 22,
    brokerName: 'compression.zstd.level',
    about: 'The level at which the broker compresses with zstd.',
  },
  'delete.retention.ms': {
    type: 'long',
    fallback: '86400000',
    min: 0,
    brokerName: 'log.cleaner.delete.retention.ms',
    about: 'For how long a compacted topic keeps tombstones.',
  },
  'file.delete.delay.ms': {
    type: 'long',
    fallback: '60000',
    min: 0,
    brokerName: 'log.segment.delete.delay.ms',
    about: 'How long the file of a deleted segment stays.',
  },
  'flush.messages': {
    type: 'long',
    fallback: MAX_LONG,
    min: 1,
    brokerName: 'log.flush.interval.messages',
    about: 'After how many records the log is synced to the disk.',
  },
  'flush.ms': {
    type: 'long',
    fallback: MAX_LONG,
    min: 0,
    brokerName: 'log.flush.interval.ms',
    about: 'After how many milliseconds the log is synced to the disk.',
  },
  'follower.replication.throttled.replicas': {
    type: 'list',
    fallback: '',
    about: 'Replicas whose copying is throttled on the follower.',
  },
  'index.interval.bytes': {
    type: 'int',
    fallback: '4096',
    min: 0,
    brokerName: 'log.index.interval.bytes',
    about: 'How many bytes of the log lie between two entries of its index.',
  },
  'internal.segment.bytes': {
    type: 'int',
    fallback: null,
    about: 'As segment.bytes, without its lower limit; for tests.',
  },
  'leader.replication.throttled.replicas': {
    type: 'list',
    fallback: '',
    about: 'Replicas whose copying is throttled on the leader.',
  },
  'local.retention.bytes': {
    type: 'long',
    fallback: '-2',
    min: -2,
    brokerName: 'log.local.retention.bytes',
    about: 'How much of a tiered partition stays on the broker.',
  },
  'local.retention.ms': {
    type: 'long',
    fallback: '-2',
    min: -2,
    brokerName: 'log.local.retention.ms',
    about: 'For how long records of a tiered partition stay on the broker.',
  },
  'max.compaction.lag.ms': {
    type: 'long',
    fallback: MAX_LONG,
    min: 1,
    brokerName: 'log.cleaner.max.compaction.lag.ms',
    about: 'After how long a record must be open to compaction.',
  },
  'max.message.bytes': {
    type: 'int',
    fallback: '1048588',
    min: 0,
    brokerName: 'message.max.bytes',
    about: 'The largest batch of records, compressed, that is accepted.',
  },
  'message.timestamp.after.max.ms': {
    type: 'long',
    fallback: '3600000',
    min: 0,
    brokerName: 'log.message.timestamp.after.max.ms',
    about: "How far a record's timestamp may lie in the future.",
  },
  'message.timestamp.before.max.ms': {
    type: 'long',
    fallback: MAX_LONG,
    min: 0,
    brokerName: 'log.message.timestamp.before.max.ms',
    about: "How far a record's timestamp may lie in the past.",
  },
  'message.timestamp.type': {
    type: 'string',
    fallback: 'CreateTime',
    words: ['CreateTime', 'LogAppendTime'],
    brokerName: 'log.message.timestamp.type',
    about: "Whose clock gives the timestamps: the producer's, or the broker's at the append.",
  },
  'min.cleanable.dirty.ratio': {
    type: 'double',
    fallback: '0.5',
    min: 0,
    max: 1,
    brokerName: 'log.cleaner.min.cleanable.ratio',
    about: 'How much of the log must be uncompacted before it is compacted.',
  },
  'min.compaction.lag.ms': {
    type: 'long',
    fallback: '0',
    min: 0,
    brokerName: 'log.cleaner.min.compaction.lag.ms',
    about: 'For how long a record stays safe from compaction.',
  },
  'min.insync.replicas': {
    type: 'int',
    fallback: '1',
    min: 1,
    brokerName: 'min.insync.replicas',
    about: 'How many replicas must be in sync for a write with acks=all.',
  },
  preallocate: {
    type: 'boolean',
    fallback: 'false',
    brokerName: 'log.preallocate',
    about: "Whether a segment's file gets its whole size at once.",
  },
  'remote.log.copy.disable': {
    type: 'boolean',
    fallback: 'false',
    about: 'Whether a tiered topic copies no more segments away.',
  },
  'remote.log.delete.on.disable': {
    type: 'boolean',
    fallback: 'false',
    about: 'Whether tiered data is deleted when tiering is disabled.',
  },
  'remote.storage.enable': {
    type: 'boolean',
    fallback: 'false',
    about: 'Whether the topic is tiered.',
  },
  'retention.bytes': {
    type: 'long',
    fallback: '-1',
    brokerName: 'log.retention.bytes',
    about: 'How large a partition may grow before old segments are deleted; -1 without limit.',
  },
  'retention.ms': {
    type: 'long',
    fallback: '604800000',
    min: -1,
    brokerName: 'log.retention.ms',
    about: 'After how long records are deleted; -1 never.',
  },
  'segment.bytes': {
    type: 'int',
    fallback: '1073741824',
    min: 1_048_576,
    brokerName: 'log.segment.bytes',
    about: 'How large a segment grows before the next one is begun.',
  },
  'segment.index.bytes': {
    type: 'int',
    fallback: '10485760',
    min: 4,
    brokerName: 'log.index.size.max.bytes',
    about: "The largest size of a segment's index.",
  },
  'segment.jitter.ms': {
    type: 'long',
    fallback: '0',
    min: 0,
    brokerName: 'log.roll.jitter.ms',
    about: 'By how much segment.ms may be shortened at random.',
  },
  'segment.ms': {
    type: 'long',
    fallback: '604800000',
    min: 1,
    brokerName: 'log.roll.ms',
    about: 'After how long the next segment is begun.',
  },
  'unclean.leader.election.enable': {
    type: 'boolean',
    fallback: 'false',
    brokerName: 'unclean.leader.election.enable',
    about: 'Whether a replica that is not in sync may become leader.',
  },
} as const satisfies ConfigTable

export type TopicConfigName = keyof typeof topicConfigs

export function isTopicConfig(name: string): name is TopicConfigName {
  return Object.hasOwn(topicConfigs, name)
}

export const TOPIC_CONFIG_NAMES: readonly TopicConfigName[] =
  Object.keys(topicConfigs).filter(isTopicConfig)

/** The topics' settings whose default is a broker's setting of that name. */
export function topicNamesOf(brokerName: string): TopicConfigName[] {
  return TOPIC_CONFIG_NAMES.filter(name => {
    const row: ConfigRow = topicConfigs[name]
    return row.brokerName === brokerName
  })
}
