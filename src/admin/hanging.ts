import type { Errand } from './errand.ts'
import { type ActiveProducer, producersOf } from './producers.ts'
import { type ItemResult, orThrow, type TopicPartition } from './result.ts'
import type { TransactionDescription, TransactionList } from './transactions.ts'

/** A transaction that is open in a partition, and that nobody is going to end. */
export interface HangingTransaction extends TopicPartition, ActiveProducer {
  /** Its first offset. */
  readonly startOffset: number
  /** Undefined where no coordinator knows its producer id. */
  readonly transactionalId: string | undefined
}

interface Lookup {
  list(producerIds: readonly bigint[]): Promise<TransactionList>
  describe(ids: readonly string[]): Promise<ItemResult<TransactionDescription>[]>
}

/**
 * A transaction hangs where it is open in a partition past the longest time that one may be, and no
 * coordinator has one open for its producer that holds this partition: nobody will ever write a
 * marker there.
 */
export async function findHanging(
  errand: Errand,
  partitions: readonly TopicPartition[],
  maxTimeoutMs: number,
  { list, describe }: Lookup,
): Promise<HangingTransaction[]> {
  const oldest = errand.cluster.clock.epoch() - maxTimeoutMs
  const results = await producersOf(errand, partitions)
  const open = results.flatMap(result =>
    orThrow(result).flatMap(producer => {
      const { transactionStart: startOffset, lastTimestamp } = producer
      if (startOffset === undefined || lastTimestamp > oldest) return []
      const { topic, partition } = result
      return [{ topic, partition, ...producer, startOffset }]
    }),
  )
  if (open.length === 0) return []
  const { transactions, failures } = await list([...new Set(open.map(each => each.producerId))])
  // What a coordinator that is silent would say of it is not known: then nothing is called hanging.
  if (failures[0]) throw failures[0].error
  const ids = new Map(transactions.map(each => [each.producerId, each.transactionalId]))
  const described = await describe([...new Set(ids.values())])
  const known = new Map(
    described.flatMap(each => (each.is === 'done' ? [[each.name, each.value] as const] : [])),
  )
  return open
    .map(each => ({ ...each, transactionalId: ids.get(each.producerId) }))
    .filter(each => {
      const alive = each.transactionalId === undefined ? undefined : known.get(each.transactionalId)
      return !(alive && holds(alive, each))
    })
}

function holds({ partitions }: TransactionDescription, slot: TopicPartition): boolean {
  return partitions.some(
    each => each.topic === slot.topic && each.partitions.includes(slot.partition),
  )
}
