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
}

/** Settings that a topic has of its own, by Kafka's names. */
export type ConfigOverrides = ReadonlyMap<string, string>

/** The value of a setting and whose it is: the topic's, the cluster's, or Kafka's default. */
export function topicConfig(
  name: TopicConfigName,
  own: ConfigOverrides,
  clusterDefaults: ConfigOverrides,
): { readonly value: string | null; readonly from: 'topic' | 'cluster' | 'default' } {
  const override = own.get(name)
  if (override !== undefined) return { value: override, from: 'topic' }
  const shared = clusterDefaults.get(name)
  if (shared !== undefined) return { value: shared, from: 'cluster' }
  return { value: topicConfigs[name].fallback, from: 'default' }
}

export function topicSettings(
  own: ConfigOverrides,
  clusterDefaults: ConfigOverrides,
  fsync: boolean,
): TopicSettings {
  const text = (name: TopicConfigName) => topicConfig(name, own, clusterDefaults).value ?? ''
  const number = (name: TopicConfigName) => Number(text(name))
  const policies = text('cleanup.policy')
    .split(',')
    .map(word => word.trim())
  return {
    segmentBytes: number('internal.segment.bytes') || number('segment.bytes'),
    segmentMs: number('segment.ms'),
    indexIntervalBytes: number('index.interval.bytes'),
    fsync: fsync || number('flush.messages') === 1,
    maxMessageBytes: number('max.message.bytes'),
    usesLogAppendTime: text('message.timestamp.type') === 'LogAppendTime',
    timestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    isCompacted: policies.includes('compact'),
    isDeleted: policies.includes('delete'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    minInsyncReplicas: number('min.insync.replicas'),
  }
}
