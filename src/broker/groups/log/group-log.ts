import { asError } from '../../../errors.ts'
import {
  BATCH_HEADER_BYTES,
  BatchWriter,
  parseBatch,
  readControlRecord,
  sealBatch,
} from '../../../records/index.ts'
import { batchFacts } from '../../log/batch-facts.ts'
import type { PartitionLog } from '../../log/partition-log.ts'
import type { ClusterState } from '../../model/cluster-state.ts'
import { SLOTS, slotOf } from '../../model/coordinators.ts'
import type { Partition } from '../../model/partition.ts'
import { Topic } from '../../model/topic.ts'
import { type Entry, type LogRecord, readRecord } from './records.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'

/** A log is written anew when it has grown beyond that, and to several times what lives in it. */
const COMPACT_BYTES = 1024 * 1024
const COMPACT_GROWTH = 4
/** Records of one batch when a log is written anew. */
const BATCH_RECORDS = 500
/** A record's own fields, beside key and value, at their largest. */
const RECORD_BYTES = 32

/** The producer in whose transaction records are written. */
export interface TransactionalProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** What a batch of the log says; those of a transaction count when it is committed. */
export type Replayed =
  | { readonly is: 'entry'; readonly entry: Entry; readonly producerId: bigint | undefined }
  | { readonly is: 'end'; readonly producerId: bigint; readonly committed: boolean }

/** Told of the log's contents in their order, with the number of the partition that holds them. */
export type ReplayListener = (replayed: Replayed, slot: number) => void

/**
 * Keeps groups and their offsets in the internal topic `__consumer_offsets`, in Kafka's own format.
 * The topic comes into being with the first record, as in Kafka.
 *
 * Kafka leaves compaction to its cleaner. Here what is alive is in memory anyway, so a log that has
 * grown is written anew at its own end, and its start moved there: a crash in between leaves both
 * copies, which say the same.
 */
export class GroupLog {
  readonly #cluster: ClusterState
  /** All that is to be kept of the groups whose slot it is. */
  readonly #alive: (slot: number) => LogRecord[]
  readonly #compacting = new Set<number>()
  /** How large a log was when it was last written anew. */
  readonly #compactSizes = new Map<number, number>()
  #topic: Promise<Topic> | undefined

  constructor(cluster: ClusterState, alive: (slot: number) => LogRecord[]) {
    this.#cluster = cluster
    this.#alive = alive
  }

  /**
   * Writes records in the order of the calls; resolves when they are as safe as an acknowledged
   * produce. Rejects when the log can't be written.
   */
  async append(
    groupId: string,
    records: readonly LogRecord[],
    producer?: TransactionalProducer,
  ): Promise<void> {
    if (records.length === 0) return
    const topic = await this.#open()
    const partition = partitionOf(topic, groupId)
    const end = this.#write(partition, records, producer)
    await partition.log.stored(end)
    void this.#compact(partition)
  }

  /** Tells everything that is kept. Throws what is wrong with it. */
  async replay(told: ReplayListener): Promise<void> {
    const topic = this.#cluster.topics.named(OFFSETS_TOPIC)
    for (const { index, log } of topic?.partitions ?? []) {
      for (const segment of log.segments) {
        for await (const batch of segment.batches()) readBatch(batch, index, log, told)
      }
    }
  }

  async #open(): Promise<Topic> {
    this.#topic ??= this.#create()
    try {
      const topic = await this.#topic
      if (this.#cluster.topics.named(OFFSETS_TOPIC) === topic) return topic
    } catch (error) {
      this.#topic = undefined
      throw error
    }
    // Somebody has deleted it.
    this.#topic = this.#create()
    return this.#topic
  }

