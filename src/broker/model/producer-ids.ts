/** How many ids are taken at a time: what a crash wastes at most. */
const BLOCK = 1000

/** Gives out producer ids, none of them twice in the life of a cluster, restarts included. */
export class ProducerIds {
  #next: number
  #reserved: number
  readonly #onReserve: () => Promise<void>
  /** Resolves when the block from which ids are taken is kept. */
  #kept: Promise<void> = Promise.resolve()

  /** `onReserve` keeps `reserved` before any id of a new block is given out. */
  constructor(next: number, onReserve: () => Promise<void>) {
    this.#next = next
    this.#reserved = next
    this.#onReserve = onReserve
  }

  /** Ids below it may have been given out. */
  get reserved(): number {
    return this.#reserved
  }

  /** Rejects where a block can't be kept. */
  async take(): Promise<bigint> {
    const id = this.#next++
    if (id >= this.#reserved) this.#reserve(id)
    await this.#kept
    return BigInt(id)
  }

  #reserve(from: number): void {
    this.#reserved = from + BLOCK
    this.#kept = this.#onReserve().catch(error => {
      // Whoever comes next tries again.
      this.#reserved = from
      throw error
    })
  }
}
