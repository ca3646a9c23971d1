import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { TopicInfo } from '../cluster/metadata.ts'
import { KafkaError, MessageTooLargeError } from '../errors.ts'
import { type Publisher, tap } from '../events.ts'
import { recordBytes } from '../records/encoding.ts'
import { BATCH_HEADER_BYTES } from '../records/layout.ts'
import { Batch } from './batch.ts'
import { BufferMemory } from './buffer-memory.ts'
import { type Content, type Moment, type ProducerRecord, timestampOf } from './delivery.ts'
import type { ProducerConfig } from './options.ts'
import { PartitionQueue } from './partition-queue.ts'
import { nextSticky, pick, type TopicPartitions } from './partitioner.ts'
import { checkTopicName } from './records.ts'
import type { Tracked } from './tracked.ts'

type AnyRecord = ProducerRecord<unknown, unknown>

/** A record that waits for its topic. */
export interface WaitingEntry {
  readonly record: AnyRecord
  readonly content: Content
  readonly taken: Moment
  readonly tracked: Tracked | undefined
  readonly deadline: number
  readonly size: number
}

/** A topic as the accumulator sees it. */
export interface Topic extends TopicPartitions {
  readonly name: string
  info: TopicInfo | undefined
  readonly queues: (PartitionQueue | undefined)[]
  /** In order; while there is any, whatever comes for this topic waits behind. */
  waiting: WaitingEntry[]
  /** Metadata is not to be asked for it before then: the last answer lacked a partition. */
  askAgainAt: number
  stickyBytes: number
  /** The topic's `max.message.bytes`, once it is known. */
  limit: number
}

export interface AccumulatorListener {
  /** There is something new to look at: a batch was opened, closed, or a topic is wanted. */
  wake(): void
  /** A batch was closed, and is to be made ready for sending. */
  closed(batch: Batch): void
  /** A record that had to wait for its topic is in a batch now. */
  admitted(entry: WaitingEntry, batch: Batch): void
  /** A record that had to wait for its topic can't be taken. */
  refused(entry: WaitingEntry, error: KafkaError): void
}

const appended = tap('record:appended')
const WAITING_OVERHEAD_BYTES = 128
const FIRST_BUFFER_BYTES = 4_096
/** Batches of a partition are alike, but not the same: room for a larger one is no copy later. */
const SPARE = 1.25
/** How long a record waits for a partition of a known topic: others of its topic wait behind. */
const NEW_PARTITION_MS = 1_000
/** A batch that nobody fetched for so long takes no more records, as they share its deadline. */
const STALE_SHARE = 0.1

/**
 * Where records wait: one queue of batches a partition. A record is encoded once, straight into
 * the open batch of its partition, and nothing of it is kept unless somebody waits for its outcome.
 */
export class Accumulator {
  readonly memory: BufferMemory
  readonly topics = new Map<string, Topic>()
  /** The topics for which records wait until more is known of them. */
  readonly wanted = new Set<Topic>()
  /** The queues that hold anything, in the order in which they are to be served. */
  readonly active = new Set<PartitionQueue>()
  /** Records that were taken and are not settled. */
  records = 0
  readonly #config: ProducerConfig
  readonly #clock: Clock
  readonly #random: Random
  readonly #publisher: Publisher
  readonly #listener: AccumulatorListener
  readonly #capacity: number
  readonly #transactional: boolean
  readonly #compresses: boolean
  #batches = 0

  constructor(
    config: ProducerConfig,
    world: { clock: Clock; random: Random; publisher: Publisher },
    listener: AccumulatorListener,
  ) {
    this.#config = config
    this.#clock = world.clock
    this.#random = world.random
    this.#publisher = world.publisher
    this.#listener = listener
    this.memory = new BufferMemory(config.bufferMemory, world.clock, world.publisher)
    this.#compresses = config.compressionType !== 'none'
    this.#transactional = config.transactionalId !== undefined
    this.#capacity = Math.min(config.batchSize, config.maxRequestSize)
  }

