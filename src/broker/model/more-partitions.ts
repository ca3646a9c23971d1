import type { TopicPlan } from './new-topic.ts'
import type { Topic } from './topic.ts'

/** How many partitions a topic is to have in all, and where the new ones go if that is said. */
export interface MorePartitions {
  readonly count: number
  readonly assignments: readonly (readonly number[])[] | null
}

/** Whether a topic can get more partitions, and which brokers hold the new ones. */
export function planPartitions(
  { name, partitions }: Topic,
  { count, assignments }: MorePartitions,
  brokers: readonly number[],
): TopicPlan {
  const has = partitions.length
  if (count === has) return refused('INVALID_PARTITIONS', `Topic already has ${has} partition(s).`)
  if (count < has) {
    const message = `The topic ${name} currently has ${has} partition(s); ${count} would not be an increase.`
    return refused('INVALID_PARTITIONS', message)
  }
  const added = count - has
  const factor = partitions[0]?.replicas.length ?? 1
  if (!assignments) return { is: 'possible', replicas: spread(has, added, factor, brokers) }
  if (assignments.length !== added) {
    const message =
      `Attempted to add ${added} additional partition(s), ` +
      `but only ${assignments.length} assignment(s) were specified.`
    return refused('INVALID_REPLICA_ASSIGNMENT', message)
  }
  const wrong = assignments.find(replicas => !isPossible(replicas, factor, brokers))
  if (!wrong) return { is: 'possible', replicas: assignments }
  const message = `[${wrong}] are not ${factor} different brokers of ${brokers}`
  return refused('INVALID_REPLICA_ASSIGNMENT', message)
}

function spread(
  first: number,
  count: number,
  factor: number,
  brokers: readonly number[],
): number[][] {
  const replicas = Math.min(factor, brokers.length)
  return Array.from({ length: count }, (_, partition) =>
    Array.from({ length: replicas }, (_, i) => brokers[(first + partition + i) % brokers.length]!),
  )
}

function isPossible(
  replicas: readonly number[],
  factor: number,
  brokers: readonly number[],
): boolean {
  const isEach = new Set(replicas).size === replicas.length && replicas.length === factor
  return isEach && replicas.every(id => brokers.includes(id))
}

function refused(code: (TopicPlan & { is: 'refused' })['code'], message: string): TopicPlan {
  return { is: 'refused', code, message }
}
