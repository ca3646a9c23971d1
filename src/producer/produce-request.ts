import type { Cluster } from '../cluster/cluster.ts'
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
}

/** One request with one batch for each of its partitions. */
export function produceRequest(
  flights: readonly Flight[],
  config: ProducerConfig,
  cluster: Cluster,
): ProduceRequest {
  const topics = new Map<string, { index: number; records: Buffer[] }[]>()
  for (const { batch } of flights) {
    const partition = { index: batch.partition, records: batch.seal() }
    const known = topics.get(batch.topic)
    if (known) known.push(partition)
    else topics.set(batch.topic, [partition])
  }
  let allHaveIds = true
  const topicData = []
  for (const [name, partitionData] of topics) {
    const topicId = cluster.view.topics.get(name)?.id ?? ZERO_UUID
    if (topicId === ZERO_UUID) allHaveIds = false
    topicData.push({ name, topicId, partitionData })
  }
  const request = {
    transactionalId: config.transactionalId ?? null,
    acks: acksNumbers[config.acks],
    timeoutMs: config.requestTimeoutMs,
    topicData,
  }
  return { request, maxVersion: allHaveIds ? BY_TOPIC_ID : BY_TOPIC_ID - 1 }
}

/**
 * The answer for each flight, or undefined where the broker gave none. Brokers answer in the order
 * of the request, so the search normally ends at its first step.
 */
export function answersOf(
  flights: readonly Flight[],
  answer: ProduceAnswer,
  cluster: Cluster,
): (PartitionAnswer | undefined)[] {
  const found: (PartitionAnswer | undefined)[] = new Array(flights.length)
  const order = groupedByTopic(flights)
  let next = 0
  for (const topic of answer.responses) {
    const name = topic.name || cluster.view.topicName(topic.topicId)
    for (const partition of topic.partitionResponses) {
      const matches = (at: number) => {
        const batch = flights[at]?.batch
        return batch?.topic === name && batch?.partition === partition.index
      }
      const expected = order[next++]
      const at = expected !== undefined && matches(expected) ? expected : order.find(matches)
      if (at !== undefined) found[at] = partition
    }
  }
  return found
}

/** The places of the flights in the order in which the request names them. */
function groupedByTopic(flights: readonly Flight[]): number[] {
  const groups = new Map<string, number[]>()
  for (const [at, { batch }] of flights.entries()) {
    const group = groups.get(batch.topic)
    if (group) group.push(at)
    else groups.set(batch.topic, [at])
  }
  return [...groups.values()].flat()
}
