import { groupBy } from '../base/group-by.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { ClusterView } from '../cluster/metadata.ts'
import type { Produce, RequestInput, ResponseOf } from '../protocol/index.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import type { Batch } from './batch.ts'
import type { ProducerConfig } from './options.ts'
import type { PartitionQueue } from './partition-queue.ts'

/** A batch on its way, and the queue to which it belongs. */
export interface Flight {
  readonly queue: PartitionQueue
  readonly batch: Batch
}

export type ProduceAnswer = ResponseOf<typeof Produce>
export type PartitionAnswer = ProduceAnswer['responses'][number]['partitionResponses'][number]

const acksNumbers = { all: -1, '1': 1, '0': 0 } as const
/** From this version on topics are named by their ids alone (KIP-516). */
const BY_TOPIC_ID = 13

export interface ProduceRequest {
  readonly request: RequestInput<typeof Produce>
  readonly maxVersion: number
  /** The flights in the order in which the request names them, as its answer does. */
  readonly inOrder: readonly Flight[]
}

/** One request with one batch for each of its partitions. */
export function produceRequest(
  flights: readonly Flight[],
  config: ProducerConfig,
  cluster: Pick<Cluster, 'use'>,
): ProduceRequest {
  const topics = groupBy(flights, ({ batch }) => batch.topic)
  let allHaveIds = true
  const topicData = []
  for (const [name, group] of topics) {
    const partitionData = group.map(({ batch }) => {
      return { index: batch.partition, records: batch.seal() }
    })
    const topicId = cluster.use(name)?.id ?? ZERO_UUID
    if (topicId === ZERO_UUID) allHaveIds = false
    topicData.push({ name, topicId, partitionData })
  }
  const request = {
    transactionalId: config.transactionalId ?? null,
    acks: acksNumbers[config.acks],
    timeoutMs: config.requestTimeoutMs,
    topicData,
  }
  const maxVersion = allHaveIds ? BY_TOPIC_ID : BY_TOPIC_ID - 1
  return { request, maxVersion, inOrder: [...topics.values()].flat() }
}

/**
 * The answer for each flight, or undefined where the broker gave none. Brokers answer in the order
 * of the request, so the search normally ends at its first step.
 */
export function answersOf(
  inOrder: readonly Flight[],
  answer: ProduceAnswer,
  view: Pick<ClusterView, 'topicName'>,
): (PartitionAnswer | undefined)[] {
  const found: (PartitionAnswer | undefined)[] = new Array(inOrder.length)
  let next = 0
  for (const topic of answer.responses) {
    const name = topic.name || view.topicName(topic.topicId)
    for (const partition of topic.partitionResponses) {
      const isMeant = ({ batch }: Flight) =>
        batch.topic === name && batch.partition === partition.index
      const expected = inOrder[next]
      const at = expected && isMeant(expected) ? next : inOrder.findIndex(isMeant)
      if (at >= 0) found[at] = partition
      next++
    }
  }
  return found
}
