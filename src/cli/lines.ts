const NEWLINE = 0x0a

/** A line that is longer than what a record may hold; its bytes were not kept. */
export interface OverlongLine {
  readonly overlong: number
}

export type Line = Buffer | OverlongLine

/**
 * Cuts chunks of bytes into lines at each newline, without decoding them. Lines are views of their
 * chunk where they lie in one. A line longer than `limit` is counted but not kept, so that input
 * without a newline can't fill the memory.
 */
export class LineSplitter {
  readonly #limit: number
  /** The pieces of a line that began in earlier chunks. */
  #pieces: Buffer[] = []
  #length = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  *push(chunk: Buffer): Generator<Line> {
    let at = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, at)
      if (end < 0) break
      yield this.#length === 0 ? this.#whole(chunk, at, end) : this.#joined(chunk, at, end)
      at = end + 1
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at))
  }

  /** The last line, where it does not end with a newline. */
  *end(): Generator<Line> {
    if (this.#length > 0) yield this.#joined(Buffer.alloc(0), 0, 0)
  }

  #whole(chunk: Buffer, from: number, to: number): Line {
    return to - from > this.#limit ? { overlong: to - from } : chunk.subarray(from, to)
  }

  #joined(chunk: Buffer, from: number, to: number): Line {
    this.#keep(chunk.subarray(from, to))
    const length = this.#length
    const line = length > this.#limit ? { overlong: length } : Buffer.concat(this.#pieces, length)
    this.#pieces = []
    this.#length = 0
    return line
  }

  #keep(piece: Buffer): void {
    this.#length += piece.length
    if (this.#length > this.#limit) this.#pieces = []
    else this.#pieces.push(piece)
  }
}
