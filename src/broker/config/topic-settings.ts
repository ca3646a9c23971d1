import type { CompactionSettings } from '../log/compaction/plan.ts'
import type { LogSettings } from '../log/partition-log.ts'
import { type TopicConfigName, topicConfigs } from './topic-configs.ts'

/** What a topic's settings come to, as the code uses them. */
export interface TopicSettings extends LogSettings {
  readonly maxMessageBytes: number
  readonly usesLogAppendTime: boolean
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  readonly isCompacted: boolean
  readonly isDeleted: boolean
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly minInsyncReplicas: number
  readonly compaction: CompactionSettings
}

/** Settings that a topic has of its own, by Kafka's names. */
export type ConfigOverrides = ReadonlyMap<string, string>

/** What topics get where they have no setting of their own; by the names of topics' settings. */
export interface TopicDefaults {
  /** As the cluster was started with. */
  readonly fixed: ConfigOverrides
  /** As set since, for all brokers: it counts before what is fixed. */
  readonly dynamic: ConfigOverrides
}

/** The value of a setting and whose it is: the topic's, the cluster's, or Kafka's default. */
export function topicConfig(
  name: TopicConfigName,
  own: ConfigOverrides,
  defaults: TopicDefaults,
): {
  readonly value: string | null
  readonly from: 'topic' | 'dynamic' | 'fixed' | 'default'
} {
  const override = own.get(name)
  if (override !== undefined) return { value: override, from: 'topic' }
  const dynamic = defaults.dynamic.get(name)
  if (dynamic !== undefined) return { value: dynamic, from: 'dynamic' }
  const fixed = defaults.fixed.get(name)
  if (fixed !== undefined) return { value: fixed, from: 'fixed' }
  return { value: topicConfigs[name].fallback, from: 'default' }
}

export function topicSettings(
  own: ConfigOverrides,
  defaults: TopicDefaults,
  fsync: boolean,
): TopicSettings {
  const text = (name: TopicConfigName) => topicConfig(name, own, defaults).value ?? ''
  const number = (name: TopicConfigName) => Number(text(name))
  const policies = text('cleanup.policy')
    .split(',')
    .map(word => word.trim())
  const isCompacted = policies.includes('compact')
  return {
    segmentBytes: number('internal.segment.bytes') || number('segment.bytes'),
    segmentMs: isCompacted
      ? Math.min(number('segment.ms'), number('max.compaction.lag.ms'))
      : number('segment.ms'),
    indexIntervalBytes: number('index.interval.bytes'),
    fsync: fsync || number('flush.messages') === 1,
    maxMessageBytes: number('max.message.bytes'),
    usesLogAppendTime: text('message.timestamp.type') === 'LogAppendTime',
    timestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    isCompacted,
    isDeleted: policies.includes('delete'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    minInsyncReplicas: number('min.insync.replicas'),
    compaction: {
      minDirtyRatio: number('min.cleanable.dirty.ratio'),
      minLagMs: number('min.compaction.lag.ms'),
      maxLagMs: number('max.compaction.lag.ms'),
      deleteRetentionMs: number('delete.retention.ms'),
    },
  }
}
