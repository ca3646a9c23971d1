import { type RecordBatch, readControlRecord } from '../../../records/index.ts'
import type { ClusterState } from '../../model/cluster-state.ts'
import { InternalTopic, type TransactionalProducer } from '../../model/internal-topic.ts'
import type { Entry } from './entry.ts'
import { readRecord, recordOf } from './records.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'

/** What the log says; entries of a transaction count when it is committed. */
export type Replayed =
  | { readonly is: 'entry'; readonly entry: Entry; readonly producerId: bigint | undefined }
  | { readonly is: 'end'; readonly producerId: bigint; readonly committed: boolean }

/** Told of the log's contents in their order, with the number of the partition that holds them. */
export type ReplayListener = (replayed: Replayed, slot: number) => void

/**
 * Keeps groups and their offsets in the internal topic `__consumer_offsets`, in Kafka's own format.
 * The topic comes into being with the first record.
 */
export class GroupLog {
  readonly #topic: InternalTopic
  #opening: Promise<void> | undefined
  #isOpen = false

  /** `alive` gives all that is to be kept of the groups whose slot it is. */
  constructor(cluster: ClusterState, alive: (slot: number) => readonly Entry[]) {
    const records = (slot: number) => alive(slot).map(recordOf)
    this.#topic = new InternalTopic(cluster, OFFSETS_TOPIC, records)
  }

  /** Whether nothing of a group can be kept any more, since its log can't be written. */
  hasFailed(groupId: string): boolean {
    return this.#topic.hasFailed(groupId)
  }

  /**
   * Writes entries in the order of the calls, those of a call as one batch; resolves when they are
   * as safe as an acknowledged produce. Rejects when the log can't be written.
   */
  async append(
    groupId: string,
    entries: readonly Entry[],
    producer?: TransactionalProducer,
  ): Promise<void> {
    if (entries.length === 0) return
    // As they are now: what they are about may change while the topic is made.
    const records = entries.map(recordOf)
    await this.#open(groupId)
    await this.#topic.append(groupId, records, producer)
  }

  /**
   * All wait for one promise, so that they go on in the order in which they came: else one that
   * comes when the topic has just been made would overtake those that wait for its making.
   */
  async #open(groupId: string): Promise<void> {
    // Made once; again if it was deleted since.
    if (this.#isOpen && !this.#topic.partitionOf(groupId)) this.#opening = undefined
    this.#opening ??= this.#topic.open().then(() => {
      this.#isOpen = true
    })
    try {
      await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  /** Tells everything that is kept. Throws what is wrong with it. */
  async replay(told: ReplayListener): Promise<void> {
    for await (const { slot, batch } of this.#topic.batches()) readBatch(batch, slot, told)
  }
}

function readBatch(batch: RecordBatch, slot: number, told: ReplayListener): void {
  const { producerId } = batch
  const cursor = batch.cursor()
  while (cursor.next()) {
    if (batch.isControl) {
      const { is } = readControlRecord(cursor)
      if (is !== 'other') told({ is: 'end', producerId, committed: is === 'commit' }, slot)
      continue
    }
    const key = cursor.key()
    if (key === null) continue
    const entry = readRecord(key, cursor.value())
    if (!entry) continue
    told({ is: 'entry', entry, producerId: batch.isTransactional ? producerId : undefined }, slot)
  }
}
