import { formatUuid } from './uuid.ts'

/** The bytes are not what they claim to be: cut short, too long, or outside what a type allows. */
export class WireError extends Error {
  override readonly name = 'WireError'
  /** Where in the buffer reading failed. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/**
 * Reads Kafka's primitive types from one buffer. Every length is checked against what is left
 * before anything is allocated, since a peer may claim what it likes.
 */
export class Reader {
  readonly buffer: Buffer
  readonly end: number
  offset: number
  readonly #view: DataView

  constructor(buffer: Buffer, offset = 0, end = buffer.length) {
    this.buffer = buffer
    this.offset = offset
    this.end = end
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  }

  get remaining(): number {
    return this.end - this.offset
  }

  /** Claims `size` bytes and returns where they start. */
  take(size: number): number {
    const start = this.offset
    if (size < 0 || size > this.end - start) {
      throw new WireError(`${size} bytes wanted, ${this.end - start} left`, start)
    }
    this.offset = start + size
    return start
  }

  bool(): boolean {
    return this.buffer[this.take(1)] !== 0
  }

  int8(): number {
    return this.#view.getInt8(this.take(1))
  }

  uint8(): number {
    return this.#view.getUint8(this.take(1))
  }

  int16(): number {
    return this.#view.getInt16(this.take(2))
  }

  uint16(): number {
    return this.#view.getUint16(this.take(2))
  }

  int32(): number {
    return this.#view.getInt32(this.take(4))
  }

  uint32(): number {
    return this.#view.getUint32(this.take(4))
  }

  /** An int64 that must fit a number: beyond 2^53-1 it throws rather than rounds. */
  int64(): number {
    const at = this.take(8)
    const value = this.#view.getInt32(at) * 4294967296 + this.#view.getUint32(at + 4)
    if (!Number.isSafeInteger(value)) {
      throw new WireError(`int64 ${this.#view.getBigInt64(at)} is beyond 2^53-1`, at)
    }
    return value
  }

  bigint64(): bigint {
    return this.#view.getBigInt64(this.take(8))
  }

  float64(): number {
    return this.#view.getFloat64(this.take(8))
  }

  uuid(): string {
    const at = this.take(16)
    return formatUuid(this.buffer, at)
  }

  /** An unsigned varint of at most 32 bits. */
  uvarint(): number {
    const start = this.offset
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)]!
      if (shift === 28 && byte > 0x0f) break
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new WireError('varint of more than 32 bits', start)
  }

  /** A zigzag varint of at most 32 bits. */
  varint(): number {
    const raw = this.uvarint()
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
  }

  /** A zigzag varint of at most 64 bits that must fit a number. */
  varlong(): number {
    const start = this.offset
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.buffer[this.take(1)]!
      if (shift === 0n && byte < 0x80) return byte % 2 === 0 ? byte / 2 : -(byte + 1) / 2
      value |= BigInt(byte & 0x7f) << shift
      if (byte >= 0x80) continue
      if (value > 0xffff_ffff_ffff_ffffn) break
      const signed = (value >> 1n) ^ -(value & 1n)
      if (signed > MAX_SAFE || signed < -MAX_SAFE) {
        throw new WireError(`varlong ${signed} is beyond 2^53-1`, start)
      }
      return Number(signed)
    }
    throw new WireError('varint of more than 64 bits', start)
  }

  string(size: number): string {
    const at = this.take(size)
    return this.buffer.utf8Slice(at, at + size)
  }

  /** A view of the next `size` bytes; nothing is copied. */
  bytes(size: number): Buffer {
    const at = this.take(size)
    return this.buffer.subarray(at, at + size)
  }
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)
