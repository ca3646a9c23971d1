import { type Deferred, deferred } from '../../base/deferred.ts'
import {
  type BatchFacts,
  baseOffsetAt,
  claimedSize,
  lastOffsetAt,
  maxTimestampAt,
} from './batch-facts.ts'
import { OffsetIndex } from './offset-index.ts'
import type { Run, SegmentBytes } from './storage.ts'

/** How far past an index entry one read goes while it looks for a batch. */
const LOOK_AHEAD_BYTES = 64 * 1024

/** Whole batches as a fetch answers them. */
export interface Slice {
  readonly chunks: readonly Buffer[]
  readonly size: number
  /** The offset after its last record; -1 for an empty one. */
  readonly nextOffset: number
}

export const NOTHING: Slice = { chunks: [], size: 0, nextOffset: -1 }

/** One segment of a partition's log: batches in order from `baseOffset` on, and their index. */
export class Segment {
  readonly baseOffset: number
  readonly bytes: SegmentBytes
  /** The offset after its last record. */
  nextOffset: number
  /** -1 while it is empty. */
  maxTimestamp = -1
  /** When its first batch came, by the wall clock: for `segment.ms`. */
  firstAppendMs = -1
  /** The greatest timestamp of its first batch, by which `segment.ms` counts; -1 without one. */
  firstTimestamp = -1
  readonly #index: OffsetIndex
  #readers = 0
  #idle: Deferred<void> | undefined

  constructor(baseOffset: number, bytes: SegmentBytes, indexEvery: number) {
    this.baseOffset = baseOffset
    this.nextOffset = baseOffset
    this.bytes = bytes
    this.#index = new OffsetIndex(indexEvery)
  }

  get size(): number {
    return this.bytes.size
  }

  append(batch: Buffer, facts: BatchFacts): void {
    this.note(facts, this.bytes.size)
    this.bytes.append(batch)
  }

  /** Enters a batch at `position` into the index, whose bytes are there or about to be. */
  note(facts: BatchFacts, position: number): void {
    if (position === 0) this.firstTimestamp = facts.maxTimestamp
    this.#index.note(facts.baseOffset, position, this.maxTimestamp)
    this.maxTimestamp = Math.max(this.maxTimestamp, facts.maxTimestamp)
    this.nextOffset = facts.lastOffset + 1
  }

  /**
   * The batches from the one that holds `offset` on, up to the first that starts at or behind
   * `end`: at most `maxBytes` of them, but the first one whole if `atLeastOne` (KIP-74).
   */
  read(offset: number, end: number, maxBytes: number, atLeastOne: boolean): Promise<Slice> {
    return this.#reading(() => this.#read(offset, end, maxBytes, atLeastOne))
  }

  async #read(offset: number, end: number, maxBytes: number, atLeastOne: boolean): Promise<Slice> {
    const from = this.#index.floor(offset)?.position ?? 0
    const first = await this.#find(from, (bytes, at) => lastOffsetAt(bytes, at) >= offset)
    if (first === undefined || first.baseOffset >= end) return NOTHING
    const wanted = Math.max(maxBytes, atLeastOne ? first.size : 0)
    if (wanted < first.size) return NOTHING
    const to = Math.min(first.position + wanted, this.bytes.size)
    const runs = await this.bytes.read(first.position, to)
    return wholeBatches(runs, first.position + wanted, end)
  }

  /** The first batch with a record as late as `timestamp` that reaches `offset`, whole. */
  firstAsLateAs(timestamp: number, offset: number): Promise<Buffer | undefined> {
    return this.#reading(() => this.#firstAsLateAs(timestamp, offset))
  }

  async #firstAsLateAs(timestamp: number, offset: number): Promise<Buffer | undefined> {
    if (this.maxTimestamp < timestamp) return undefined
    const from = this.#index.floorTime(timestamp)?.position ?? 0
    const fits = (bytes: Buffer, at: number) =>
      maxTimestampAt(bytes, at) >= timestamp && lastOffsetAt(bytes, at) >= offset
    const found = await this.#find(from, fits)
    return found && this.#batch(found)
  }

  /** Every batch in order, whole: for compaction, and for whoever rebuilds state from a log. */
  async *batches(): AsyncGenerator<Buffer> {
    let position = 0
    while (position < this.bytes.size) {
      const found = await this.#find(position, () => true)
      if (!found) return
      yield await this.#batch(found)
      position = found.position + found.size
    }
  }

  /** Resolves when nobody reads; to be asked after nobody can begin to. */
  async unread(): Promise<void> {
    if (this.#readers === 0) return
    this.#idle ??= deferred()
    await this.#idle.promise
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    this.#readers++
    try {
      return await read()
    } finally {
      if (--this.#readers === 0) this.#idle?.resolve()
    }
  }

  async #batch({ position, size }: FoundBatch): Promise<Buffer> {
    const runs = await this.bytes.read(position, position + size)
    const bytes = runs.length === 1 ? runs[0]!.bytes : Buffer.concat(runs.map(run => run.bytes))
    return bytes.subarray(0, size)
  }

  /** Walks the headers from `from` (a batch's start) to the first batch that `fits`. */
  async #find(
    from: number,
    fits: (bytes: Buffer, at: number) => boolean,
  ): Promise<FoundBatch | undefined> {
    let position = from
    while (position < this.bytes.size) {
      const before = position
      const to = Math.min(position + LOOK_AHEAD_BYTES, this.bytes.size)
      for (const run of await this.bytes.read(position, to)) {
        let at = position - run.position
        for (let size = claimedSize(run.bytes, at); size > 0; size = claimedSize(run.bytes, at)) {
          if (fits(run.bytes, at)) {
            return { position: run.position + at, size, baseOffset: baseOffsetAt(run.bytes, at) }
          }
          at += size
        }
        position = run.position + at
      }
      if (position === before) return undefined
    }
    return undefined
  }
}

interface FoundBatch {
  readonly position: number
  readonly size: number
  readonly baseOffset: number
}

/** Cuts runs off behind the last batch that ends by `limit` and starts before offset `end`. */
function wholeBatches(runs: readonly Run[], limit: number, end: number): Slice {
  const chunks: Buffer[] = []
  let size = 0
  let nextOffset = -1
  for (const { position, bytes } of runs) {
    const last = lastWhole(bytes, Math.min(bytes.length, limit - position), end)
    if (!last) break
    chunks.push(bytes.subarray(0, last.end))
    size += last.end
    nextOffset = lastOffsetAt(bytes, last.at) + 1
    if (last.end < bytes.length) break
  }
  return { chunks, size, nextOffset }
}

/** The last batch of a run that ends by `limit` and starts before offset `end`. */
function lastWhole(
  bytes: Buffer,
  limit: number,
  end: number,
): { readonly at: number; readonly end: number } | undefined {
  let last = -1
  let at = 0
  for (;;) {
    const size = claimedSize(bytes, at)
    if (size <= 0 || at + size > limit || baseOffsetAt(bytes, at) >= end) break
    last = at
    at += size
  }
  return last < 0 ? undefined : { at: last, end: at }
}
