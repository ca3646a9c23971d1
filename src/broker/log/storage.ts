/** A run of whole batches as it lies in a segment. */
export interface Run {
  /** Where it starts in the segment. */
  readonly position: number
  readonly bytes: Buffer
}

/** The bytes of one segment. Positions count from its start; batches are never cut by `append`. */
export interface SegmentBytes {
  /** Bytes appended so far, those that are still on their way to the disk included. */
  readonly size: number
  /** Takes a batch, which must not change any more, and does not wait. */
  append(batch: Buffer): void
  /** Resolves when all that was appended before is with the system, or `sync`ed to the disk. */
  flush(sync: boolean): Promise<void>
  /**
   * The bytes from a batch's start up to `to`, as runs in order, by reference where they are in
   * memory. Whoever asks may only ask for what was flushed. A run may go on beyond `to`.
   */
  read(from: number, to: number): Promise<readonly Run[]>
  /** Drops what lies behind `size`. */
  truncate(size: number): Promise<void>
  close(): Promise<void>
  /** Deletes the bytes for good. */
  remove(): Promise<void>
}

/** The bytes of a segment, and the offsets that are its own. */
export interface PlacedBytes {
  readonly baseOffset: number
  /** Where the next segment begins. */
  readonly endOffset: number
  readonly bytes: SegmentBytes
}

/** Where a partition's segments live. */
export interface LogStorage {
  /** Nothing has to be waited for: what was appended is as safe as it will ever be. */
  readonly immediate: boolean
  /** Starts an empty segment. */
  create(baseOffset: number): SegmentBytes
  /** Starts a segment that is no part of the log before it has taken the place of others. */
  createCleaned(baseOffset: number): SegmentBytes
  /**
   * Puts a flushed segment of `createCleaned` in the place of neighbours that nobody reads any
   * more, the first of which has its base offset. A crash leaves either these or that one.
   */
  replace(old: readonly PlacedBytes[], cleaned: PlacedBytes): Promise<void>
  /** Keeps the log's start offset, where it isn't that of the first segment. */
  keepStartOffset(offset: number): Promise<void>
  /** Deletes what is left after the segments are gone. */
  remove(): Promise<void>
}
