import { DescribeProducers } from '../protocol/index.ts'
import { atLeaders, byTopic } from './at-leaders.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import type { ItemResult, TopicPartition } from './result.ts'

/** A producer that a partition remembers. */
export interface ActiveProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** The sequence number of its last record there; -1 after a marker. */
  readonly lastSequence: number
  /** The timestamp of its last record there, in ms since 1970. */
  readonly lastTimestamp: number
  /** The epoch of the transaction coordinator that wrote last; -1 where none has. */
  readonly coordinatorEpoch: number
  /** Where its open transaction begins; undefined where it has none open there. */
  readonly transactionStart: number | undefined
}

/** The producers that write: `admin.producers`. */
export class Producers {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * The idempotent and transactional producers that partitions remember (KIP-664). One result each,
   * in order.
   *
   * @example
   * const [result] = await admin.producers.describe([{ topic: 'orders', partition: 0 }])
   * const open = orThrow(result).filter(each => each.transactionStart !== undefined)
   */
  describe(
    partitions: readonly TopicPartition[],
    options?: CallOptions,
  ): Promise<ItemResult<ActiveProducer[], TopicPartition>[]> {
    return producersOf(new Errand(this.#office, options), partitions)
  }
}

export function producersOf(
  errand: Errand,
  partitions: readonly TopicPartition[],
): Promise<ItemResult<ActiveProducer[], TopicPartition>[]> {
  return atLeaders(errand, partitions, {
    api: DescribeProducers.name,
    ask: async (leader, own) => {
      const topics = [...byTopic(own)].map(([name, slots]) => ({
        name,
        partitionIndexes: slots.map(({ partition }) => partition),
      }))
      const answer = await errand.once(leader, DescribeProducers, { topics })
      return own.map(({ topic, partition }) => {
        const found = answer.topics
          .find(({ name }) => name === topic)
          ?.partitions.find(({ partitionIndex }) => partitionIndex === partition)
        if (!found) return undefined
        const { errorCode, errorMessage, activeProducers } = found
        return { errorCode, errorMessage, value: activeProducers.map(readProducer) }
      })
    },
  })
}

function readProducer({
  currentTxnStartOffset,
  ...each
}: Omit<ActiveProducer, 'transactionStart'> & {
  readonly currentTxnStartOffset: number
}): ActiveProducer {
  const transactionStart = currentTxnStartOffset < 0 ? undefined : currentTxnStartOffset
  return { ...each, transactionStart }
}
