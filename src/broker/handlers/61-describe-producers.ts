/**
 * DescribeProducers, version 0.
 *
 * - The idempotent producers that a partition knows of: their epochs, last sequences, and where an
 *   open transaction of theirs begins; by which a hanging one is found (KIP-664). Any replica
 *   answers.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { DescribeProducers } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { type Context, on } from '../handler.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { topicNameProblem } from '../model/topic-names.ts'
import { code } from './answers.ts'

type PartitionAnswer = ResponseInput<
  typeof DescribeProducers
>['topics'][number]['partitions'][number]

export const describeProducers = on(
  DescribeProducers,
  [0, 0],
  async (request, context) => ({
    topics: request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map(index => answer(name, index, context)),
    })),
  }),
  { fails: 'placed' },
)

function answer(topic: string, partitionIndex: number, context: Context): PartitionAnswer {
  const failure = context.failureOf(topic, partitionIndex)
  if (failure) return failed(partitionIndex, failure)
  const problem = topicNameProblem(topic)
  if (problem) return failed(partitionIndex, 'INVALID_TOPIC_EXCEPTION', problem)
  const partition = context.cluster.topics.named(topic)?.partitions[partitionIndex]
  if (!partition) return failed(partitionIndex, 'UNKNOWN_TOPIC_OR_PARTITION')
  if (!partition.replicas.includes(context.node.id)) {
    return failed(partitionIndex, 'NOT_LEADER_OR_FOLLOWER')
  }
  context.cluster.forgetSilentProducers(partition.log, context.cluster.clock.epoch())
  return { partitionIndex, errorCode: 0, activeProducers: producersOf(partition.log) }
}

function producersOf({ producers, transactions }: PartitionLog) {
  return Array.from(producers.all(), state => ({
    producerId: state.producerId,
    producerEpoch: state.epoch,
    lastSequence: state.batches.at(-1)?.lastSequence ?? -1,
    lastTimestamp: state.lastTimestamp,
    coordinatorEpoch: state.coordinatorEpoch,
    currentTxnStartOffset: transactions.open.get(state.producerId) ?? -1,
  }))
}

function failed(
  partitionIndex: number,
  error: ErrorName,
  errorMessage: string | null = null,
): PartitionAnswer {
  return { partitionIndex, errorCode: code(error), errorMessage, activeProducers: [] }
}