  /** Takes a record in, or throws a BufferFullError or MessageTooLargeError and changes nothing. */
  append(record: AnyRecord, content: Content, taken: Moment, tracked: Tracked | undefined): void {
    if (this.records >= this.#config.queueBufferingMaxMessages) throw this.#tooMany()
    const topic = this.topics.get(record.topic) ?? this.#newTopic(record.topic)
    const known = topic.partitions.length
    if (topic.waiting.length > 0 || known === 0) {
      this.#wait(topic, record, content, taken, tracked)
      return
    }
    const partition = record.partition ?? this.#pick(topic, content)
    if (partition >= known) this.#wait(topic, record, content, taken, tracked)
    else this.#place(topic, partition, record, content, taken, tracked)
  }

  /** Takes in what is known of the topics that records were produced to. */
  learnAll(known: ReadonlyMap<string, TopicInfo>): void {
    for (const name of this.topics.keys()) {
      const info = known.get(name)
      if (info) this.learn(info)
    }
  }

  /** Takes in what is known of a topic now, and the records that waited for it. */
  learn(info: TopicInfo): void {
    const topic = this.topics.get(info.name)
    if (!topic || topic.info === info) return
    topic.info = info
    topic.partitions = info.partitions
    topic.available = info.partitions.filter(each => each.leader >= 0)
    const waiting = topic.waiting
    topic.waiting = []
    this.wanted.delete(topic)
    for (const [index, waiter] of waiting.entries()) {
      this.memory.release(waiter.size)
      this.records--
      try {
        this.#admit(topic, waiter)
      } catch (error) {
        const why = this.#whyWaitOn(error, waiter)
        if (!why) {
          this.#listener.refused(waiter, asKafkaError(error))
          continue
        }
        this.#waitAgain(topic, waiting.slice(index), why)
        return
      }
    }
  }

  /** A fresh batch for records of one that is split; its place in the order is given. */
  partOf(from: Batch, queue: PartitionQueue, ordinal: number): Batch {
    const size = from.writer.size
    const buffer = this.memory.takeEvenPastLimit(size)
    const { createdAt, deadline } = from
    const times = { createdAt, dueAt: 0, freshUntil: 0, deadline }
    return new Batch(
      ++this.#batches,
      ordinal,
      queue,
      buffer,
      times,
      from.transactional,
      this.#publisher,
    )
  }

  /** Somebody waits for space: what is open is to go, whether it lingered or not. */
  hurry(): void {
    this.#listener.wake()
  }

  /** Closes the open batch of a queue, so that it can be sent. */
  close(queue: PartitionQueue): void {
    const batch = queue.open
    if (!batch) return
    queue.open = undefined
    queue.lastSize = batch.writer.size
    queue.closedRecords += batch.count
    queue.waiting.push(batch)
    this.#listener.closed(batch)
  }

  /** Gives back what a settled batch held. */
  release(batch: Batch, reusable: boolean): void {
    this.memory.give(batch.writer.buffer, reusable)
  }

  #admit(topic: Topic, waiter: WaitingEntry): void {
    const { record, content, taken, tracked } = waiter
    const partition = record.partition ?? this.#pick(topic, content)
    const { length } = topic.partitions
    if (partition >= length) {
      const has = length === 1 ? 'one partition' : `${length} partitions`
      throw new KafkaError({
        code: 'UNKNOWN_TOPIC_OR_PARTITION',
        message: `${topic.name} has ${has}, and no [${partition}]`,
        hint: 'leave the partition out, or add partitions to the topic',
        at: { topic: topic.name, partition },
      })
    }
    const batch = this.#place(topic, partition, record, content, taken, tracked)
    this.#listener.admitted(waiter, batch)
  }

  /** Lets go of what waits for a topic, as far as its deadline is past. */
  expireWaiting(topic: Topic, now: number): WaitingEntry[] {
    const alive = topic.waiting.findIndex(entry => entry.deadline > now)
    const late = alive < 0 ? topic.waiting : topic.waiting.slice(0, alive)
    topic.waiting = alive < 0 ? [] : topic.waiting.slice(alive)
    if (topic.waiting.length === 0) this.wanted.delete(topic)
    for (const entry of late) this.memory.release(entry.size)
    this.records -= late.length
    return late
  }

  #pick(topic: Topic, { key = null, value = null }: Content): number {
    const { partitioner } = this.#config
    const chosen = pick(partitioner, topic.name, key, value, topic, this.#random)
    if (typeof partitioner !== 'function') return chosen
    if (Number.isInteger(chosen) && chosen >= 0 && chosen < topic.partitions.length) return chosen
    throw new KafkaError({
      code: 'INVALID_PARTITION',
      message: `the partitioner chose ${chosen} for ${topic.name}`,
      hint: `it must give a whole number from 0 to ${topic.partitions.length - 1}`,
      at: { topic: topic.name },
    })
  }

