import { nearest } from '../../base/nearest.ts'
import { type Finding, fine, problem, warning } from './finding.ts'

/** A partition as the cluster tells of it. */
export interface PartitionState {
  readonly topic: string
  readonly partition: number
  /** -1: none. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
}

/** Partitions of one kind that a line names. */
const MOST_NAMED = 8

/** Partitions without a leader can be neither written nor read. */
export function checkLeaders(partitions: readonly PartitionState[]): Finding[] {
  const check = 'leaders'
  const without = partitions.filter(({ leader }) => leader < 0)
  if (without.length === 0) {
    return partitions.length === 0 ? [] : [fine(check, `${count(partitions)}, none without one`)]
  }
  const homes = [...new Set(without.flatMap(({ replicas }) => replicas))].sort((a, b) => a - b)
  return [
    problem(
      check,
      `no leader for ${named(without)}: nothing can be written there or read`,
      `start the brokers that hold them (${homes.join(', ')}). Where they are lost for good: an unclean election (kafka-leader-election.sh --election-type unclean) brings the partition back without what the others had not copied`,
    ),
  ]
}

/** A topic that is not there. */
export function missingTopic(
  topic: string,
  others: readonly string[],
  canBeCreated: boolean | undefined,
): Finding {
  const near = nearest(topic, others)
  const meant = near === undefined ? '' : `did you mean ${near}? Else `
  const itself = canBeCreated
    ? '. The first record would create it, with the defaults of the cluster'
    : ''
  return problem(
    `topic ${topic}`,
    'there is no such topic',
    `${meant}posthaste topics create ${topic} makes it${itself}`,
  )
}

/** Whether enough replicas follow for acks=all, and for the loss of one more of them. */
export function checkReplicas(
  topic: string,
  partitions: readonly PartitionState[],
  least: number | undefined,
  acks: string,
): Finding[] {
  const check = `topic ${topic}`
  const led = partitions.filter(({ leader }) => leader >= 0)
  const wanting = led.filter(({ inSyncReplicas }) => inSyncReplicas.length < (least ?? 1))
  if (wanting.length > 0) {
    const isImpossible = wanting.some(({ replicas }) => replicas.length < (least ?? 1))
    const what = `too few replicas are in sync at ${named(wanting)}: min.insync.replicas is ${least}`
    const advice = isImpossible
      ? 'it has fewer replicas than that: give it more (a reassignment), or lower min.insync.replicas (posthaste configs alter)'
      : `start the brokers that are down (${absent(wanting).join(', ')}), or see why they do not keep up`
    return acks === 'all'
      ? [problem(check, `${what}, so that acks=all is refused (NOT_ENOUGH_REPLICAS)`, advice)]
      : [warning(check, what, advice)]
  }
  const behind = led.filter(each => each.inSyncReplicas.length < each.replicas.length)
  if (behind.length === 0) return [fine(check, `${count(partitions)}, every replica in sync`)]
  return [
    warning(
      check,
      `not every replica of ${named(behind)} is in sync: the next failure may stop it`,
      `see after the brokers ${absent(behind).join(', ')}`,
    ),
  ]
}

function absent(partitions: readonly PartitionState[]): number[] {
  const ids = partitions.flatMap(({ replicas, inSyncReplicas }) =>
    replicas.filter(id => !inSyncReplicas.includes(id)),
  )
  return [...new Set(ids)].sort((a, b) => a - b)
}

function named(partitions: readonly PartitionState[]): string {
  const names = partitions
    .slice(0, MOST_NAMED)
    .map(({ topic, partition }) => `${topic} [${partition}]`)
  const more = partitions.length - names.length
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ')
}

function count(partitions: readonly PartitionState[]): string {
  return partitions.length === 1 ? 'one partition' : `${partitions.length} partitions`
}
