/**
 * AddPartitionsToTxn, versions 0 to 5.
 *
 * - The first partition begins the transaction. If one can't be added, none is: the others say
 *   OPERATION_NOT_ATTEMPTED.
 * - 2: PRODUCER_FENCED, before that INVALID_PRODUCER_EPOCH. 4: what brokers send, for several
 *   transactions at once; `verifyOnly` changes nothing and tells TRANSACTION_ABORTABLE for
 *   partitions that are not part of the transaction (KIP-890).
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { AddPartitionsToTxn } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { type Context, on } from '../handler.ts'
import type { TopicPartition } from '../transactions/states.ts'
import { asKnownIn } from '../transactions/versions.ts'
import { code } from './answers.ts'

type Answer = ResponseInput<typeof AddPartitionsToTxn>
type TopicResult = NonNullable<Answer['resultsByTopicV3AndBelow']>[number]

interface Wanted {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly verifyOnly: boolean
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
}

const KNOWS_FENCED = 2
const FROM_BROKERS = 4

export const addPartitionsToTxn = on(
  AddPartitionsToTxn,
  [0, 5],
  async (request, context) => {
    if (context.version < FROM_BROKERS) {
      const wanted = {
        transactionalId: request.v3AndBelowTransactionalId,
        producerId: request.v3AndBelowProducerId,
        producerEpoch: request.v3AndBelowProducerEpoch,
        verifyOnly: false,
        topics: request.v3AndBelowTopics,
      }
      return { resultsByTopicV3AndBelow: await add(wanted, context), resultsByTransaction: [] }
    }
    const adding = request.transactions.map(async wanted => ({
      transactionalId: wanted.transactionalId,
      topicResults: await add(wanted, context),
    }))
    return { resultsByTransaction: await Promise.all(adding), resultsByTopicV3AndBelow: [] }
  },
  { fails: 'placed' },
)

async function add(wanted: Wanted, context: Context): Promise<TopicResult[]> {
  const { cluster, node } = context
  const { transactionalId } = wanted
  const isMissing = ({ topic, partition }: TopicPartition) =>
    !cluster.topics.named(topic)?.partitions[partition]
  const parts = wanted.topics.flatMap(({ name: topic, partitions }) =>
    partitions.map(partition => ({ topic, partition })),
  )
  if (parts.some(isMissing)) {
    return results(wanted, part =>
      isMissing(part) ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'OPERATION_NOT_ATTEMPTED',
    )
  }
  const failureOf = ({ topic, partition }: TopicPartition) => context.failureOf(topic, partition)
  if (parts.some(failureOf)) {
    return results(wanted, part => failureOf(part) ?? 'OPERATION_NOT_ATTEMPTED')
  }
  if (transactionalId === '') return results(wanted, () => 'INVALID_REQUEST')
  const error = cluster.transactions.coordinatorError(transactionalId, node.id)
  if (error) return results(wanted, () => error)
  if (wanted.verifyOnly) {
    return results(wanted, part => cluster.transactions.verify(transactionalId, wanted, part))
  }
  const added = cluster.transactions.add(transactionalId, wanted, parts)
  const lost = await cluster.transactions.notKept(transactionalId, added.stored)
  const told = added.error ? asKnownIn(context.version, KNOWS_FENCED, added.error) : lost
  return results(wanted, () => told)
}

function results(
  { topics }: Wanted,
  errorOf: (part: TopicPartition) => ErrorName | undefined,
): TopicResult[] {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map(partitionIndex => {
      const error = errorOf({ topic: name, partition: partitionIndex })
      return { partitionIndex, partitionErrorCode: error ? code(error) : 0 }
    }),
  }))
}
