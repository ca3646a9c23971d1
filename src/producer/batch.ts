import type { Moves } from '../base/machine.ts'
import type { Publisher } from '../events.ts'
import type { Operation, OperationOutcome } from '../operations.ts'
import { BatchWriter } from '../records/batch-writer.ts'
import { BATCH_HEADER_BYTES } from '../records/layout.ts'
import { type BatchRecord, RecordCursor } from '../records/record-cursor.ts'
import { sealBatch } from '../records/seal.ts'
import type { Moment } from './delivery.ts'
import type { Tracked } from './tracked.ts'

/**
 * `open` takes records; `closing` is being compressed; `ready` may be sent, for the first time or
 * again; `inFlight` waits for its answer; `settled` has told every record's outcome.
 */
export type BatchPhase = 'open' | 'closing' | 'ready' | 'inFlight' | 'settled'

export const batchMoves: Moves<{ readonly is: BatchPhase }> = {
  open: ['closing', 'ready', 'settled'],
  closing: ['ready', 'settled'],
  ready: ['inFlight', 'settled'],
  inFlight: ['ready', 'settled'],
  settled: [],
}

/** Who vouches for a batch's place in its partition: producer id, epoch and first sequence. */
export interface Sequence {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly base: number
}

export interface BatchPlace {
  readonly topic: string
  readonly partition: number
}

/** Records of one partition that travel together. */
export class Batch {
  /** Tells it from others in events and logs. */
  readonly id: number
  /** How many records of its partition came before it: batches keep this order. */
  readonly ordinal: number
  readonly topic: string
  readonly partition: number
  readonly writer: BatchWriter
  readonly createdAt: number
  /** From when on it may be sent although there is room in it. */
  dueAt: number
  /** It takes no records after this, as they would share a deadline that is not theirs. */
  readonly freshUntil: number
  readonly deadline: number
  readonly transactional: boolean
  /** Those of its records whose outcome somebody waits for. */
  tracked: Tracked[] | undefined
  sequence: Sequence | undefined
  /** How often it has been sent, and when first. */
  sends = 0
  sentAt: number | undefined
  /** A request with it had no answer, so that it may be in the log. */
  maybePersisted = false
  /** Not to be sent again before then. */
  retryAt = 0
  /** Why it was not delivered when it was last tried. */
  problem: Error | undefined
  /** The try that is under way, where a tool takes part in it. */
  publishing: Operation<'publish'> | undefined
  #phase: BatchPhase = 'open'
  #codec = 0
  #compressed: Buffer | undefined
  readonly #publisher: Publisher | undefined

  constructor(
    id: number,
    ordinal: number,
    place: BatchPlace,
    buffer: Buffer,
    times: { createdAt: number; dueAt: number; freshUntil: number; deadline: number },
    transactional: boolean,
    publisher?: Publisher,
  ) {
    this.id = id
    this.ordinal = ordinal
    this.topic = place.topic
    this.partition = place.partition
    this.writer = new BatchWriter(buffer)
    this.createdAt = times.createdAt
    this.dueAt = times.dueAt
    this.freshUntil = times.freshUntil
    this.deadline = times.deadline
    this.transactional = transactional
    this.#publisher = publisher
  }

  get phase(): BatchPhase {
    return this.#phase
  }

  get count(): number {
    return this.writer.count
  }

  /** Bytes as they will be sent. */
  get size(): number {
    return this.#compressed ? BATCH_HEADER_BYTES + this.#compressed.length : this.writer.size
  }

  move(to: BatchPhase): void {
    if (!batchMoves[this.#phase].includes(to)) {
      throw new Error(`batch ${this.id} cannot move from ${this.#phase} to ${to}`)
    }
    const from = this.#phase
    this.#phase = to
    if (this.publishing && from === 'inFlight') this.published({ error: this.problem })
    if (this.#publisher?.heard('batch:moved')) this.#tellMoved(this.#publisher, from)
  }

  #tellMoved(publisher: Publisher, from: BatchPhase): void {
    const { id: batch, topic, partition, count: records, size: bytes, sends, sequence } = this
    publisher.publish('batch:moved', {
      batch,
      topic,
      partition,
      records,
      bytes,
      plainBytes: this.writer.size,
      sends,
      baseSequence: sequence?.base ?? -1,
      from,
      to: this.#phase,
      ...(sequence && { producerId: sequence.producerId, producerEpoch: sequence.producerEpoch }),
      ...(this.problem && { cause: this.problem }),
    })
  }

  /** What came of the try that was under way. */
  published(outcome: OperationOutcome<'publish'>): void {
    this.publishing?.end(outcome)
    this.publishing = undefined
  }

  /** Keeps the record that was put in last, whose outcome somebody waits for. */
  track(record: Tracked, taken: Moment): void {
    record.taken = taken
    record.index = this.count - 1
    this.keep(record)
  }

  /** The same, of a record that knows its place: it comes from a batch that is split. */
  keep(record: Tracked): void {
    if (this.tracked) this.tracked.push(record)
    else this.tracked = [record]
  }

  /** Takes the compressed body; a body that did not shrink is left as it is. */
  compressWith(codec: number, body: Buffer): void {
    if (body.length >= this.writer.size - BATCH_HEADER_BYTES) return
    this.#codec = codec
    this.#compressed = body
  }

  /** Its records as decoded from where they were encoded, for the rare time that one is wanted. */
  records(): Iterable<BatchRecord> {
    const { writer } = this
    const { count, baseTimestamp, maxTimestamp } = writer
    const facts = { baseOffset: 0, lastOffsetDelta: count - 1, count, baseTimestamp, maxTimestamp }
    return new RecordCursor({ ...facts, timestampType: 'CreateTime' }, writer.body())
  }

  /** Writes the header as things stand and gives the pieces to send. May be called again. */
  seal(): Buffer[] {
    const { writer, sequence } = this
    const fields = {
      codec: this.#codec,
      count: writer.count,
      baseTimestamp: writer.baseTimestamp,
      maxTimestamp: writer.maxTimestamp,
      transactional: this.transactional,
      ...(sequence && {
        producerId: sequence.producerId,
        producerEpoch: sequence.producerEpoch,
        baseSequence: sequence.base,
      }),
    }
    if (!this.#compressed) {
      const whole = writer.bytes()
      sealBatch(whole, fields)
      return [whole]
    }
    const header = writer.buffer.subarray(0, BATCH_HEADER_BYTES)
    sealBatch(header, fields, this.#compressed)
    return [header, this.#compressed]
  }
}
