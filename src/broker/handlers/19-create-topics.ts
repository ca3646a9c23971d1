/**
 * CreateTopics, versions 2 to 7.
 *
 * - Every broker serves it, since all share one state. A replication factor of up to the number
 *   of living brokers is accepted and shown, though copies are not kept.
 * - `validateOnly` says what would happen and changes nothing.
 * - More than 10,000 partitions in one request are refused (POLICY_VIOLATION).
 * - A name that occurs twice in a request is refused (INVALID_REQUEST), both times.
 * - 5: tells the settings of the new topic. 7: tells its id.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { CreateTopics, type CreateTopicsRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { topicEntries } from '../config/described.ts'
import { ANY_PARTITION } from '../faults/faults.ts'
import { type Context, on } from '../handler.ts'
import { MOST_NEW_PARTITIONS, TOO_MANY_PARTITIONS } from '../model/limits.ts'
import type { NewTopic } from '../model/new-topic.ts'
import { Topic } from '../model/topic.ts'
import { code } from './answers.ts'

type Wanted = CreateTopicsRequest['topics'][number]
type TopicAnswer = ResponseInput<typeof CreateTopics>['topics'][number]

async function createAll(
  request: CreateTopicsRequest,
  context: Context,
): Promise<ResponseInput<typeof CreateTopics>> {
  const byName = new Map<string, Wanted[]>()
  for (const wanted of request.topics) {
    byName.set(wanted.name, [...(byName.get(wanted.name) ?? []), wanted])
  }
  if (partitionsIn(request, context) > MOST_NEW_PARTITIONS) {
    const names = [...byName.keys()]
    return { topics: names.map(name => failed(name, 'POLICY_VIOLATION', TOO_MANY_PARTITIONS)) }
  }
  // All at once: each is there at once, and what is kept of them is written together.
  const making = [...byName].map(([name, [wanted, ...others]]) => {
    if (!wanted || others.length > 0) {
      return failed(name, 'INVALID_REQUEST', 'Duplicate topic name.')
    }
    return create(wanted, request.validateOnly, context)
  })
  const topics = await Promise.all(making)
  return { topics }
}

export const createTopics = on(CreateTopics, [2, 7], createAll, { fails: 'placed' })

/** How many partitions all its topics would have together. */
function partitionsIn({ topics }: CreateTopicsRequest, { cluster }: Context): number {
  const wanted = topics.map(({ assignments, numPartitions }) => {
    return (
      assignments.length ||
      (numPartitions === -1 ? cluster.settings.defaultPartitions : numPartitions)
    )
  })
  return wanted.reduce((sum, count) => sum + Math.max(0, count), 0)
}

async function create(
  wanted: Wanted,
  validateOnly: boolean,
  { cluster, failureOf }: Context,
): Promise<TopicAnswer> {
  const { name } = wanted
  const failure = failureOf(name, ANY_PARTITION)
  if (failure) return failed(name, failure, null)
  const withoutValue = wanted.configs.find(({ value }) => value === null)
  if (withoutValue) {
    const message = `Null value not supported for topic configs: ${withoutValue.name}`
    return failed(name, 'INVALID_CONFIG', message)
  }
  const topic = newTopic(wanted)
  const plan = cluster.planTopic(topic)
  if (plan.is === 'refused') return failed(name, plan.code, plan.message)
  const numbers = {
    numPartitions: plan.replicas.length,
    replicationFactor: plan.replicas[0]?.length ?? -1,
    configs: topicEntries(new Map(Object.entries(topic.config)), cluster.topicDefaults),
  }
  if (validateOnly) return { name, errorCode: 0, errorMessage: null, ...numbers }
  const made = await cluster.createTopic(topic)
  return made instanceof Topic
    ? { name, topicId: made.id, errorCode: 0, errorMessage: null, ...numbers }
    : failed(name, made.code, made.message)
}

function newTopic({
  name,
  numPartitions,
  replicationFactor,
  assignments,
  configs,
}: Wanted): NewTopic {
  const byPartition: (readonly number[])[] = []
  for (const { partitionIndex, brokerIds } of assignments) {
    // A partition that is left out leaves a gap or a shorter list; planning refuses an empty one.
    if (partitionIndex >= 0 && partitionIndex < assignments.length) {
      byPartition[partitionIndex] = brokerIds
    }
  }
  return {
    name,
    partitions: numPartitions,
    replicationFactor,
    config: Object.fromEntries(configs.map(config => [config.name, config.value ?? ''])),
    assignments: Array.from({ length: assignments.length }, (_, i) => byPartition[i] ?? []),
  }
}

function failed(name: string, error: ErrorName, errorMessage: string | null): TopicAnswer {
  return { name, errorCode: code(error), errorMessage, configs: null }
}
