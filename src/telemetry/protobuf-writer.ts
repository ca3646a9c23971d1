const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2

/** Writes the fields of a protobuf message, in the order of the calls. */
export class ProtobufWriter {
  readonly #chunks: Buffer[] = []

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  /** A whole number that is not negative: an enum, a bool. */
  uint(field: number, value: number): void {
    this.#tag(field, VARINT)
    this.#varint(value)
  }

  fixed64(field: number, value: bigint): void {
    this.#tag(field, FIXED64)
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(value)
    this.#chunks.push(bytes)
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED64)
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(value)
    this.#chunks.push(bytes)
  }

  text(field: number, value: string): void {
    this.#delimited(field, Buffer.from(value))
  }

  message(field: number, write: (inner: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter()
    write(inner)
    this.#delimited(field, inner.bytes())
  }

  #delimited(field: number, bytes: Buffer): void {
    this.#tag(field, DELIMITED)
    this.#varint(bytes.length)
    this.#chunks.push(bytes)
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType)
  }

  #varint(value: number): void {
    const bytes: number[] = []
    let rest = value
    while (rest >= 0x80) {
      bytes.push((rest % 0x80) + 0x80)
      rest = Math.floor(rest / 0x80)
    }
    bytes.push(rest)
    this.#chunks.push(Buffer.from(bytes))
  }
}
