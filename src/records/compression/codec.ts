import { RecordsError } from '../records-error.ts'

export type CodecName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** The levels of a codec, as Kafka's `compression.<codec>.level` (KIP-390) takes them. */
export interface CodecLevels {
  readonly min: number
  readonly max: number
  readonly default: number
}

/**
 * A way to compress a batch's records. The input must not change before the promise settles: it
 * may be read from another thread. Decompression throws a RecordsError for bytes that are not the
 * codec's, and for an output of more than `maxBytes`, before that much is allocated.
 */
export interface Codec {
  /** What the lowest three bits of a batch's attributes say. */
  readonly id: number
  readonly name: CodecName
  readonly levels: CodecLevels | null
  /** Resolves when the synchronous ways work: at once, but for what must be loaded first. */
  ready(): Promise<void>
  /** On the thread pool where there is one to use and the input is worth the trip. */
  compress(input: Buffer, level?: number): Promise<Buffer>
  compressSync(input: Buffer, level?: number): Buffer
  decompress(input: Buffer, maxBytes: number): Promise<Buffer>
  decompressSync(input: Buffer, maxBytes: number): Buffer
}

/** Below this, a trip to the thread pool costs more than the work. */
export const INLINE_BYTES = 4096

export const alwaysReady = async (): Promise<void> => {}

/** A view of the same bytes as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function badData(
  codec: CodecName,
  why: string,
  position = 0,
  cause?: unknown,
): RecordsError {
  const message = `records that ${codec} can't have compressed: ${why} (byte ${position})`
  return new RecordsError('CORRUPT_MESSAGE', message, position, cause)
}

export function tooLarge(codec: CodecName, maxBytes: number): RecordsError {
  const message = `records compressed by ${codec} would grow beyond the limit of ${maxBytes} bytes`
  return new RecordsError('MESSAGE_TOO_LARGE', message, 0)
}

/** Runs someone else's decompressor; what it throws becomes a RecordsError. */
export function guarded<T>(codec: CodecName, maxBytes: number, decompress: () => T): T {
  try {
    return decompress()
  } catch (error) {
    throw explained(codec, maxBytes, error)
  }
}

export async function guardedAsync<T>(
  codec: CodecName,
  maxBytes: number,
  decompress: () => Promise<T>,
): Promise<T> {
  try {
    return await decompress()
  } catch (error) {
    throw explained(codec, maxBytes, error)
  }
}

function explained(codec: CodecName, maxBytes: number, error: unknown): RecordsError {
  if (error instanceof RecordsError) return error
  if (!(error instanceof Error)) return badData(codec, String(error))
  // What node:zlib throws where `maxOutputLength` is reached.
  if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(codec, maxBytes)
  return badData(codec, error.message, 0, error)
}

/**
 * What is decompressed goes here: it starts small and doubles as real output comes, so that no
 * length which the input merely claims is ever allocated.
 */
export class Output {
  buffer: Buffer
  at = 0
  readonly #codec: CodecName
  readonly #maxBytes: number

  constructor(codec: CodecName, guess: number, maxBytes: number) {
    this.buffer = Buffer.allocUnsafe(Math.min(guess, maxBytes))
    this.#codec = codec
    this.#maxBytes = maxBytes
  }

  /** Makes room for `size` bytes more. */
  reserve(size: number): Buffer {
    const needed = this.at + size
    if (needed <= this.buffer.length) return this.buffer
    if (needed > this.#maxBytes) throw tooLarge(this.#codec, this.#maxBytes)
    const larger = Math.min(Math.max(needed, 2 * this.buffer.length), this.#maxBytes)
    const grown = Buffer.allocUnsafe(larger)
    grown.set(this.buffer.subarray(0, this.at))
    this.buffer = grown
    return grown
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.at)
  }
}

/**
 * Repeats `size` bytes from `distance` bytes back, as all codecs of the Lempel-Ziv family do. The
 * two may overlap, which repeats a pattern. There must be room, and so much must have been written.
 */
export function repeat(buffer: Buffer, at: number, distance: number, size: number): void {
  if (distance >= size && size >= 24) {
    buffer.copyWithin(at, at - distance, at - distance + size)
    return
  }
  for (let i = 0; i < size; i++) buffer[at + i] = buffer[at + i - distance]!
}

export function readWord(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
