/** What a request that may not be written just now will do later, when it is known over which. */
export interface Parked<Way> {
  go(over: Way): void
  giveUp(cause: Error): void
}

/**
 * Requests that are held back while a connection proves again who it is, or gives way to another
 * (KIP-368): a broker refuses everything else between the first and the last message of that.
 */
export class Parking<Way> {
  #closed = false
  #parked: Parked<Way>[] = []

  /** Whether requests are to wait here. */
  get holds(): boolean {
    return this.#closed
  }

  get size(): number {
    return this.#parked.length
  }

  hold(): void {
    this.#closed = true
  }

  add(request: Parked<Way>): void {
    this.#parked.push(request)
  }

  /** Lets all go over `way`, in the order in which they came. */
  release(way: Way): void {
    this.#closed = false
    for (const request of this.#take()) request.go(way)
  }

  giveUp(cause: Error): void {
    this.#closed = false
    for (const request of this.#take()) request.giveUp(cause)
  }

  #take(): Parked<Way>[] {
    const parked = this.#parked
    this.#parked = []
    return parked
  }
}
