import { asError } from '../../errors.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import type { RecordBatch } from '../../records/index.ts'
import { BATCH_HEADER_BYTES, BatchWriter, parseBatch, sealBatch } from '../../records/index.ts'
import { batchFacts } from '../log/batch-facts.ts'
import type { ClusterState } from './cluster-state.ts'
import { SLOTS, slotOf } from './coordinators.ts'
import type { Partition } from './partition.ts'
import { Topic } from './topic.ts'

/** A log is written anew when it is larger than that, and several times what is alive in it. */
const COMPACT_BYTES = 1024 * 1024
const COMPACT_GROWTH = 4
/** Records of one batch when a log is written anew. */
const BATCH_RECORDS = 500
/** A record's own fields, beside key and value, at their largest. */
const RECORD_BYTES = 32

/** A record of a coordinator's log; a null value takes back what its key said before. */
export interface LogRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

/** The producer in whose transaction records are written. */
export interface TransactionalProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** What to answer of what can't be kept: Kafka would give the partition up to another broker. */
export const NOT_KEPT: ErrorName = 'NOT_COORDINATOR'

/**
 * A topic of the cluster's own in which coordinators keep what they know, as Kafka does; it comes
 * into being when it is first needed.
 *
 * Kafka leaves compaction to its cleaner. Here what is alive is in memory anyway, so a log that has
 * grown is written anew at its own end, and its start moved there: a crash in between leaves both
 * copies, which say the same.
 */
export class InternalTopic {
  readonly #cluster: ClusterState
  readonly #name: string
  /** All that is to be kept of the keys whose slot it is. */
  readonly #alive: (slot: number) => readonly LogRecord[]
  readonly #compacting = new Set<number>()
  /** How large a log was when it was last written anew. */
  readonly #compactSizes = new Map<number, number>()
  #making: Promise<Topic> | undefined

  constructor(cluster: ClusterState, name: string, alive: (slot: number) => readonly LogRecord[]) {
    this.#cluster = cluster
    this.#name = name
    this.#alive = alive
  }

  /** Makes the topic, where it is not there. Rejects if it can't be made. */
  async open(): Promise<Topic> {
    const known = this.#cluster.topics.named(this.#name)
    if (known) return known
    this.#making ??= this.#create().finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  /** The partition that keeps a key; undefined before the topic was opened. */
  partitionOf(key: string): Partition | undefined {
    const partitions = this.#cluster.topics.named(this.#name)?.partitions
    // It may have been made by hand, with another number of them.
    return partitions?.[slotOf(key) % partitions.length]
  }

  /** Whether what concerns a key can't be kept any more, since its log can't be written. */
  hasFailed(key: string): boolean {
    return this.partitionOf(key)?.log.failure !== undefined
  }

  /**
   * Writes records to an open topic, at once and in the order of the calls; resolves when they are
   * as safe as an acknowledged produce. Rejects when the log can't be written.
   */
  append(
    key: string,
    records: readonly LogRecord[],
    producer?: TransactionalProducer,
  ): Promise<void> {
    try {
      const partition = this.partitionOf(key)
      if (!partition) throw new Error(`${this.#name} is not there`)
      return this.#stored(partition, this.#write(partition, records, producer))
    } catch (error) {
      return Promise.reject(asError(error))
    }
  }

  /** All that is kept, in order. Throws what is wrong with it. */
  async *batches(): AsyncGenerator<{ readonly slot: number; readonly batch: RecordBatch }> {
    for (const { index, log } of this.#cluster.topics.named(this.#name)?.partitions ?? []) {
      for (const segment of log.segments) {
        for await (const bytes of segment.batches()) {
          const batch = parseBatch(bytes)
          if (batch.lastOffset >= log.startOffset) yield { slot: index, batch }
        }
      }
    }
  }

  async #create(): Promise<Topic> {
    const cluster = this.#cluster
    const ids = cluster.livingNodes.map(node => node.id)
    const factor = Math.min(cluster.settings.defaultReplicationFactor, ids.length)
    const replicasOf = (slot: number) =>
      Array.from({ length: factor }, (_, i) => ids[(slot + i) % ids.length]!)
    const made = await cluster.createTopic({
      name: this.#name,
      partitions: -1,
      replicationFactor: -1,
      assignments: Array.from({ length: SLOTS }, (_, slot) => replicasOf(slot)),
      config: {
        'cleanup.policy': 'compact',
        'compression.type': 'producer',
        'segment.bytes': String(COMPACT_BYTES),
      },
      isInternal: true,
    })
    if (made instanceof Topic) return made
    throw new Error(`${this.#name} can't be made: ${made.message}`)
  }

  async #stored(partition: Partition, end: number): Promise<void> {
    await partition.log.stored(end)
    void this.#compact(partition)
  }

  /** Gives the offset behind what was written. */
  #write(
    { log, leaderEpoch }: Partition,
    records: readonly LogRecord[],
    producer?: TransactionalProducer,
  ): number {
    const nowMs = this.#cluster.clock.epoch()
    const batch = batchOf(records, nowMs, producer)
    this.#cluster.forgetSilentProducers(log, nowMs)
    const result = log.append(batch, batchFacts(batch), leaderEpoch, nowMs)
    if (result.is === 'appended') return result.lastOffset + 1
    const why = result.is === 'refused' ? result.message : 'they are there already'
    throw new Error(`${this.#name} refuses records: ${why}`)
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
      const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0)
      this.#compactSizes.set(index, bytes)
    } catch (error) {
      const facts = { topic: this.#name, partition: index, error: asError(error) }
      this.#cluster.logger.log('error', 'broker:compaction-failed', facts)
    } finally {
      this.#compacting.delete(index)
    }
  }
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
