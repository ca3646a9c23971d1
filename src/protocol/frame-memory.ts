/** Smaller frames die young, and cost nothing worth the trouble. */
const LARGE_BYTES = 512 * 1024
/** Memory is had in steps, so that the next answer, a little longer than this, has room in it. */
const STEP_BYTES = 128 * 1024
/** What lies here unused at most. */
const KEPT_BYTES = 16 * 1024 * 1024

/**
 * Memory of large frames that nobody looks at any more: the next of them are read to it. A fetched
 * answer waits longer than V8's young generation lasts, and each 64 MiB of those make it collect
 * the whole heap, whatever its size; they are also new pages for the kernel to clear each time.
 *
 * @example
 * const memory = new FrameMemory()
 * const splitter = new FrameSplitter(100_000_000, memory)
 * for (const frame of splitter.push(chunk)) {
 *   console.log(frame.length)
 *   memory.giveBack(frame)
 * }
 */
export class FrameMemory {
  #free: Buffer[] = []
  #freeBytes = 0
  #wasUsed = false
  /** Made here and not given back: no one else's memory is taken in, and none twice. */
  readonly #lent = new WeakSet<ArrayBufferLike>()

  /** Memory that lies here with room for a frame of `size` bytes. */
  take(size: number): Buffer | undefined {
    if (size < LARGE_BYTES) return undefined
    const at = this.#free.findIndex(({ length }) => length >= size)
    const [found] = at < 0 ? [] : this.#free.splice(at, 1)
    if (!found) return undefined
    this.#freeBytes -= found.length
    return this.#lend(found)
  }

  /** New memory, which may be given back when it is large. */
  make(size: number): Buffer {
    if (size < LARGE_BYTES) return Buffer.allocUnsafeSlow(size)
    return this.#lend(Buffer.allocUnsafeSlow(Math.ceil(size / STEP_BYTES) * STEP_BYTES))
  }

  #lend(memory: Buffer): Buffer {
    this.#wasUsed = true
    this.#lent.add(memory.buffer)
    return memory
  }

  /**
   * Takes the memory in which `part` lies, if it is of a large frame; what has lain here longest
   * makes room for it. Nobody may look at any part of that frame afterwards.
   */
  giveBack({ buffer }: Buffer): void {
    if (!this.#lent.delete(buffer)) return
    this.#free.push(Buffer.from(buffer))
    this.#freeBytes += buffer.byteLength
    while (this.#freeBytes > KEPT_BYTES) this.#freeBytes -= this.#free.shift()!.length
  }

  /**
   * Nothing came just now. Said twice without any use in between, it lets go of what lies here: a
   * broker that has nothing for a moment is not yet one that is idle.
   */
  rest(): void {
    if (!this.#wasUsed) {
      this.#free = []
      this.#freeBytes = 0
    }
    this.#wasUsed = false
  }
}
