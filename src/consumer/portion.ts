import type { RecordBatch, RecordCursor } from '../records/index.ts'
import type { ConsumedPartition } from './partition.ts'

type Phase =
  | { readonly is: 'raw' }
  | { readonly is: 'decoding' }
  | { readonly is: 'ready'; readonly records: Buffer }
  | { readonly is: 'bad'; readonly error: unknown }

/**
 * One fetched batch on its way to the program, and the offset at which its partition goes on when
 * its last record is processed: behind the batch, and behind what was left out after it.
 */
export class Portion {
  readonly partition: ConsumedPartition
  /** None where all that was fetched is left out: then only the position moves. */
  readonly batch: RecordBatch | undefined
  readonly generation: number
  /** What it counts of the bounded memory. */
  readonly bytes: number
  nextOffset: number
  #phase: Phase
  #cursor: RecordCursor | undefined

  constructor(
    partition: ConsumedPartition,
    batch: RecordBatch | undefined,
    nextOffset: number,
    problem?: unknown,
  ) {
    this.partition = partition
    this.batch = batch
    this.generation = partition.generation
    this.bytes = batch?.bytes.length ?? 0
    this.nextOffset = nextOffset
    this.#phase = problem === undefined ? { is: 'raw' } : { is: 'bad', error: problem }
  }

  get is(): Phase['is'] {
    return this.batch || this.#phase.is === 'bad' ? this.#phase.is : 'ready'
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
    this.#phase = { is: 'ready', records }
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
    this.#cursor ??= this.cursor()
    const cursor = this.#cursor
    return cursor?.next() ? cursor : undefined
  }

  /**
   * A cursor whose first record is the first at or behind `from`, the position. A fetch brings
   * whole batches, so that there may be some from before what was asked for.
   */
  cursor(from: number = this.partition.position): RecordCursor | undefined {
    if (!this.batch || this.#phase.is !== 'ready') return undefined
    const cursor = this.batch.cursor(this.#phase.records)
    if (this.batch.baseOffset >= from) return cursor
    const scout = this.batch.cursor(this.#phase.records)
    while (scout.next() && scout.offset < from) cursor.next()
    return cursor
  }
}
