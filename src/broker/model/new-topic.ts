import type { ErrorName } from '../../protocol/errors.ts'
import { configProblem } from '../config/config-table.ts'
import { isTopicConfig, topicConfigs } from '../config/topic-configs.ts'
import { topicNameProblem } from './topic-names.ts'

/** What a topic is asked to be; -1 leaves a number to the cluster's defaults. */
export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly config: Readonly<Record<string, string>>
  /** Which brokers hold which partition, the leader first; none leaves it to the cluster. */
  readonly assignments: readonly (readonly number[])[]
  /** Whether it is the cluster's own, such as `__consumer_offsets`. Default: false. */
  readonly isInternal?: boolean
}

/** What the decision depends on. */
export interface TopicSurroundings {
  /** The name of a topic that has this one, or one that collides with it. */
  nameLike(name: string): string | undefined
  /** The ids of the living brokers, in order. */
  readonly brokers: readonly number[]
  readonly defaultPartitions: number
  readonly defaultReplicationFactor: number
  /** Shifts the first leader from topic to topic, so that small topics spread too. */
  readonly shift: number
}

export type TopicPlan =
  | { readonly is: 'possible'; readonly replicas: readonly (readonly number[])[] }
  | { readonly is: 'refused'; readonly code: ErrorName; readonly message: string }

/** Whether a topic can be made, and which brokers hold its partitions; nothing is changed. */
export function planTopic(topic: NewTopic, around: TopicSurroundings): TopicPlan {
  return nameRefusal(topic, around) ?? configRefusal(topic) ?? placed(topic, around)
}

function refused(code: ErrorName, message: string): TopicPlan {
  return { is: 'refused', code, message }
}

function nameRefusal({ name }: NewTopic, around: TopicSurroundings): TopicPlan | undefined {
  const problem = topicNameProblem(name)
  if (problem) return refused('INVALID_TOPIC_EXCEPTION', problem)
  const other = around.nameLike(name)
  if (other === undefined) return undefined
  if (other === name) return refused('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
  const message = `Topic '${name}' collides with existing topic: ${other}`
  return refused('INVALID_TOPIC_EXCEPTION', message)
}

function configRefusal({ config }: NewTopic): TopicPlan | undefined {
  for (const [name, value] of Object.entries(config)) {
    const problem = isTopicConfig(name)
      ? configProblem(name, topicConfigs[name], value)
      : `Unknown topic config name: ${name}`
    if (problem) return refused('INVALID_CONFIG', problem)
  }
  return undefined
}

function placed(topic: NewTopic, around: TopicSurroundings): TopicPlan {
  if (topic.assignments.length > 0) return byAssignment(topic, around)
  const partitions = topic.partitions === -1 ? around.defaultPartitions : topic.partitions
  if (partitions <= 0) {
    return refused('INVALID_PARTITIONS', `${partitions} partitions: there must be one at least`)
  }
  const factor =
    topic.replicationFactor === -1 ? around.defaultReplicationFactor : topic.replicationFactor
  if (factor <= 0) {
    return refused('INVALID_REPLICATION_FACTOR', `Replication factor ${factor} is not above 0`)
  }
  const { brokers } = around
  if (factor > brokers.length) {
    const message =
      `Unable to replicate the partition ${factor} time(s): ` +
      `only ${brokers.length} broker(s) are registered.`
    return refused('INVALID_REPLICATION_FACTOR', message)
  }
  const replicas = Array.from({ length: partitions }, (_, partition) =>
    Array.from(
      { length: factor },
      (_, i) => brokers[(around.shift + partition + i) % brokers.length]!,
    ),
  )
  return { is: 'possible', replicas }
}

function byAssignment(topic: NewTopic, { brokers }: TopicSurroundings): TopicPlan {
  if (topic.replicationFactor !== -1 || topic.partitions !== -1) {
    const message = 'Partition count and replication factor must be -1 beside a manual assignment.'
    return refused('INVALID_REQUEST', message)
  }
  const factor = topic.assignments[0]?.length ?? 0
  for (const [partition, replicas] of topic.assignments.entries()) {
    const problem = assignmentProblem(replicas, factor, brokers)
    if (problem) {
      return refused('INVALID_REPLICA_ASSIGNMENT', `partition ${partition}: ${problem}`)
    }
  }
  return { is: 'possible', replicas: topic.assignments }
}

function assignmentProblem(
  replicas: readonly number[] | undefined,
  factor: number,
  brokers: readonly number[],
): string | undefined {
  if (!replicas || replicas.length === 0) return 'no replicas are given for it'
  if (new Set(replicas).size !== replicas.length) return `replicas ${replicas} name a broker twice`
  const unknown = replicas.find(id => !brokers.includes(id))
  if (unknown !== undefined) return `broker ${unknown} does not exist`
  if (replicas.length !== factor) return `${replicas.length} replicas, where others have ${factor}`
  return undefined
}
