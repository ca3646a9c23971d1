import type { FeatureLevels } from '../config/features.ts'
import type { KeptConfig } from '../config/resource-configs.ts'
import type { KeptSecurity } from '../security/security-state.ts'
import { listAt, numberAt, numbersAt, objectAt, shown, stringAt, stringsAt } from './json-at.ts'
import { parseSecurity } from './parse-security.ts'

/** The version of the layout of a data folder. */
export const FORMAT = 1

/** What a cluster remembers beside the logs. */
export interface ClusterSnapshot {
  readonly format: typeof FORMAT
  readonly clusterId: string
  /** Producer ids below it may have been given out. */
  readonly nextProducerId: number
  readonly topics: readonly TopicSnapshot[]
  /** Settings of what is no topic; none in older folders. */
  readonly configs: readonly KeptConfig[]
  /** Levels that were changed from those of a new cluster; none in older folders. */
  readonly features: FeatureLevels
  /** Users, rights and quotas; none in older folders. */
  readonly security: KeptSecurity
}

export interface TopicSnapshot {
  readonly name: string
  readonly id: string
  readonly isInternal: boolean
  readonly config: Readonly<Record<string, string>>
  readonly partitions: readonly PartitionSnapshot[]
}

export interface PartitionSnapshot {
  readonly replicas: readonly number[]
  readonly leaderEpoch: number
}

/** Reads a snapshot; throws an Error that says what is wrong with it. */
export function parseSnapshot(text: string): ClusterSnapshot {
  const json: unknown = JSON.parse(text)
  const root = objectAt(json, 'the file')
  if (root.format !== FORMAT) {
    throw new Error(
      `format ${shown(root.format)} was written by another version; this one knows ${FORMAT}`,
    )
  }
  return {
    format: FORMAT,
    clusterId: stringAt(root.clusterId, 'clusterId'),
    nextProducerId: numberAt(root.nextProducerId, 'nextProducerId'),
    topics: listAt(root.topics, 'topics').map((topic, i) => parseTopic(topic, `topics[${i}]`)),
    configs: listAt(root.configs ?? [], 'configs').map((each, i) =>
      parseConfig(each, `configs[${i}]`),
    ),
    features: numbersAt(root.features ?? {}, 'features'),
    security: parseSecurity(root.security ?? {}),
  }
}

function parseTopic(json: unknown, at: string): TopicSnapshot {
  const topic = objectAt(json, at)
  return {
    name: stringAt(topic.name, `${at}.name`),
    id: stringAt(topic.id, `${at}.id`),
    isInternal: topic.isInternal === true,
    config: stringsAt(topic.config, `${at}.config`),
    partitions: listAt(topic.partitions, `${at}.partitions`).map((partition, i) =>
      parsePartition(partition, `${at}.partitions[${i}]`),
    ),
  }
}

function parseConfig(json: unknown, at: string): KeptConfig {
  const resource = objectAt(json, at)
  return {
    type: numberAt(resource.type, `${at}.type`),
    name: stringAt(resource.name, `${at}.name`),
    config: stringsAt(resource.config, `${at}.config`),
  }
}

function parsePartition(json: unknown, at: string): PartitionSnapshot {
  const partition = objectAt(json, at)
  const replicas = listAt(partition.replicas, `${at}.replicas`)
  return {
    replicas: replicas.map((id, i) => numberAt(id, `${at}.replicas[${i}]`)),
    leaderEpoch: numberAt(partition.leaderEpoch, `${at}.leaderEpoch`),
  }
}
