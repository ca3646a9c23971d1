import { type Deferred, deferred } from '../../base/deferred.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import { parseBatch } from '../../records/batch-reader.ts'
import { readControlRecord, writeControlBatch } from '../../records/control.ts'
import { placeBatch } from '../../records/seal.ts'
import { type BatchFacts, batchFacts } from './batch-facts.ts'
import { LeaderEpochs } from './epochs.ts'
import { type KnownBatch, ProducerStates } from './producer-states.ts'
import { expiredSegments, type RetentionSettings } from './retention.ts'
import { NOTHING, Segment, type Slice } from './segment.ts'
import type { LogStorage } from './storage.ts'
import { type Marker, Transactions } from './transactions.ts'

/** The topic's settings that a log obeys, looked up at each use since they may be altered. */
export interface LogSettings {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly indexIntervalBytes: number
  /** Whether an append is done only when it is on the disk, rather than with the system. */
  readonly fsync: boolean
}

/** What became of a batch. */
export type AppendResult =
  | { readonly is: 'appended'; readonly baseOffset: number; readonly lastOffset: number }
  | { readonly is: 'duplicate'; readonly of: KnownBatch }
  | { readonly is: 'refused'; readonly code: ErrorName; readonly message: string }

export interface ReadLimits {
  readonly maxBytes: number
  /** The first batch comes whole even if it is larger than `maxBytes` (KIP-74). */
  readonly atLeastOne: boolean
  /** Batches from this offset on are not given: the high watermark, or the last stable offset. */
  readonly end: number
}

interface Waiting {
  readonly offset: number
  readonly done: Deferred<void>
}

/**
 * One partition's log: segments of record batches as their producers made them, with offset and
 * leader epoch filled in. Appending is immediate and gives the offsets; the high watermark follows
 * when the bytes are as safe as the settings ask, and readers see only what is below it.
 */
export class PartitionLog {
  readonly producers = new ProducerStates()
  readonly epochs = new LeaderEpochs()
  readonly transactions = new Transactions()
  /** Told how many bytes have become readable. */
  onReadable: (bytes: number) => void = () => {}
  /**
   * Told of a new segment, and of the first append after `cleaned`: there may be old ones to go.
   */
  onGrown: () => void = () => {}
  /** Up to there the log was compacted since it was opened. */
  cleanedTo = 0
  readonly #storage: LogStorage
  readonly #settings: () => LogSettings
  readonly #segments: Segment[]
  #startOffset: number
  #highWatermark: number
  #waiting: Waiting[] = []
  #unreadableBytes = 0
  #hasNewMarker = false
  #writing = false
  #isGrown = false
  #failure: Error | undefined

