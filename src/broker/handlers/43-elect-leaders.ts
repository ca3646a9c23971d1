/**
 * ElectLeaders, versions 0 to 2.
 *
 * - Preferred (type 0): the first replica leads, if it lives; PREFERRED_LEADER_NOT_AVAILABLE if
 *   not. Unclean (1): where nobody leads, any living replica does; ELIGIBLE_LEADERS_NOT_AVAILABLE
 *   if none lives. ELECTION_NOT_NEEDED where all is well, which is left out when all partitions are
 *   meant.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { ElectLeaders } from '../../protocol/messages/index.ts'
import { type Context, on } from '../handler.ts'
import { NO_LEADER, type Partition } from '../model/partition.ts'
import { code } from './answers.ts'

const PREFERRED = 0
const UNCLEAN = 1

interface Asked {
  readonly topic: string
  readonly index: number
}

export const electLeaders = on(ElectLeaders, [0, 2], async (request, context) => {
  const { electionType, topicPartitions } = request
  if (electionType !== PREFERRED && electionType !== UNCLEAN) {
    return { errorCode: code('INVALID_REQUEST'), replicaElectionResults: [] }
  }
  const asked = topicPartitions ?? everyPartition(context)
  const results = asked.map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions
      .map(index => ({ partitionId: index, ...elect({ topic, index }, electionType, context) }))
      .filter(({ error }) => topicPartitions !== null || error !== 'ELECTION_NOT_NEEDED')
      .map(({ partitionId, error, message }) => ({
        partitionId,
        errorCode: error ? code(error) : 0,
        errorMessage: message,
      })),
  }))
  await context.cluster.save()
  const told = results.filter(({ partitionResult }) => partitionResult.length > 0)
  return { errorCode: 0, replicaElectionResults: told }
})

function everyPartition({ cluster }: Context) {
  return Array.from(cluster.topics.all(), ({ name: topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ index }) => index),
  }))
}

function elect({ topic, index }: Asked, type: number, context: Context): Elected {
  const found = context.cluster.topics.named(topic)
  if (!found) return refused('UNKNOWN_TOPIC_OR_PARTITION', `No such topic as ${topic}`)
  const partition = found.partitions[index]
  if (!partition)
    return refused('UNKNOWN_TOPIC_OR_PARTITION', `No such partition as ${topic}-${index}`)
  const isAlive = (id: number) => context.cluster.isAlive(id)
  return type === PREFERRED ? preferred(partition, isAlive) : unclean(partition, isAlive)
}

interface Elected {
  readonly error: ErrorName | undefined
  readonly message: string | null
}

function preferred(partition: Partition, isAlive: (id: number) => boolean): Elected {
  const [first] = partition.replicas
  if (partition.leader === first) {
    return refused('ELECTION_NOT_NEEDED', 'Leader election not needed for topic partition.')
  }
  if (first === undefined || !isAlive(first)) {
    const message = 'The preferred leader was not available.'
    return refused('PREFERRED_LEADER_NOT_AVAILABLE', message)
  }
  partition.elect(first)
  return { error: undefined, message: null }
}

function unclean(partition: Partition, isAlive: (id: number) => boolean): Elected {
  if (partition.leader !== NO_LEADER) {
    return refused('ELECTION_NOT_NEEDED', 'Leader election not needed for topic partition.')
  }
  const living = partition.replicas.find(isAlive)
  if (living === undefined) {
    return refused('ELIGIBLE_LEADERS_NOT_AVAILABLE', 'None of the replicas is alive.')
  }
  partition.elect(living)
  return { error: undefined, message: null }
}

function refused(error: ErrorName, message: string): Elected {
  return { error, message }
}
