/**
 * The memory that one answer to a fetch lies in. Each of its batches holds it until its records are
 * decompressed, which puts them elsewhere; then the next answer may lie there. A batch that came
 * without compression is looked at by the program, and one that is dropped says nothing: of these
 * the memory is left to the collector. Whoever makes it holds it too, until all batches are known.
 */
export class FetchedMemory {
  #holders = 1
  readonly #giveBack: () => void

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack
  }

  hold(): void {
    this.#holders++
  }

  release(): void {
    if (--this.#holders === 0) this.#giveBack()
  }
}
