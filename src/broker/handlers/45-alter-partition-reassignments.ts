/**
 * AlterPartitionReassignments, versions 0 and 1.
 *
 * - Moves partitions to other replicas. Copies are not kept, so that a move is done at once: a
 *   leader that is not among the new replicas gives way to the first living one of them.
 * - Null replicas cancel a move: none ever goes on, NO_REASSIGNMENT_IN_PROGRESS. Replicas that
 *   can't be: INVALID_REPLICA_ASSIGNMENT. 1: another number of them may be forbidden
 *   (INVALID_REPLICATION_FACTOR).
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { AlterPartitionReassignments } from '../../protocol/messages/index.ts'
import { type Context, on } from '../handler.ts'
import { NO_LEADER } from '../model/partition.ts'
import { code } from './answers.ts'

interface Move {
  readonly topic: string
  readonly index: number
  readonly replicas: readonly number[] | null
  readonly mayChangeFactor: boolean
}

export const alterPartitionReassignments = on(
  AlterPartitionReassignments,
  [0, 1],
  async (request, context) => {
    const { topics, allowReplicationFactorChange: mayChangeFactor } = request
    const responses = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, replicas }) => {
        const asked = { topic: name, index: partitionIndex, replicas, mayChangeFactor }
        const refusal = move(asked, context)
        return {
          partitionIndex,
          errorCode: refusal ? code(refusal.error) : 0,
          errorMessage: refusal?.message ?? null,
        }
      }),
    }))
    await context.cluster.save()
    return {
      allowReplicationFactorChange: mayChangeFactor,
      errorCode: 0,
      errorMessage: null,
      responses,
    }
  },
)

interface Refusal {
  readonly error: ErrorName
  readonly message: string | null
}

function move(
  { topic, index, replicas, mayChangeFactor }: Move,
  { cluster }: Context,
): Refusal | undefined {
  const partition = cluster.topics.named(topic)?.partitions[index]
  if (!partition) {
    const message = `Unable to find a partition ${topic}-${index}.`
    return { error: 'UNKNOWN_TOPIC_OR_PARTITION', message }
  }
  if (replicas === null) return { error: 'NO_REASSIGNMENT_IN_PROGRESS', message: null }
  const problem = replicasProblem(
    replicas,
    cluster.nodes.map(node => node.id),
  )
  if (problem) return { error: 'INVALID_REPLICA_ASSIGNMENT', message: problem }
  const before = partition.replicas.length
  if (!mayChangeFactor && replicas.length !== before) {
    const message = `The replication factor is changed from ${before} to ${replicas.length}`
    return { error: 'INVALID_REPLICATION_FACTOR', message }
  }
  partition.replicas = replicas
  if (!replicas.includes(partition.leader)) {
    partition.elect(replicas.find(id => cluster.isAlive(id)) ?? NO_LEADER)
  }
  return undefined
}

function replicasProblem(replicas: readonly number[], ids: readonly number[]): string | undefined {
  const what = 'The manual partition assignment includes'
  if (replicas.length === 0) return `${what} an empty replica list.`
  if (new Set(replicas).size !== replicas.length) return `${what} the broker twice: ${replicas}.`
  const unknown = replicas.find(id => !ids.includes(id))
  if (unknown === undefined) return undefined
  return `${what} broker ${unknown}, but no such broker is registered.`
}
