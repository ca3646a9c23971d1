/** What was measured since it was last read. */
export class Window {
  #count = 0
  #sum = 0
  #max = Number.NEGATIVE_INFINITY

  record(value: number): void {
    this.#count++
    this.#sum += value
    this.#max = Math.max(this.#max, value)
  }

  /** Gives it and begins anew; undefined where nothing was measured. */
  read(): { readonly avg: number; readonly max: number; readonly sum: number } | undefined {
    const [count, sum, max] = [this.#count, this.#sum, this.#max]
    this.#count = 0
    this.#sum = 0
    this.#max = Number.NEGATIVE_INFINITY
    return count === 0 ? undefined : { avg: sum / count, max, sum }
  }
}
