import type { ClusterState } from '../model/cluster-state.ts'
import { InternalTopic } from '../model/internal-topic.ts'
import type { Partition } from '../model/partition.ts'
import { keyBytes, readTransactionRecord, stateBytes, type TransactionRecord } from './records.ts'
import type { TransactionState } from './states.ts'

export const TRANSACTIONS_TOPIC = '__transaction_state'

/** A transactional id and where it stands, as the log is to keep it. */
export interface Kept {
  readonly transactionalId: string
  readonly state: TransactionState
}

/** Keeps what becomes of transactional ids in the internal topic `__transaction_state`. */
export class TransactionLog {
  readonly #topic: InternalTopic

  /** `alive` gives all that is to be kept in a partition of the topic. */
  constructor(cluster: ClusterState, alive: (slot: number) => readonly Kept[]) {
    this.#topic = new InternalTopic(cluster, TRANSACTIONS_TOPIC, slot =>
      alive(slot).map(({ transactionalId, state }) => ({
        key: keyBytes(transactionalId),
        value: stateBytes(state),
      })),
    )
  }

  async open(): Promise<void> {
    await this.#topic.open()
  }

  partitionOf(transactionalId: string): Partition | undefined {
    return this.#topic.partitionOf(transactionalId)
  }

  /** Whether nothing of an id can be kept any more, since its log can't be written. */
  hasFailed(transactionalId: string): boolean {
    return this.#topic.hasFailed(transactionalId)
  }

  /** Keeps a state, null to forget the id; at once, and safe when the promise resolves. */
  append(transactionalId: string, state: TransactionState | null): Promise<void> {
    const record = { key: keyBytes(transactionalId), value: state && stateBytes(state) }
    return this.#topic.append(transactionalId, [record])
  }

  /** Everything that is kept, the oldest first. Throws what is wrong with it. */
  async *records(): AsyncGenerator<TransactionRecord> {
    for await (const { batch } of this.#topic.batches()) {
      const cursor = batch.cursor()
      while (cursor.next()) {
        const key = cursor.key()
        if (key !== null) yield readTransactionRecord(key, cursor.value())
      }
    }
  }
}
