/** An aborted transaction in one partition, as read_committed readers must know it. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
  /** The offset of the marker that ended it. */
  readonly lastOffset: number
}

/** The transactions of a partition: which are open, and which were aborted. */
export class Transactions {
  readonly #open = new Map<bigint, number>()
  #aborted: AbortedTransaction[] = []

  /** Where the oldest open transaction begins; undefined if all are decided. */
  get firstOpenOffset(): number | undefined {
    let first: number | undefined
    for (const offset of this.#open.values()) {
      if (first === undefined || offset < first) first = offset
    }
    return first
  }

  /** Open transactions: where each producer's began. */
  get open(): ReadonlyMap<bigint, number> {
    return this.#open
  }

  /** A transactional batch was appended. */
  wrote(producerId: bigint, offset: number): void {
    if (!this.#open.has(producerId)) this.#open.set(producerId, offset)
  }

  /** A marker that ends the producer's transaction was appended at `offset`. */
  ended(producerId: bigint, how: 'abort' | 'commit', offset: number): void {
    const firstOffset = this.#open.get(producerId)
    this.#open.delete(producerId)
    if (how === 'commit' || firstOffset === undefined) return
    this.#aborted.push({ producerId, firstOffset, lastOffset: offset })
  }

  /** The aborted transactions that have records in offsets from `from` up to (without) `to`. */
  abortedIn(from: number, to: number): AbortedTransaction[] {
    return this.#aborted.filter(
      ({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < to,
    )
  }

  /** Forgets what lies before `offset`, where the log now starts. */
  truncateStart(offset: number): void {
    this.#aborted = this.#aborted.filter(({ lastOffset }) => lastOffset >= offset)
  }
}
