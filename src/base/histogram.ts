/** Buckets per doubling: figures come out within a ninth of what was measured. */
const PER_DOUBLING = 8
const DOUBLINGS = 40

/** A moment's reading of a histogram, in the unit in which it was fed. */
export interface Distribution {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly average: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

/** Counts values by size in a fixed number of buckets: constant memory, no sorting. */
export class Histogram {
  readonly #buckets = new Float64Array(PER_DOUBLING * DOUBLINGS)
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  /** Takes a value of at least 0. */
  record(value: number): void {
    this.#buckets[bucketOf(value)]!++
    this.#count++
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  get count(): number {
    return this.#count
  }

  read(): Distribution {
    const count = this.#count
    return {
      count,
      sum: this.#sum,
      min: count === 0 ? 0 : this.#min,
      max: this.#max,
      average: count === 0 ? 0 : this.#sum / count,
      p50: this.#quantile(0.5),
      p90: this.#quantile(0.9),
      p99: this.#quantile(0.99),
    }
  }

  /** Forgets everything, for figures of one interval. */
  clear(): void {
    this.#buckets.fill(0)
    this.#count = 0
    this.#sum = 0
    this.#min = Number.POSITIVE_INFINITY
    this.#max = 0
  }

  #quantile(share: number): number {
    let left = Math.ceil(this.#count * share)
    if (left === 0) return 0
    for (let at = 0; at < this.#buckets.length; at++) {
      left -= this.#buckets[at]!
      if (left <= 0) return Math.min(Math.max(upperEdge(at), this.#min), this.#max)
    }
    return this.#max
  }
}

/** Values from a 1024th on; what is smaller shares the first bucket. */
function bucketOf(value: number): number {
  if (value <= 2 ** -10) return 0
  const at = Math.floor((Math.log2(value) + 10) * PER_DOUBLING)
  return Math.min(at, PER_DOUBLING * DOUBLINGS - 1)
}

function upperEdge(bucket: number): number {
  return 2 ** ((bucket + 1) / PER_DOUBLING - 10)
}
