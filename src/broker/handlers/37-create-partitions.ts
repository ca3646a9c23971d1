/**
 * CreatePartitions, versions 0 to 3.
 *
 * - Gives topics more partitions; every broker serves it. What is no increase is
 *   INVALID_PARTITIONS, a topic that is named twice INVALID_REQUEST, one of the cluster's own
 *   INVALID_TOPIC_EXCEPTION, since what coordinators keep there is found by the number of
 *   partitions.
 * - More than 10,000 new ones at once are refused (POLICY_VIOLATION).
 * - `validateOnly` says what would happen and changes nothing.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { CreatePartitions, type CreatePartitionsRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { ANY_PARTITION } from '../faults/faults.ts'
import { type Context, on } from '../handler.ts'
import { MOST_NEW_PARTITIONS, TOO_MANY_PARTITIONS } from '../model/limits.ts'
import { planPartitions } from '../model/more-partitions.ts'
import { code } from './answers.ts'

type Answer = ResponseInput<typeof CreatePartitions>['results'][number]
type Wanted = CreatePartitionsRequest['topics'][number]

async function createAll(
  { topics, validateOnly }: CreatePartitionsRequest,
  context: Context,
): Promise<ResponseInput<typeof CreatePartitions>> {
  const names = topics.map(({ name }) => name)
  const twice = new Set(names.filter((name, i) => names.indexOf(name) !== i))
  const results = Array.from(twice, name =>
    failed(name, 'INVALID_REQUEST', 'Duplicate topic name.'),
  )
  for (const wanted of topics) {
    if (!twice.has(wanted.name)) results.push(await create(wanted, validateOnly, context))
  }
  return { results }
}

export const createPartitions = on(CreatePartitions, [0, 3], createAll, { fails: 'placed' })

async function create(
  { name, count, assignments }: Wanted,
  validateOnly: boolean,
  { cluster, failureOf }: Context,
): Promise<Answer> {
  const failure = failureOf(name, ANY_PARTITION)
  if (failure) return failed(name, failure, null)
  const topic = cluster.topics.named(name)
  if (!topic) return failed(name, 'UNKNOWN_TOPIC_OR_PARTITION', null)
  if (topic.isInternal) {
    return failed(name, 'INVALID_TOPIC_EXCEPTION', `${name} is the cluster's own`)
  }
  if (count - topic.partitions.length > MOST_NEW_PARTITIONS) {
    return failed(name, 'POLICY_VIOLATION', TOO_MANY_PARTITIONS)
  }
  const given = assignments?.map(({ brokerIds }) => brokerIds) ?? null
  const brokers = cluster.livingNodes.map(node => node.id)
  const plan = planPartitions(topic, { count, assignments: given }, brokers)
  if (plan.is === 'refused') return failed(name, plan.code, plan.message)
  if (!validateOnly) await cluster.addPartitions(topic, plan.replicas)
  return { name, errorCode: 0 }
}

function failed(name: string, error: ErrorName, errorMessage: string | null): Answer {
  return { name, errorCode: code(error), errorMessage }
}