  async #create(): Promise<Topic> {
    const cluster = this.#cluster
    const known = cluster.topics.named(OFFSETS_TOPIC)
    if (known) return known
    const ids = cluster.livingNodes.map(node => node.id)
    const factor = Math.min(cluster.settings.defaultReplicationFactor, ids.length)
    const replicasOf = (slot: number) =>
      Array.from({ length: factor }, (_, i) => ids[(slot + i) % ids.length]!)
    const made = await cluster.createTopic({
      name: OFFSETS_TOPIC,
      partitions: -1,
      replicationFactor: -1,
      // As the coordinators lie, so that each leads the partition that keeps its groups.
      assignments: Array.from({ length: SLOTS }, (_, slot) => replicasOf(slot)),
      config: {
        'cleanup.policy': 'compact',
        'compression.type': 'producer',
        'segment.bytes': String(COMPACT_BYTES),
      },
      isInternal: true,
    })
    if (made instanceof Topic) return made
    throw new Error(`${OFFSETS_TOPIC} can't be made: ${made.message}`)
  }

  /** Gives the offset behind what was written. */
  #write(
    { log, leaderEpoch }: Partition,
    records: readonly LogRecord[],
    producer?: TransactionalProducer,
  ): number {
    const nowMs = this.#cluster.clock.epoch()
    const batch = batchOf(records, nowMs, producer)
    const result = log.append(batch, batchFacts(batch), leaderEpoch, nowMs)
    if (result.is !== 'appended') throw new Error(`${OFFSETS_TOPIC} refuses records: ${result.is}`)
    return result.lastOffset + 1
  }

  async #compact(partition: Partition): Promise<void> {
    const { index, log } = partition
    const alive = this.#compactSizes.get(index) ?? 0
    if (log.size < COMPACT_BYTES + COMPACT_GROWTH * alive || this.#compacting.has(index)) return
    // What an open transaction has written must stay until it is decided.
    if (log.transactions.firstOpenOffset !== undefined) return
    this.#compacting.add(index)
    try {
      const from = log.endOffset
      const records = this.#alive(index)
      let end = from
      for (let i = 0; i < records.length; i += BATCH_RECORDS) {
        end = this.#write(partition, records.slice(i, i + BATCH_RECORDS))
      }
      await log.stored(end)
      await log.deleteBefore(from)
      this.#compactSizes.set(
        index,
        records.reduce((sum, record) => sum + sizeOf(record), 0),
      )
    } catch (error) {
      const facts = { topic: OFFSETS_TOPIC, partition: index, error: asError(error) }
      this.#cluster.logger.log('error', 'broker:compaction-failed', facts)
    } finally {
      this.#compacting.delete(index)
    }
  }
}

/** Where a group's records are kept; the topic may have been made by hand with fewer partitions. */
function partitionOf({ partitions }: Topic, groupId: string): Partition {
  return partitions[slotOf(groupId) % partitions.length]!
}

function sizeOf({ key, value }: LogRecord): number {
  return key.length + (value?.length ?? 0) + RECORD_BYTES
}

function batchOf(
  records: readonly LogRecord[],
  timestamp: number,
  producer: TransactionalProducer | undefined,
): Buffer {
  const bytes = records.reduce((sum, record) => sum + sizeOf(record), BATCH_HEADER_BYTES)
  const writer = new BatchWriter(Buffer.allocUnsafeSlow(bytes))
  for (const { key, value } of records) writer.append(timestamp, key, value)
  const batch = writer.bytes()
  sealBatch(batch, {
    count: records.length,
    baseTimestamp: timestamp,
    maxTimestamp: timestamp,
    ...(producer ? { ...producer, transactional: true } : {}),
  })
  return batch
}

function readBatch(bytes: Buffer, slot: number, log: PartitionLog, told: ReplayListener): void {
  const batch = parseBatch(bytes)
  if (batch.lastOffset < log.startOffset) return
  const cursor = batch.cursor()
  while (cursor.next()) {
    if (batch.isControl) {
      const { is } = readControlRecord(cursor)
      const { producerId } = batch
      if (is !== 'other') told({ is: 'end', producerId, committed: is === 'commit' }, slot)
      continue
    }
    const key = cursor.key()
    if (key === null) continue
    const producerId = batch.isTransactional ? batch.producerId : undefined
    told({ is: 'entry', entry: readRecord(key, cursor.value()), producerId }, slot)
  }
}
