/** The end of a producer's transaction, as it is written into each of its partitions. */
export interface Marker {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly committed: boolean
  readonly coordinatorEpoch: number
  /** 2 where each transaction has an epoch of its own (KIP-890), else 0 or 1. */
  readonly transactionVersion: number
}

/** An aborted transaction in one partition, as read_committed readers must know it. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
  /** The offset of the marker that ended it. */
  readonly lastOffset: number
}

interface IndexedAbort extends AbortedTransaction {
  /** Below it every transaction was decided when this one was: those behind it began later. */
  readonly stableOffset: number
}

/** The transactions of a partition: which are open, and which were aborted. */
export class Transactions {
  readonly #open = new Map<bigint, number>()
  /** In order of their markers. */
  readonly #aborted: IndexedAbort[] = []

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
    const stableOffset = this.firstOpenOffset ?? offset + 1
    this.#aborted.push({ producerId, firstOffset, lastOffset: offset, stableOffset })
  }

  /** The aborted transactions that have records in offsets from `from` up to (without) `to`. */
  abortedIn(from: number, to: number): AbortedTransaction[] {
    const found: AbortedTransaction[] = []
    for (let i = this.#firstEndedAt(from); i < this.#aborted.length; i++) {
      const { stableOffset, ...aborted } = this.#aborted[i]!
      if (aborted.firstOffset < to) found.push(aborted)
      if (stableOffset >= to) break
    }
    return found
  }

  /** Forgets what lies before `offset`, where the log now starts. */
  truncateStart(offset: number): void {
    this.#aborted.splice(0, this.#firstEndedAt(offset))
  }

  /** The index of the first aborted transaction whose marker is not before `offset`. */
  #firstEndedAt(offset: number): number {
    let low = 0
    let high = this.#aborted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#aborted[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
