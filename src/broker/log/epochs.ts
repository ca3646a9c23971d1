/** Where a leader's reign began in a partition's log. */
export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

/** The leader epochs of a partition and where each begins (KIP-101), as its batches tell them. */
export class LeaderEpochs {
  #starts: EpochStart[] = []

  get latest(): EpochStart | undefined {
    return this.#starts.at(-1)
  }

  /** Tells of each batch in order. */
  note(epoch: number, offset: number): void {
    const last = this.#starts.at(-1)
    if (!last || epoch > last.epoch) this.#starts.push({ epoch, startOffset: offset })
  }

  /** The epoch under which `offset` was written; -1 if that is not known. */
  at(offset: number): number {
    return this.#starts.findLast(start => start.startOffset <= offset)?.epoch ?? -1
  }

  /**
   * The largest known epoch that is not above `epoch`, and the offset where it ended:
   * `logEnd` for the latest. Undefined if all known epochs are above it.
   */
  endOf(epoch: number, logEnd: number): { epoch: number; endOffset: number } | undefined {
    const at = this.#starts.findLastIndex(start => start.epoch <= epoch)
    if (at < 0) return undefined
    return {
      epoch: this.#starts[at]!.epoch,
      endOffset: this.#starts[at + 1]?.startOffset ?? logEnd,
    }
  }

  /** Forgets epochs that ended before `offset`, where the log now starts. */
  truncateStart(offset: number): void {
    const at = this.#starts.findLastIndex(start => start.startOffset <= offset)
    if (at <= 0) return
    const [first, ...rest] = this.#starts.slice(at)
    this.#starts = [{ epoch: first!.epoch, startOffset: offset }, ...rest]
  }
}
