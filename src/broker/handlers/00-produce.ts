/**
 * Produce, versions 3 to 13.
 *
 * - Appends one batch a partition as it came: its header and CRC are checked, its records are not
 *   looked at, save in a compacted topic, where each must have a key (INVALID_RECORD, with the
 *   records that are at fault from version 8 on).
 * - acks 0 gets no response; if a partition fails, the connection is closed, as Kafka does. 1 and
 *   -1 are answered when the append is with the system, or on the disk where that is asked for.
 * - Sequences are checked (KIP-98): a batch that is in the log already is answered with its first
 *   offset, a gap with OUT_OF_ORDER_SEQUENCE_NUMBER, an older epoch with INVALID_PRODUCER_EPOCH.
 * - Transactional batches must belong to their producer's transaction (KIP-890): the coordinator is
 *   asked, and from version 12 on it adds the partition. Where it is not part of the transaction,
 *   TRANSACTION_ABORTABLE from version 11 on, INVALID_TXN_STATE before. While the markers of the
 *   last transaction are being written, CONCURRENT_TRANSACTIONS, before 12 NOT_ENOUGH_REPLICAS.
 * - The cluster's own topics take no records from clients: INVALID_TOPIC_EXCEPTION.
 * - 7: zstd is allowed. 10: NOT_LEADER_OR_FOLLOWER tells the leader (KIP-951). 13: topic ids.
 */
import { tap } from '../../events.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { Produce } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { type Context, HANG_UP, NO_ANSWER, on } from '../handler.ts'
import type { AppendResult } from '../log/partition-log.ts'
import type { Partition } from '../model/partition.ts'
import type { Topic } from '../model/topic.ts'
import { type Accepted, checkProduced, type RecordProblem } from '../produced.ts'
import { admitToTransaction } from '../transactions/admit.ts'
import { code, currentLeader, leaderEndpoints, leadershipError } from './answers.ts'

type PartitionAnswer = ResponseInput<
  typeof Produce
>['responses'][number]['partitionResponses'][number]

const appended = tap('broker:appended')
/** The first version that tells the leader with NOT_LEADER_OR_FOLLOWER. */
const TELLS_LEADERS = 10

/** A partition's answer, and what must be safe before it may be given. */
interface Outcome {
  readonly answer: PartitionAnswer
  readonly stored?: Promise<void>
}

export const produce = on(
  Produce,
  [3, 13],
  async (request, context) => {
    const { acks, transactionalId } = request
    const leaders = new Set<number>()
    const outcomes = request.topicData.map(({ name, topicId, partitionData }) => {
      const topic = context.cluster.topics.find(name, topicId)
      const unknown = context.version >= 13 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
      const partitions = partitionData.map(({ index, records }) => {
        if (acks < -1 || acks > 1) return failed(index, 'INVALID_REQUIRED_ACKS')
        if (!topic) return failed(index, unknown)
        return toPartition({ topic, index, records, transactionalId }, context, leaders)
      })
      return { name, topicId, partitions }
    })
    // All at once, and also where nobody is answered: a write that fails must not go unheard.
    const stored = outcomes.map(({ partitions }) => Promise.all(partitions.map(settled)))
    if (acks === 0) {
      const all = outcomes.flatMap(({ partitions }) => partitions)
      return all.every(({ answer }) => answer.errorCode === 0) ? NO_ANSWER : HANG_UP
    }
    const responses: ResponseInput<typeof Produce>['responses'][number][] = []
    for (const [i, { name, topicId }] of outcomes.entries()) {
      responses.push({ name, topicId, partitionResponses: await stored[i]! })
    }
    return { responses, nodeEndpoints: leaderEndpoints(context, leaders) }
  },
  { isPipelined: true, fails: 'inside' },
)

async function settled({ answer, stored }: Outcome): Promise<PartitionAnswer> {
  try {
    await stored
    return answer
  } catch {
    return failed(answer.index, 'KAFKA_STORAGE_ERROR').answer
  }
}

/** What is to be appended, and where. */
interface Wanted {
  readonly topic: Topic
  readonly index: number
  readonly records: Buffer | null
  readonly transactionalId: string | null
}

function toPartition(wanted: Wanted, context: Context, leaders: Set<number>): Outcome {
  const { topic, index, records } = wanted
  const partition = topic.partitions[index]
  if (!partition) return failed(index, 'UNKNOWN_TOPIC_OR_PARTITION')
  const failure = context.failureOf(topic.name, index) ?? leadershipError(partition, context, -1)
  if (failure === 'NOT_LEADER_OR_FOLLOWER' && context.version >= TELLS_LEADERS) {
    leaders.add(partition.leader)
    const { answer } = failed(index, failure)
    return { answer: { ...answer, currentLeader: currentLeader(partition) } }
  }
  if (failure) return failed(index, failure)
  if (topic.isInternal) return failed(index, 'INVALID_TOPIC_EXCEPTION')
  const now = context.cluster.clock.epoch()
  const checked = checkProduced(records, topic.settings, context.version, now)
  if (checked.is === 'refused') {
    return failed(index, checked.code, checked.message, checked.records)
  }
  if (!checked.facts.isTransactional) return append(partition, checked, now, context)
  const admitted = admitToTransaction(partition, checked.facts, wanted.transactionalId, context)
  if (admitted.error) return failed(index, admitted.error, admitted.message)
  const { answer, stored } = append(partition, checked, now, context)
  return { answer, stored: Promise.all([stored, admitted.stored]).then(() => {}) }
}

function append(partition: Partition, accepted: Accepted, now: number, context: Context): Outcome {
  const { index, log, leaderEpoch } = partition
  const { batch, facts, logAppendTimeMs } = accepted
  context.cluster.forgetSilentProducers(log, now)
  const result = log.append(batch, facts, leaderEpoch, now)
  if (appended.hasSubscribers) tellAppended(context, partition, accepted, result)
  if (result.is === 'refused') return failed(index, result.code, result.message)
  const [baseOffset, lastOffset, timestamp] =
    result.is === 'appended'
      ? [result.baseOffset, result.lastOffset, logAppendTimeMs]
      : [result.of.baseOffset, result.of.lastOffset, result.of.maxTimestamp]
  return {
    answer: {
      index,
      errorCode: 0,
      baseOffset,
      logAppendTimeMs: timestamp,
      logStartOffset: log.startOffset,
    },
    stored: log.stored(lastOffset + 1),
  }
}

function tellAppended(
  { cluster, node }: Context,
  { topicName: topic, index: partition }: Partition,
  { batch, facts }: Accepted,
  result: AppendResult,
): void {
  const { producerId, producerEpoch, baseSequence, count: records } = facts
  const stored = result.is === 'appended' ? result : result.is === 'duplicate' ? result.of : null
  cluster.publisher.publish('broker:appended', {
    broker: node.id,
    topic,
    partition,
    outcome: result.is,
    ...(result.is === 'refused' && { error: result.code }),
    baseOffset: stored?.baseOffset ?? -1,
    records,
    bytes: batch.length,
    producerId,
    producerEpoch,
    baseSequence,
  })
}

function failed(
  index: number,
  error: ErrorName,
  errorMessage: string | null = null,
  records: readonly RecordProblem[] = [],
): Outcome {
  const recordErrors = records.map(({ index: batchIndex, message }) => ({
    batchIndex,
    batchIndexErrorMessage: message,
  }))
  return { answer: { index, errorCode: code(error), baseOffset: -1, errorMessage, recordErrors } }
}