  #place(
    topic: Topic,
    partition: number,
    record: AnyRecord,
    content: Content,
    taken: Moment,
    tracked: Tracked | undefined,
  ): Batch {
    let queue = topic.queues[partition]
    if (!queue) {
      queue = new PartitionQueue(topic.name, partition)
      topic.queues[partition] = queue
    }
    const open = queue.open
    const before = open ? open.writer.size : 0
    const timestamp = timestampOf(record, taken)
    const fits = open && taken.now <= open.freshUntil && put(open, timestamp, content)
    const batch = fits ? open : this.#placeSlowly(topic, queue, timestamp, content, taken)
    if (tracked) batch.track(tracked, taken)
    this.records++
    if (appended.hasSubscribers) this.#tellAppended(batch, content, batch === open ? before : 0)
    if (topic.sticky === partition) {
      this.#wearOff(topic, batch.writer.size - (batch === open ? before : 0))
    }
    return batch
  }

  #tellAppended(batch: Batch, { key = null }: Content, before: number): void {
    const { topic, partition, id, count: batchRecords, writer } = batch
    this.#publisher.publish('record:appended', {
      topic,
      partition,
      batch: id,
      key,
      bytes: writer.size - Math.max(before, BATCH_HEADER_BYTES),
      batchRecords,
      batchBytes: writer.size,
      queued: this.records,
    })
  }

  /** The open batch has no room, or there is none: it grows, or a new one is opened. */
  #placeSlowly(
    topic: Topic,
    queue: PartitionQueue,
    timestamp: number,
    content: Content,
    taken: Moment,
  ): Batch {
    const size = BATCH_HEADER_BYTES + payloadBytes(content)
    if (size > this.#config.maxRequestSize) throw this.#tooLarge(topic.name, size)
    const capacity = this.#capacityFor(topic)
    if (size > topic.limit && !this.#compresses) throw overTopicLimit(topic, size)
    const now = this.#clock.now()
    const open = queue.open
    const grew = open && taken.now <= open.freshUntil && this.#grow(open, size, capacity, now)
    if (grew && put(open, timestamp, content)) return open
    if (open) this.close(queue)
    const likely = queue.lastSize * SPARE || FIRST_BUFFER_BYTES
    const wanted = Math.max(size, Math.min(capacity, likely))
    const most = Math.max(size, capacity)
    const buffer = this.memory.take(wanted, most) ?? this.memory.take(size)
    if (!buffer) throw this.memory.full(size)
    const batch = this.#open(queue, buffer, now)
    put(batch, timestamp, content)
    return batch
  }

  /** How large a batch may grow: a topic's limit says little of one that will be compressed. */
  #capacityFor({ limit }: Topic): number {
    return this.#config.compressionType === 'none'
      ? Math.min(this.#capacity, limit)
      : this.#capacity
  }

  #open(queue: PartitionQueue, buffer: Buffer, now: number): Batch {
    const { lingerMs, deliveryTimeoutMs } = this.#config
    const times = {
      createdAt: now,
      dueAt: now + lingerMs,
      freshUntil: now + Math.max(lingerMs, deliveryTimeoutMs * STALE_SHARE),
      deadline: now + deliveryTimeoutMs,
    }
    const batch = new Batch(
      ++this.#batches,
      queue.closedRecords,
      queue,
      buffer,
      times,
      this.#transactional,
      this.#publisher,
    )
    queue.open = batch
    this.active.add(queue)
    this.memory.serve(this.active.size * this.#capacity)
    if (this.#publisher.heard('batch:opened')) {
      const { topic, partition, id } = batch
      const facts = { topic, partition, batch: id, records: 0, bytes: 0, baseSequence: -1 }
      this.#publisher.publish('batch:opened', facts)
    }
    this.#listener.wake()
    return batch
  }

  /** Moves the open batch to a larger buffer, as long as it is young and below `batch.size`. */
  #grow(batch: Batch, recordSize: number, capacity: number, now: number): boolean {
    const { writer } = batch
    if (now > batch.freshUntil) return false
    if (writer.buffer.length >= capacity) return false
    const wanted = Math.max(writer.buffer.length * 2, writer.size + recordSize)
    if (wanted > capacity && writer.size + recordSize > capacity) return false
    const larger = this.memory.take(Math.min(wanted, capacity), capacity)
    if (!larger) return false
    const smaller = writer.buffer
    writer.moveTo(larger)
    this.memory.give(smaller)
    return true
  }

  /** After a batch's worth of keyless records the next partition has its turn (KIP-794). */
  #wearOff(topic: Topic, bytes: number): void {
    topic.stickyBytes += bytes
    if (topic.stickyBytes < this.#config.batchSize) return
    topic.stickyBytes = 0
    topic.sticky = nextSticky(topic, at => topic.queues[at]?.length ?? 0, this.#random)
  }

  #newTopic(name: string): Topic {
    checkTopicName(name)
    const topic: Topic = {
      name,
      info: undefined,
      partitions: [],
      available: [],
      queues: [],
      waiting: [],
      askAgainAt: 0,
      sticky: -1,
      turn: 0,
      stickyBytes: 0,
      limit: Number.POSITIVE_INFINITY,
    }
    this.topics.set(name, topic)
    this.#listener.wake()
    return topic
  }

  #wait(
    topic: Topic,
    record: AnyRecord,
    given: Content,
    taken: Moment,
    tracked: Tracked | undefined,
  ): void {
    // The caller may use the record's object for the next one by the time that this has its turn.
    const content = { key: given.key, value: given.value, headers: given.headers }
    const payload = payloadBytes(content)
    if (payload + BATCH_HEADER_BYTES > this.#config.maxRequestSize) {
      throw this.#tooLarge(record.topic, payload + BATCH_HEADER_BYTES)
    }
    const size = payload + WAITING_OVERHEAD_BYTES
    if (!this.memory.reserve(size)) throw this.memory.full(size)
    const deadline = this.#clock.now() + this.#config.deliveryTimeoutMs
    topic.waiting.push({ record, content, taken, tracked, deadline, size })
    this.records++
    if (this.#publisher.heard('record:waiting')) {
      this.#publisher.publish('record:waiting', { topic: topic.name, queued: this.records })
    }
    if (topic.waiting.length > 1) return
    this.wanted.add(topic)
    this.#listener.wake()
  }

  /**
   * Packed into batches records may take more than they were counted for: the rest waits for space.
   * And a partition that was added a moment ago is not known to every broker at once.
   */
  #whyWaitOn(error: unknown, { taken }: WaitingEntry): 'space' | 'partition' | undefined {
    if (!(error instanceof KafkaError)) return undefined
    if (error.code === 'BUFFER_FULL') return 'space'
    const isYoung = this.#clock.now() - taken.now < NEW_PARTITION_MS
    return error.code === 'UNKNOWN_TOPIC_OR_PARTITION' && isYoung ? 'partition' : undefined
  }

  /** The first of them was just let go, so that it may take its place even past the limit. */
  #waitAgain(topic: Topic, entries: WaitingEntry[], why: 'space' | 'partition'): void {
    if (why === 'space') topic.info = undefined
    else topic.askAgainAt = this.#clock.now() + this.#config.retryBackoffMs
    topic.waiting = entries
    this.wanted.add(topic)
    this.memory.reserve(entries[0]!.size, true)
    this.records++
  }

  #tooLarge(topic: string, size: number): MessageTooLargeError {
    const limit = this.#config.maxRequestSize
    return new MessageTooLargeError({
      message: `a record for ${topic} takes ${size} bytes, more than max.request.size (${limit})`,
      hint: 'raise max.request.size here, and max.message.bytes of the topic on the broker',
      at: { topic },
      size,
      limit,
    })
  }

  #tooMany(): KafkaError {
    return this.memory.full(0)
  }
}

function put({ writer }: Batch, timestamp: number, { key, value, headers }: Content): boolean {
  return writer.append(timestamp, key ?? null, value ?? null, headers)
}

function payloadBytes({ key = null, value = null, headers }: Content): number {
  return recordBytes(key, value, headers)
}

function overTopicLimit({ name: topic, limit }: Topic, size: number): MessageTooLargeError {
  return new MessageTooLargeError({
    message: `a record for ${topic} takes ${size} bytes, more than its max.message.bytes (${limit})`,
    hint: 'raise max.message.bytes of the topic on the broker, or compress',
    at: { topic },
    size,
    limit,
  })
}

function asKafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new KafkaError({ code: 'PARTITIONER_FAILED', message, cause: error })
}