  /** `segments` are those that recovery found, in order; `start` is the kept start offset. */
  constructor(
    storage: LogStorage,
    settings: () => LogSettings,
    recovered: { readonly segments: readonly Segment[]; readonly startOffset: number } = {
      segments: [],
      startOffset: 0,
    },
  ) {
    this.#storage = storage
    this.#settings = settings
    this.#segments = [...recovered.segments]
    if (this.#segments.length === 0) this.#roll(recovered.startOffset)
    this.#startOffset = Math.max(recovered.startOffset, this.#segments[0]!.baseOffset)
    this.#highWatermark = this.endOffset
  }

  /** The first offset that can be read. */
  get startOffset(): number {
    return this.#startOffset
  }

  /** The offset that the next record gets. */
  get endOffset(): number {
    return this.#active.nextOffset
  }

  /** Records below it are safe, and can be read. */
  get highWatermark(): number {
    return this.#highWatermark
  }

  /** Below it every transaction is decided: the end of the log for read_committed readers. */
  get lastStableOffset(): number {
    const open = this.transactions.firstOpenOffset
    return open === undefined ? this.#highWatermark : Math.min(open, this.#highWatermark)
  }

  /** Bytes of all segments. */
  get size(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0)
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  /** Why nothing can be appended any more; undefined while all is well. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Gives a checked batch its offsets and takes it; its bytes are the log's from now on. */
  append(batch: Buffer, facts: BatchFacts, leaderEpoch: number, nowMs: number): AppendResult {
    if (this.#failure) {
      return { is: 'refused', code: 'KAFKA_STORAGE_ERROR', message: this.#failure.message }
    }
    const verdict = this.producers.check(facts)
    if (verdict.is !== 'new') return verdict
    if (!facts.isTransactional && this.transactions.open.has(facts.producerId)) {
      const message = `producer ${facts.producerId} has a transaction open here`
      return { is: 'refused', code: 'INVALID_TXN_STATE', message }
    }
    const segment = this.#segmentFor(batch.length, facts.maxTimestamp, nowMs)
    const baseOffset = segment.nextOffset
    const lastOffset = baseOffset + facts.lastOffset - facts.baseOffset
    placeBatch(batch, baseOffset, leaderEpoch)
    const placed: BatchFacts = { ...facts, baseOffset, lastOffset, leaderEpoch }
    if (segment.firstAppendMs < 0) segment.firstAppendMs = nowMs
    segment.append(batch, placed)
    this.note(placed, batch)
    this.#unreadableBytes += batch.length
    this.#makeReadable()
    if (!this.#isGrown) this.#grown()
    return { is: 'appended', baseOffset, lastOffset }
  }

  /** Ends a producer's transaction here. */
  appendMarker(marker: Marker, leaderEpoch: number, nowMs: number): AppendResult {
    const verdict = this.producers.checkMarker(marker)
    if (verdict?.is === 'refused') return verdict
    const is = marker.committed ? 'commit' : 'abort'
    const batch = writeControlBatch({ ...marker, is, timestamp: nowMs })
    return this.append(batch, batchFacts(batch), leaderEpoch, nowMs)
  }

  /** Whether a transaction of the producer has records here and is open, under that epoch. */
  hasOpenTransaction(producerId: bigint, producerEpoch: number): boolean {
    const isOpen = this.transactions.open.has(producerId)
    return isOpen && this.producers.get(producerId)?.epoch === producerEpoch
  }

  /**
   * Takes a batch into the state that follows from the log; recovery calls it for each. The bytes
   * are looked at in a control batch alone.
   */
  note(placed: BatchFacts, batch: Buffer | undefined): void {
    const { producerId, baseOffset } = placed
    this.epochs.note(placed.leaderEpoch, baseOffset)
    this.producers.record(placed)
    if (placed.isControl && batch) this.#noteMarker(placed, batch)
    else if (placed.isTransactional) this.transactions.wrote(producerId, baseOffset)
  }

  #noteMarker({ producerId, baseOffset }: BatchFacts, batch: Buffer): void {
    const cursor = parseBatch(batch).cursor()
    if (!cursor.next()) return
    const record = readControlRecord(cursor)
    if (record.is === 'other') return
    this.transactions.ended(producerId, record.is, baseOffset)
    this.#hasNewMarker = true
    this.producers.ended(producerId, record.coordinatorEpoch)
  }

  /** Resolves when everything before `offset` is as safe as the settings ask. */
  async stored(offset: number): Promise<void> {
    if (offset <= this.#highWatermark) return
    if (this.#failure) throw this.#failure
    const done = deferred<void>()
    this.#waiting.push({ offset, done })
    return done.promise
  }

  /** The batches from the one that holds `offset` on. */
  async read(offset: number, { maxBytes, atLeastOne, end }: ReadLimits): Promise<Slice> {
    if (offset >= end) return NOTHING
    for (let i = this.#segmentAt(offset); i < this.#segments.length; i++) {
      const segment = this.#segments[i]!
      if (segment.baseOffset >= end) break
      const slice = await segment.read(offset, end, maxBytes, atLeastOne)
      // A compacted segment may be empty, or end with a gap: then the next one holds what comes
      // after it.
      if (slice.size > 0 || (segment.size > 0 && offset < segment.nextOffset)) return slice
    }
    return NOTHING
  }

  /** The first readable batch with a record as late as `timestamp`, whole. */
  async batchAsLateAs(timestamp: number): Promise<Buffer | undefined> {
    for (const segment of this.#segments) {
      const batch = await segment.firstAsLateAs(timestamp, this.#startOffset)
      if (batch) return batchFacts(batch).baseOffset < this.#highWatermark ? batch : undefined
    }
    return undefined
  }

  /** The greatest timestamp of all records; -1 for an empty log. */
  get maxTimestamp(): number {
    return this.#segments.reduce((max, segment) => Math.max(max, segment.maxTimestamp), -1)
  }

  /** Moves the start of the log up; segments that end before it are deleted. */
  async deleteBefore(offset: number): Promise<void> {
    if (offset <= this.#startOffset) return
    this.#startOffset = Math.min(offset, this.#highWatermark)
    this.epochs.truncateStart(this.#startOffset)
    this.transactions.truncateStart(this.#startOffset)
    await this.#storage.keepStartOffset(this.#startOffset)
    while (this.#segments.length > 1 && this.#segments[0]!.nextOffset <= this.#startOffset) {
      const gone = this.#segments.shift()!
      await gone.unread()
      await gone.bytes.remove()
    }
  }

  /** Deletes what is too old or too much, in whole segments. */
  async deleteExpired(retention: RetentionSettings, nowMs: number): Promise<void> {
    const count = expiredSegments(this.#segments, retention, nowMs)
    if (count === 0) return
    // The active segment goes too where all is old: then what comes next begins another.
    if (count === this.#segments.length && this.#highWatermark === this.endOffset) {
      this.#roll(this.endOffset)
    }
    const first = this.#segments[Math.min(count, this.#segments.length - 1)]!
    await this.deleteBefore(first.baseOffset)
  }

  /** What grew was looked at; `onGrown` is to tell of more. */
  cleaned(): void {
    this.#isGrown = false
  }

  /** Starts a segment that may take the place of others. */
  newCleaned(baseOffset: number): Segment {
    const bytes = this.#storage.createCleaned(baseOffset)
    return new Segment(baseOffset, bytes, this.#settings().indexIntervalBytes)
  }

  /**
   * Puts a segment in the place of neighbours, none of them the active one. False if these are not
   * there any more; the new one is deleted then.
   */
  async replace(old: readonly Segment[], cleaned: Segment): Promise<boolean> {
    const at = this.#segments.indexOf(old[0]!)
    const isThere = old.every((segment, i) => this.#segments[at + i] === segment)
    if (at < 0 || !isThere || this.#failure) {
      await cleaned.bytes.remove()
      return false
    }
    const endOffset = this.#segments[at + old.length]!.baseOffset
    cleaned.firstAppendMs = old[0]!.firstAppendMs
    this.#segments.splice(at, old.length, cleaned)
    for (const segment of old) await segment.unread()
    await this.#storage.replace(
      old.map(({ baseOffset, bytes }) => ({ baseOffset, endOffset, bytes })),
      { baseOffset: cleaned.baseOffset, endOffset, bytes: cleaned.bytes },
    )
    return true
  }

  /** Writes what is still to be written, then closes the segments. */
  async close(): Promise<void> {
    if (!this.#failure) await this.stored(this.endOffset).catch(() => {})
    for (const segment of this.#segments) await segment.bytes.close()
  }

  /** Deletes the log for good. */
  async remove(): Promise<void> {
    this.#fail(new Error('the partition was deleted'))
    for (const segment of this.#segments) await segment.bytes.remove()
    await this.#storage.remove()
  }

  get #active(): Segment {
    return this.#segments[this.#segments.length - 1]!
  }

  #segmentFor(bytes: number, timestamp: number, nowMs: number): Segment {
    const active = this.#active
    const { segmentBytes, segmentMs } = this.#settings()
    const { size, firstTimestamp, firstAppendMs, nextOffset } = active
    const isFull = size > 0 && size + bytes > segmentBytes
    // By the records' own times where they have any, so that old ones can be told apart.
    const age =
      firstTimestamp >= 0 && timestamp >= 0 ? timestamp - firstTimestamp : nowMs - firstAppendMs
    const isOld = size > 0 && (firstTimestamp >= 0 || firstAppendMs >= 0) && age > segmentMs
    if (!isFull && !isOld) return active
    this.#grown()
    return this.#roll(nextOffset)
  }

  #grown(): void {
    this.#isGrown = true
    this.onGrown()
  }

  #roll(baseOffset: number): Segment {
    const { indexIntervalBytes } = this.#settings()
    const segment = new Segment(baseOffset, this.#storage.create(baseOffset), indexIntervalBytes)
    this.#segments.push(segment)
    return segment
  }

  /** The index of the last segment that starts at or before `offset`. */
  #segmentAt(offset: number): number {
    const at = this.#segments.findLastIndex(segment => segment.baseOffset <= offset)
    return Math.max(0, at)
  }

  #makeReadable(): void {
    if (this.#storage.immediate) this.#advance(this.endOffset)
    else if (!this.#writing) void this.#writeOut()
  }

  /** Writes until nothing is left; what is appended meanwhile goes out in the next round. */
  async #writeOut(): Promise<void> {
    this.#writing = true
    try {
      // Appends of the same turn of the event loop share one write.
      await Promise.resolve()
      while (this.#highWatermark < this.endOffset && !this.#failure) {
        const upTo = this.endOffset
        for (const segment of this.#segments.slice(this.#segmentAt(this.#highWatermark))) {
          await segment.bytes.flush(this.#settings().fsync)
        }
        this.#advance(upTo)
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#writing = false
    }
  }

  #advance(offset: number): void {
    this.#highWatermark = offset
    if (this.#waiting.length > 0) {
      const done = this.#waiting.filter(waiting => waiting.offset <= offset)
      this.#waiting = this.#waiting.filter(waiting => waiting.offset > offset)
      for (const waiting of done) waiting.done.resolve()
    }
    const bytes = this.#unreadableBytes
    this.#unreadableBytes = 0
    this.onReadable(bytes)
    if (!this.#hasNewMarker) return
    // What stood before a marker may be stable now, and be much more than the marker's bytes.
    this.#hasNewMarker = false
    this.onReadable(0)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    const waiting = this.#waiting
    this.#waiting = []
    for (const { done } of waiting) done.reject(this.#failure)
  }
}
