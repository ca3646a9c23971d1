import type { RecordBatch, RecordCursor } from '../records/index.ts'
import type { FetchedMemory } from './fetched-memory.ts'
import type { ConsumedPartition } from './partition.ts'

type Phase =
  | { readonly is: 'raw' }
  | { readonly is: 'decoding' }
  | { readonly is: 'ready'; readonly records: Buffer }
  | { readonly is: 'bad'; readonly error: unknown }
  | { readonly is: 'closed' }

/** Records that came without compression are copied up to here, lest a few hold a large answer. */
const COPIED_BYTES = 4_096

/** A batch whose records can be read. */
export interface Readable {
  readonly batch: RecordBatch
  readonly records: Buffer
}

/**
 * One fetched batch on its way to the program, and the offset at which its partition goes on when
 * its last record is processed: behind the batch, and behind what was left out after it.
 */
export class Portion {
  readonly partition: ConsumedPartition
  readonly generation: number
  /** What it counts of the bounded memory. */
  readonly bytes: number
  nextOffset: number
  readonly #memory: FetchedMemory | undefined
  #batch: RecordBatch | undefined
  #phase: Phase
  #cursor: RecordCursor | undefined

  constructor(
    partition: ConsumedPartition,
    batch: RecordBatch | undefined,
    nextOffset: number,
    memory?: FetchedMemory,
    problem?: unknown,
  ) {
    this.partition = partition
    this.#batch = batch
    this.generation = partition.generation
    this.bytes = batch?.bytes.length ?? 0
    this.nextOffset = nextOffset
    this.#memory = batch && memory
    this.#memory?.hold()
    this.#phase = problem === undefined ? { is: 'raw' } : { is: 'bad', error: problem }
  }

  /** None where all that was fetched is left out: then only the position moves. */
  get batch(): RecordBatch | undefined {
    return this.#batch
  }

  get is(): Phase['is'] {
    return this.#phase.is === 'raw' && !this.batch ? 'ready' : this.#phase.is
  }

  /** Whether it may be handed out: nobody sought, paused or took the partition since. */
  get isLive(): boolean {
    const { generation, paused, leaving } = this.partition
    return this.generation === generation && !paused && !leaving
  }

  /** Whether it still belongs to what the partition reads. */
  get isCurrent(): boolean {
    return this.generation === this.partition.generation
  }

  get problem(): unknown {
    return this.#phase.is === 'bad' ? this.#phase.error : undefined
  }

  decoding(): void {
    this.#phase = { is: 'decoding' }
  }

  decoded(records: Buffer): void {
    const { batch } = this
    const liesThere = records.buffer === batch?.bytes.buffer
    if (!this.#memory || !batch || (liesThere && records.length > COPIED_BYTES)) {
      this.#phase = { is: 'ready', records }
      return
    }
    this.#phase = { is: 'ready', records: liesThere ? Buffer.from(records) : records }
    this.#batch = batch.headerAlone()
    this.#memory.release()
  }

  spoilt(error: unknown): void {
    this.#phase = { is: 'bad', error }
  }

  /** Begins again at the partition's position, as when a loop was left with a record in work. */
  rewind(): void {
    this.#cursor = undefined
  }

  /**
   * Moves to the next record, the first of them being the one at the position; undefined behind
   * the last. Throws a RecordsError for a record that is not whole.
   */
  next(): RecordCursor | undefined {
    this.#cursor ??= this.#cursorFrom(this.partition.position)
    const cursor = this.#cursor
    return cursor?.next() ? cursor : undefined
  }

  /** What the program reads of it; undefined where it has nothing, or is not ready. */
  get readable(): Readable | undefined {
    const { batch } = this
    return batch && this.#phase.is === 'ready' ? { batch, records: this.#phase.records } : undefined
  }

  /**
   * It was read, and holds nothing any more. Having waited long it is in V8's old generation, where
   * a dead object keeps what it points to until the next collection of everything: records that are
   * looked at once would all live that long.
   */
  close(): void {
    this.#batch = undefined
    this.#cursor = undefined
    this.#phase = { is: 'closed' }
  }

  #cursorFrom(from: number): RecordCursor | undefined {
    const { readable } = this
    return readable && cursorFrom(readable, from)
  }
}

/**
 * A cursor whose first record is the first at or behind `from`, the position. A fetch brings whole
 * batches, so that there may be some from before what was asked for.
 */
export function cursorFrom({ batch, records }: Readable, from: number): RecordCursor {
  const cursor = batch.cursor(records)
  if (batch.baseOffset >= from) return cursor
  const scout = batch.cursor(records)
  while (scout.next() && scout.offset < from) cursor.next()
  return cursor
}
