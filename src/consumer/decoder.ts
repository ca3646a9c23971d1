import { codecById, type RecordBatch } from '../records/index.ts'
import type { Portion } from './portion.ts'

/**
 * Below this, a trip to the thread pool costs more than the work. Snappy gives back more than a
 * gigabyte a second: what the trip costs in CPU time, two threads that wake each other, is a good
 * part of what it moves away. A large batch still goes there, lest it hold up all others. LZ4 is
 * as fast, and works on this thread wherever it is called from.
 */
const INLINE_BYTES = 4096
const INLINE_BYTES_IF_FAST = 262_144
const SNAPPY = 2
const LZ4 = 3

/** Checks and decompresses batches, large ones on the thread pool while others are read. */
export class Decoder {
  readonly #checkCrcs: boolean
  /** Codecs that work without waiting: some must be loaded first. */
  readonly #loaded = new Set<number>([0])

  constructor(checkCrcs: boolean) {
    this.#checkCrcs = checkCrcs
  }

  /** Begins with a portion unless somebody has; tells when it had to wait and is done. */
  prime(portion: Portion, done: () => void): void {
    const { batch } = portion
    if (portion.is !== 'raw' || !batch) return
    try {
      if (this.#checkCrcs) batch.verifyCrc()
      if (this.#isQuick(batch)) return portion.decoded(batch.recordsSync())
    } catch (error) {
      return portion.spoilt(error)
    }
    portion.decoding()
    this.#decode(batch)
      .then(
        records => portion.decoded(records),
        error => portion.spoilt(error),
      )
      .then(done)
  }

  #isQuick(batch: RecordBatch): boolean {
    const { codec } = batch
    if (codec === 0 || codec === LZ4) return true
    const most = codec === SNAPPY ? INLINE_BYTES_IF_FAST : INLINE_BYTES
    return batch.bytes.length < most && this.#loaded.has(codec)
  }

  async #decode(batch: RecordBatch): Promise<Buffer> {
    const codec = codecById(batch.codec)
    await codec.ready()
    this.#loaded.add(codec.id)
    return batch.records()
  }
}
