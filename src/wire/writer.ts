import { parseUuid } from './uuid.ts'

/** Where in a Writer's output some bytes stand that are to be filled in later. */
export interface Mark {
  readonly buffer: Buffer
  readonly at: number
}

/** Below this a copy costs less than one more piece of a `writev`. */
const LEAST_REFERENCE = 1_024

/**
 * Writes Kafka's primitive types. Small things go to a scratch buffer that grows; large buffers
 * are kept by reference, so `chunks()` can be handed to one `writev` without a copy.
 */
export class Writer {
  #chunks: Buffer[] = []
  #closedBytes = 0
  #scratch: Buffer
  /** Where the current run of small things starts in the scratch buffer, and where it ends. */
  #start = 0
  #at = 0

  constructor(scratchSize = 512) {
    this.#scratch = Buffer.allocUnsafe(scratchSize)
  }

  /** Bytes written so far, those kept by reference included. */
  get size(): number {
    return this.#closedBytes + this.#at - this.#start
  }

  bool(value: boolean): void {
    this.uint8(value ? 1 : 0)
  }

  int8(value: number): void {
    const at = this.#reserve(1)
    this.#scratch[at] = value
  }

  uint8(value: number): void {
    const at = this.#reserve(1)
    this.#scratch[at] = value
  }

  int16(value: number): void {
    const at = this.#reserve(2)
    this.#scratch[at] = value >> 8
    this.#scratch[at + 1] = value
  }

  uint16(value: number): void {
    this.int16(value)
  }

  int32(value: number): void {
    const at = this.#reserve(4)
    this.#scratch[at] = value >> 24
    this.#scratch[at + 1] = value >> 16
    this.#scratch[at + 2] = value >> 8
    this.#scratch[at + 3] = value
  }

  uint32(value: number): void {
    this.int32(value | 0)
  }

  /** A whole number of at most 2^53-1 as an int64. */
  int64(value: number): void {
    this.int32(Math.floor(value / 4294967296))
    this.int32(value | 0)
  }

  bigint64(value: bigint): void {
    const at = this.#reserve(8)
    this.#scratch.writeBigInt64BE(value, at)
  }

  float64(value: number): void {
    const at = this.#reserve(8)
    this.#scratch.writeDoubleBE(value, at)
  }

  uuid(text: string): void {
    const bytes = parseUuid(text)
    const at = this.#reserve(16)
    bytes.copy(this.#scratch, at)
  }

  uvarint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.uint8((rest & 0x7f) | 0x80)
      rest = Math.floor(rest / 128)
    }
    this.uint8(rest)
  }

  /** A zigzag varint; any whole number up to 2^52 either way. */
  varint(value: number): void {
    this.uvarint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** UTF-8 without a length; `size` is its length in bytes, which the caller had to know. */
  string(text: string, size: number): void {
    const at = this.#reserve(size)
    this.#scratch.utf8Write(text, at, size)
  }

  /** Copies `bytes`. */
  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#scratch.set(bytes, at)
  }

  /** Takes `chunk` by reference, unless it is small: it must not change until it has been sent. */
  reference(chunk: Buffer): void {
    if (chunk.length < LEAST_REFERENCE) return this.bytes(chunk)
    this.#close()
    this.#chunks.push(chunk)
    this.#closedBytes += chunk.length
  }

  /** Leaves four bytes to be filled in by `patch`, such as a length that is known later. */
  markInt32(): Mark {
    const at = this.#reserve(4)
    return { buffer: this.#scratch, at }
  }

  patch(mark: Mark, value: number): void {
    mark.buffer.writeInt32BE(value, mark.at)
  }

  /** Everything written, in order, without joining it. The writer must not be used after this. */
  chunks(): Buffer[] {
    this.#close()
    return this.#chunks
  }

  /** Everything written, as one buffer. */
  toBuffer(): Buffer {
    const chunks = this.chunks()
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  }

  /** Claims room for `size` bytes in the scratch buffer, which may be another one afterwards. */
  #reserve(size: number): number {
    const at = this.#at
    if (at + size > this.#scratch.length) return this.#grow(size)
    this.#at = at + size
    return at
  }

  /** Starts a new scratch buffer; a mark into the old one stays good because that one is kept. */
  #grow(size: number): number {
    this.#close()
    this.#scratch = Buffer.allocUnsafe(Math.max(size, Math.min(this.#scratch.length * 2, 65_536)))
    this.#start = 0
    this.#at = size
    return 0
  }

  #close(): void {
    if (this.#at === this.#start) return
    this.#chunks.push(this.#scratch.subarray(this.#start, this.#at))
    this.#closedBytes += this.#at - this.#start
    this.#start = this.#at
  }
}
