/** Where to start looking for a batch. */
export interface IndexEntry {
  /** The base offset of a batch. */
  readonly offset: number
  /** Where that batch starts in its segment. */
  readonly position: number
}

/**
 * A segment's sparse index, in memory alone: one entry for every so many bytes. It serves offsets
 * and times, since both only grow: an entry also keeps the greatest timestamp of all that stands
 * before it. What lies between two entries is found by walking the batches' headers.
 */
export class OffsetIndex {
  readonly #every: number
  readonly #offsets: number[] = []
  readonly #positions: number[] = []
  readonly #greatestBefore: number[] = []

  /** `every`: as `index.interval.bytes` of the topic. */
  constructor(every: number) {
    this.#every = every
  }

  get entries(): number {
    return this.#offsets.length
  }

  /** Tells of each batch in order; `greatestBefore` is the greatest timestamp of earlier ones. */
  note(offset: number, position: number, greatestBefore: number): void {
    const last = this.#positions.length - 1
    if (last >= 0 && position - this.#positions[last]! < this.#every) return
    this.#offsets.push(offset)
    this.#positions.push(position)
    this.#greatestBefore.push(greatestBefore)
  }

  /** The last entry at or before `offset`. */
  floor(offset: number): IndexEntry | undefined {
    return this.#entry(lastNotAbove(this.#offsets, offset))
  }

  /** The last entry at or before `position`. */
  floorPosition(position: number): IndexEntry | undefined {
    return this.#entry(lastNotAbove(this.#positions, position))
  }

  /** The last entry before which every record is older than `timestamp`. */
  floorTime(timestamp: number): IndexEntry | undefined {
    // Timestamps are whole milliseconds: older than t is at most t - 1.
    return this.#entry(lastNotAbove(this.#greatestBefore, timestamp - 1))
  }

  /** Forgets the entries at and behind `position`. */
  truncate(position: number): void {
    const keep = lastNotAbove(this.#positions, position - 1) + 1
    this.#offsets.length = keep
    this.#positions.length = keep
    this.#greatestBefore.length = keep
  }

  #entry(at: number): IndexEntry | undefined {
    if (at < 0) return undefined
    return { offset: this.#offsets[at]!, position: this.#positions[at]! }
  }
}

/** The index of the last number that is not above `limit`, in ascending numbers; -1 for none. */
function lastNotAbove(numbers: readonly number[], limit: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numbers[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
