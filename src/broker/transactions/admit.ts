import type { ErrorName } from '../../protocol/errors.ts'
import type { BatchFacts } from '../log/batch-facts.ts'
import type { ClusterState } from '../model/cluster-state.ts'
import type { Partition } from '../model/partition.ts'
import type { Added, Producer } from './coordinator.ts'
import type { TopicPartition } from './states.ts'

/** How far a client knows the errors of KIP-890, which the version of its request tells. */
export interface Protocol {
  /** It knows TRANSACTION_ABORTABLE. */
  readonly knowsAbortable: boolean
  /** What it writes to becomes part of the transaction by that. */
  readonly addsItself: boolean
}

/** The versions of Produce from which on a client knows more. */
const KNOWS_ABORTABLE = 11
const ADDS_ITSELF = 12

export interface Admitted extends Added {
  readonly message?: string
}

/**
 * Whether a transactional batch may be appended to a partition: its producer's transaction must
 * know of the partition, or an end of it would leave the batch undecided for ever (KIP-890).
 */
export function admitToTransaction(
  { topicName: topic, index: partition, log }: Partition,
  facts: BatchFacts,
  transactionalId: string | null,
  { cluster, version }: { readonly cluster: ClusterState; readonly version: number },
): Admitted {
  if (transactionalId === null) return { error: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED' }
  if (log.hasOpenTransaction(facts.producerId, facts.producerEpoch)) return {}
  const protocol = {
    knowsAbortable: version >= KNOWS_ABORTABLE,
    addsItself: version >= ADDS_ITSELF,
  }
  const admitted = admitPart(cluster, transactionalId, facts, { topic, partition }, protocol)
  const { error } = admitted
  if (error === 'CONCURRENT_TRANSACTIONS') log.producers.putOff(facts)
  if (error === undefined) return admitted
  const message = `the partition is not part of the transaction: ${error}`
  // Clients of the first protocol send a batch again after that, and don't know the other.
  const isOld = error === 'CONCURRENT_TRANSACTIONS' && !protocol.addsItself
  return { error: isOld ? 'NOT_ENOUGH_REPLICAS' : error, message }
}

/** Makes a partition part of a transaction, or sees that it is, with the client's own errors. */
export function admitPart(
  { transactions }: ClusterState,
  transactionalId: string,
  { producerId, producerEpoch }: Producer,
  part: TopicPartition,
  { knowsAbortable, addsItself }: Protocol,
): Added {
  const producer = { producerId, producerEpoch }
  const { error, stored }: Added = addsItself
    ? transactions.add(transactionalId, producer, [part])
    : { error: transactions.verify(transactionalId, producer, part) }
  return { error: error && translated(error, knowsAbortable), stored }
}

function translated(error: ErrorName, knowsAbortable: boolean): ErrorName {
  // Fatal to a producer that asks its coordinator; here it shall abort, and learn more by that.
  if (error === 'PRODUCER_FENCED') return 'INVALID_PRODUCER_EPOCH'
  if (error === 'TRANSACTION_ABORTABLE' && !knowsAbortable) return 'INVALID_TXN_STATE'
  return error
}
