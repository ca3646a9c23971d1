import type { LogStorage, Run, SegmentBytes } from './storage.ts'

/** Blocks start small, since a cluster may have thousands of partitions that stay almost empty. */
const FIRST_BLOCK_BYTES = 4 * 1024
const LARGEST_BLOCK_BYTES = 1024 * 1024
/** A batch of that size is kept as it came, unless that would keep much else alive. */
const OWN_BLOCK_BYTES = 32 * 1024

/** Segments in memory: they end with the process. */
export const memoryStorage: LogStorage = {
  immediate: true,
  create: () => new MemoryBytes(),
  createCleaned: () => new MemoryBytes(),
  replace: async old => {
    for (const { bytes } of old) await bytes.remove()
  },
  keepStartOffset: async () => {},
  remove: async () => {},
}

interface Block {
  readonly start: number
  readonly bytes: Buffer
  used: number
}

/**
 * A segment as a list of blocks. A small batch is copied into the open block: kept as it came, it
 * would keep the whole chunk of the network alive, and cost an object of its own. A large batch
 * that owns (most of) its memory becomes a block itself, without a copy.
 */
export class MemoryBytes implements SegmentBytes {
  #blocks: Block[] = []
  size = 0

  append(batch: Buffer): void {
    const open = this.#blocks.at(-1)
    if (open && batch.length <= open.bytes.length - open.used) this.#copyInto(open, batch)
    else if (ownsItsMemory(batch)) this.#push(batch, batch.length)
    else this.#copyInto(this.#push(Buffer.allocUnsafeSlow(this.#roomFor(batch)), 0), batch)
    this.size += batch.length
  }

  async flush(): Promise<void> {}

  async read(from: number, to: number): Promise<readonly Run[]> {
    const runs: Run[] = []
    for (let i = this.#blockAt(from); i < this.#blocks.length; i++) {
      const { start, bytes, used } = this.#blocks[i]!
      if (start >= to) break
      const position = Math.max(start, from)
      runs.push({ position, bytes: bytes.subarray(position - start, used) })
    }
    return runs
  }

  async truncate(size: number): Promise<void> {
    this.#blocks = this.#blocks.filter(block => block.start < size)
    const last = this.#blocks.at(-1)
    // What readers hold must not be written over, so the block is closed to further batches.
    if (last) {
      const bytes = last.bytes.subarray(0, Math.min(last.used, size - last.start))
      this.#blocks[this.#blocks.length - 1] = { start: last.start, bytes, used: bytes.length }
    }
    this.size = Math.min(this.size, size)
  }

  async close(): Promise<void> {}

  async remove(): Promise<void> {
    this.#blocks = []
  }

  #roomFor(batch: Buffer): number {
    const doubled = this.#blocks.length === 0 ? FIRST_BLOCK_BYTES : this.size * 2
    return Math.max(batch.length, Math.min(doubled, LARGEST_BLOCK_BYTES))
  }

  #push(bytes: Buffer, used: number): Block {
    const block = { start: this.size, bytes, used }
    this.#blocks.push(block)
    return block
  }

  #copyInto(block: Block, batch: Buffer): void {
    batch.copy(block.bytes, block.used)
    block.used += batch.length
  }

  /** The index of the block that holds `position`. */
  #blockAt(position: number): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#blocks[middle]!.start <= position) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }
}

function ownsItsMemory(batch: Buffer): boolean {
  return batch.length >= OWN_BLOCK_BYTES && batch.length * 2 >= batch.buffer.byteLength
}
