import { backoffMs } from './base/backoff.ts'
import { type Clock, sleep, systemClock } from './base/clock.ts'
import { type Random, systemRandom } from './base/random.ts'
import type { Consumer } from './consumer/consumer.ts'
import type { MessageBatch } from './consumer/message-batch.ts'
import { asError, KafkaError, StateError } from './errors.ts'
import { runWithin } from './operations.ts'
import type { Producer, TransactionScope } from './producer/producer.ts'

/** How a batch is worked on, and how often where something passing stands in the way. */
export interface ReadProcessWriteOptions<Key, Value, OutKey, OutValue> {
  /** Makes of a batch what is to be written; it may be called again with the same batch. */
  readonly eachBatch: (
    batch: MessageBatch<Key, Value>,
    tx: TransactionScope<OutKey, OutValue>,
  ) => void | Promise<void>
  /** How often a batch is tried in all, where its transaction fails. Default: 10. */
  readonly attempts?: number
  /** The wait before the second try in milliseconds; it doubles. Default: 100. */
  readonly backoffMs?: number
  /** The longest wait. Default: 10,000. */
  readonly maxBackoffMs?: number
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * Reads, works and writes exactly once (KIP-98, KIP-447): what is made of a batch, and that it was
 * read, become visible in one transaction or not at all. Whoever reads the output with
 * `isolation.level=read_committed` finds each input's once, whatever was killed meanwhile.
 *
 * The consumer has a `group.id` and has subscribed; the producer has a `transactional.id` of its
 * own, which it keeps over restarts. Nothing else commits: set `enable.auto.commit` to false.
 *
 * A transaction that fails for something passing (a coordinator that moves, a rebalance) is aborted
 * and the batch tried again, unless its partition has gone to another member, who will begin there.
 * Resolves after `stop()` or `close()` of the consumer. Rejects, the transaction aborted and the
 * position kept, with what `eachBatch` threw; and with a FencedError, when another producer with
 * the same `transactional.id` has taken over: then close both, and do not go on.
 *
 * @example
 * await consumer.subscribe(['orders'])
 * await readProcessWrite(consumer, producer, {
 *   eachBatch: (batch, tx) => {
 *     for (const { key, value } of batch) tx.produce({ topic: 'bills', key, value: bill(value) })
 *   },
 * })
 */
export async function readProcessWrite<Key, Value, OutKey, OutValue>(
  consumer: Consumer<Key, Value>,
  producer: Producer<OutKey, OutValue>,
  options: ReadProcessWriteOptions<Key, Value, OutKey, OutValue>,
): Promise<void> {
  // Without a group nothing would be kept of what was read: better to hear of it now.
  consumer.groupMetadata()
  for await (const batch of consumer.batches()) {
    await runWithin(batch, () => processBatch(consumer, producer, batch, options))
  }
}

async function processBatch<Key, Value, OutKey, OutValue>(
  consumer: Consumer<Key, Value>,
  producer: Producer<OutKey, OutValue>,
  batch: MessageBatch<Key, Value>,
  options: ReadProcessWriteOptions<Key, Value, OutKey, OutValue>,
): Promise<void> {
  const { attempts = 10, clock = systemClock, random = systemRandom } = options
  const { backoffMs: initialMs = 100, maxBackoffMs: maxMs = 10_000 } = options
  for (let attempt = 1; !batch.signal.aborted; attempt++) {
    try {
      return await inTransaction(consumer, producer, batch, options)
    } catch (thrown) {
      const error = asError(thrown)
      // Aborted, and another member has the partition by now: nothing is left to be done here.
      if (batch.signal.aborted && !isFatal(error)) return
      if (!isPassing(error) || attempt >= attempts) throw error
      await finishAbort(producer)
      await sleep(clock, backoffMs({ initialMs, maxMs }, attempt, random), batch.signal)
    }
  }
}

async function inTransaction<Key, Value, OutKey, OutValue>(
  consumer: Consumer<Key, Value>,
  producer: Producer<OutKey, OutValue>,
  batch: MessageBatch<Key, Value>,
  { eachBatch }: ReadProcessWriteOptions<Key, Value, OutKey, OutValue>,
): Promise<void> {
  let isProcessed = false
  try {
    await producer.transaction(async tx => {
      await eachBatch(batch, tx)
      // Who we are now may be somebody that joined anew and does not own this partition: its commit
      // would be taken, beside that of the owner. What was never given up can't be another's.
      if (batch.signal.aborted) throw batch.signal.reason
      const { topic, partition, nextOffset: offset } = batch
      await tx.sendOffsets([{ topic, partition, offset }], consumer.groupMetadata())
      isProcessed = true
    })
  } catch (error) {
    if (!isProcessed || !isUndecided(error)) throw error
    await finishCommit(producer)
  }
}

/** The commit was asked for and not answered: the same call again finds out, or does it. */
async function finishCommit<Key, Value>(producer: Producer<Key, Value>): Promise<void> {
  for (;;) {
    try {
      return await producer.commitTransaction()
    } catch (error) {
      if (!isUndecided(error)) throw error
    }
  }
}

/** As a rule the transaction is aborted by now; where that was not answered, it is asked again. */
async function finishAbort<Key, Value>(producer: Producer<Key, Value>): Promise<void> {
  for (;;) {
    try {
      return await producer.abortTransaction()
    } catch (error) {
      if (error instanceof StateError) return
      if (!isUndecided(error)) throw error
    }
  }
}

function isUndecided(error: unknown): boolean {
  return error instanceof KafkaError && error.retriable && !error.abortable && !error.fatal
}

function isPassing(error: Error): boolean {
  return error instanceof KafkaError && !error.fatal && (error.retriable || error.abortable)
}

function isFatal(error: Error): boolean {
  return error instanceof KafkaError && error.fatal
}
