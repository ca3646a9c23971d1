import { deferred } from '../base/deferred.ts'
import { asError, KafkaError } from '../errors.ts'
import { RecordsError } from '../records/index.ts'
import { Decoder } from './decoder.ts'
import type { ConsumerConfig } from './options.ts'
import type { ConsumedPartition } from './partition.ts'
import type { Portion } from './portion.ts'

/** How many batches are decompressed ahead of the one that is being handed out. */
const AHEAD = 4

export interface FeedEvents {
  /** There is room again for what this partition brings. */
  drained(partition: ConsumedPartition): void
  /** A batch was read to its end. */
  finished(portion: Portion): void
  /** A record can't be read, and is passed over or thrown. */
  bad(error: KafkaError, then: 'skip' | 'throw'): void
}

/**
 * What was fetched and waits for the program. Partitions that have something stand in a ring; each
 * gives one batch and goes to the end, so that none starves another.
 */
export class Feed {
  readonly #config: ConsumerConfig
  readonly #events: FeedEvents
  readonly #decoder: Decoder
  readonly #ring = new Set<ConsumedPartition>()
  readonly #errors: Error[] = []
  #news = deferred<void>()
  #closed = false

  constructor(config: ConsumerConfig, events: FeedEvents) {
    this.#config = config
    this.#events = events
    this.#decoder = new Decoder(config.checkCrcs)
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Takes in what a fetch brought, if the partition still wants it. */
  push(partition: ConsumedPartition, portions: readonly Portion[]): void {
    for (const portion of portions) {
      partition.portions.push(portion)
      partition.bufferedBytes += portion.bytes
    }
    this.offer(partition)
  }

  /** Puts a partition in the ring if it has something to give: after a fetch, or a resume. */
  offer(partition: ConsumedPartition): void {
    if (partition.portions.length === 0 || partition.paused || partition.leaving) return
    this.#ring.add(partition)
    this.#prime()
    this.#wake()
  }

  /** An error that the next to ask for records shall have. */
  fail(error: Error): void {
    this.#errors.push(error)
    this.#wake()
  }

  /**
   * The batch whose turn it is, if one is ready, of a partition that is welcome. Throws what must
   * be told first.
   */
  take(isWelcome?: (partition: ConsumedPartition) => boolean): Portion | undefined {
    const error = this.#errors.shift()
    if (error) throw error
    for (const partition of this.#ring) {
      if (isWelcome && !isWelcome(partition)) continue
      const portion = this.#headOf(partition)
      if (!portion || portion.is === 'decoding' || portion.is === 'raw') continue
      if (portion.problem !== undefined) {
        this.#passOver(portion)
        continue
      }
      partition.portions.shift()
      partition.epoch = portion.batch?.partitionLeaderEpoch ?? partition.epoch
      this.#ring.delete(partition)
      if (partition.portions.length > 0) this.#ring.add(partition)
      this.#prime()
      return portion
    }
    return undefined
  }

  /** More of the same partition that is ready now, for whoever takes several batches at a time. */
  takeAlso(partition: ConsumedPartition): Portion | undefined {
    const portion = this.#headOf(partition)
    if (portion?.is !== 'ready') return undefined
    partition.portions.shift()
    if (partition.portions.length === 0) this.#ring.delete(partition)
    this.#prime()
    return portion
  }

  /** Puts back what was taken of a partition and not read to its end. */
  giveBack(portions: readonly Portion[]): void {
    const current = portions.filter(portion => portion.isCurrent)
    const { partition } = current[0] ?? {}
    if (!partition) return
    for (const portion of current) portion.rewind()
    partition.portions.unshift(...current)
    this.offer(partition)
  }

  /** What was taken has been read: its memory is free. */
  finish(portion: Portion): void {
    portion.close()
    if (!portion.isCurrent) return
    const { partition } = portion
    partition.position = Math.max(partition.position, portion.nextOffset)
    partition.bufferedBytes -= portion.bytes
    this.#events.finished(portion)
    if (!partition.inFlight) this.#events.drained(partition)
  }

  /**
   * Something in a batch can't be read. By `on.bad.record` it is passed over, which is up to the
   * caller, or else this throws, and the batch comes again.
   */
  bad(portions: readonly Portion[], cause: unknown, offset: number, code?: string): void {
    const error = this.refusal(portions[0]!.partition, cause, offset, code)
    if (!error) return
    this.giveBack(portions)
    throw error
  }

  /** The error that shall be thrown for a record that can't be read; none if it is passed over. */
  refusal(
    partition: ConsumedPartition,
    cause: unknown,
    offset: number,
    code?: string,
  ): KafkaError | undefined {
    const error = badRecord(partition, offset, cause, code)
    const policy = this.#config.onBadRecord
    const verdict = typeof policy === 'function' ? policy(error) : policy
    this.#events.bad(error, verdict)
    return verdict === 'throw' ? error : undefined
  }

  /** Resolves when there may be something to take. */
  waiting(): Promise<void> {
    return this.#news.promise
  }

  /** Wakes whoever waits, that they look at the state of things. */
  wake(): void {
    this.#wake()
  }

  close(): void {
    this.#closed = true
    this.#ring.clear()
    this.#wake()
  }

  /** The first portion of a partition that is still to be had; drops it from the ring otherwise. */
  #headOf(partition: ConsumedPartition): Portion | undefined {
    const portion = partition.portions[0]
    if (portion?.isLive) return portion
    this.#ring.delete(partition)
    return undefined
  }

  #passOver(portion: Portion): void {
    const { partition, problem } = portion
    partition.portions.shift()
    if (partition.portions.length === 0) this.#ring.delete(partition)
    if (!portion.batch) {
      // Bytes that are no batch don't say where the next one begins: no policy can go on.
      const error = badRecord(partition, partition.position, problem)
      partition.fail(error)
      throw error
    }
    this.bad([portion], problem, partition.position)
    this.finish(portion)
  }

  /** Begins to decompress what will be handed out next: round by round, as the ring turns. */
  #prime(): void {
    let left = AHEAD
    for (let round = 0; left > 0; round++) {
      let found = false
      for (const partition of this.#ring) {
        const portion = partition.portions[round]
        if (!portion) continue
        found = true
        this.#decoder.prime(portion, () => this.#wake())
        if (--left === 0) return
      }
      if (!found) return
    }
  }

  #wake(): void {
    const news = this.#news
    this.#news = deferred()
    news.resolve()
  }
}

function badRecord(
  partition: ConsumedPartition,
  offset: number,
  cause: unknown,
  code?: string,
): KafkaError {
  const error = asError(cause)
  const { topic, partition: index } = partition
  const name = code ?? (cause instanceof RecordsError ? cause.code : 'CORRUPT_MESSAGE')
  return new KafkaError({
    code: name,
    message: `${topic} [${index}] @ ${offset} can't be read: ${error.message}`,
    hint: "seek past it, or set on.bad.record to 'skip' or to a function that decides",
    cause,
    at: { topic, partition: index, offset },
  })
}
