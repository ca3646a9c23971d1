import { type Reader, WireError } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { FrameMemory } from './frame-memory.ts'
import { apiByKey } from './messages/index.ts'
import type { Api, RequestInput, ResponseInput, ResponseOf } from './schema/api.ts'
import { int16Length, stringCodec } from './schema/primitives.ts'

/** What stands before the body of every request. */
export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
}

const API_VERSIONS = 18
const UNSUPPORTED_VERSION = 35
const clientIds = stringCodec(int16Length, true)

/**
 * A request ready to be sent: its length, header and body as chunks for one `writev`. Records are
 * among them by reference. Throws a SchemaError which names the field that can't be written.
 */
export function encodeRequest<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  clientId: string | null,
  message: RequestInput<A>,
): Buffer[] {
  const writer = new Writer()
  const length = writer.markInt32()
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(correlationId)
  // The header's client id never became compact, so that any broker can read it.
  clientIds.write(writer, clientId)
  if (isFlexible(api, version)) writer.uvarint(0)
  api.request.at(version).write(writer, message)
  writer.patch(length, writer.size - 4)
  return writer.chunks()
}

/** A response ready to be sent, as `encodeRequest` does it. */
export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  message: ResponseInput<A>,
): Buffer[] {
  const writer = new Writer()
  const length = writer.markInt32()
  writer.int32(correlationId)
  if (hasResponseTags(api, version)) writer.uvarint(0)
  api.response.at(version).write(writer, message)
  writer.patch(length, writer.size - 4)
  return writer.chunks()
}

/**
 * Reads a request's header and leaves the reader at its body. Of an API that we don't know only
 * the part that all versions share is read.
 */
export function decodeRequestHeader(reader: Reader): RequestHeader {
  const apiKey = reader.int16()
  const apiVersion = reader.int16()
  const correlationId = reader.int32()
  const clientId = readClientId(reader)
  const api = apiByKey.get(apiKey)
  if (api && isFlexible(api, apiVersion)) skipTags(reader)
  return { apiKey, apiVersion, correlationId, clientId }
}

/** Reads a response after its correlation id, by which the caller knew what it answers. */
export function readResponse<A extends Api>(
  api: A,
  version: number,
  reader: Reader,
): ResponseOf<A> {
  if (hasResponseTags(api, version)) skipTags(reader)
  const spoken = isRefusalOfVersion(api, reader) ? 0 : version
  return api.response.at(spoken).read(reader) as ResponseOf<A>
}

/** The same with stops, for a response so long that others should have turns in between. */
export function readResponseInSlices<A extends Api>(
  api: A,
  version: number,
  reader: Reader,
): Generator<void, ResponseOf<A>> {
  if (hasResponseTags(api, version)) skipTags(reader)
  return api.response.at(version).readInSlices(reader) as Generator<void, ResponseOf<A>>
}

/** A broker that does not know our version of ApiVersions says so in version 0 (KIP-511). */
function isRefusalOfVersion(api: Api, reader: Reader): boolean {
  if (api.key !== API_VERSIONS || reader.remaining < 2) return false
  return reader.buffer.readInt16BE(reader.offset) === UNSUPPORTED_VERSION
}

function isFlexible(api: Api, version: number): boolean {
  return api.flexible !== undefined && version >= api.flexible
}

/**
 * The response to ApiVersions keeps the oldest header in all versions: a client that asked in a
 * version which the broker doesn't know must still be able to read the refusal (KIP-511).
 */
function hasResponseTags(api: Api, version: number): boolean {
  return api.key !== API_VERSIONS && isFlexible(api, version)
}

function readClientId(reader: Reader): string | null {
  const value = clientIds.read(reader)
  return typeof value === 'string' ? value : null
}

function skipTags(reader: Reader): void {
  const count = reader.uvarint()
  for (let i = 0; i < count; i++) {
    reader.uvarint()
    reader.take(reader.uvarint())
  }
}

/** A frame may claim room for this many times the bytes that have come. */
const CLAIM_FACTOR = 16
/** What small frames and the beginnings of large ones are read into, one behind the other. */
const SCRATCH_BYTES = 16_384
/** With less room than that a new one is begun, lest answers come in crumbs. */
const LEAST_ROOM_BYTES = 4_096

/**
 * Cuts a stream of chunks into frames, whose four bytes of length it drops. A frame that lies
 * whole in one chunk is a view of it; others are gathered. A length that is negative or beyond
 * `maxSize` is refused as soon as it is seen, and no more room is taken than a small multiple of
 * what has really come.
 *
 * Whoever can choose where bytes are read to asks `room()` before each read: then a large frame is
 * read to where it stays, and nothing is copied but its beginning. Large ones are read to what was
 * given back to `memory`, if there is any.
 */
export class FrameSplitter {
  readonly #maxSize: number
  readonly #memory: FrameMemory
  readonly #header = Buffer.alloc(4)
  #headerSize = 0
  /** The size of the frame that is being gathered, or -1 between frames. */
  #frameSize = -1
  #gathered: Buffer = Buffer.alloc(0)
  #gatheredSize = 0
  #scratch: Buffer = Buffer.alloc(0)

  constructor(maxSize: number, memory: FrameMemory = new FrameMemory()) {
    this.#maxSize = maxSize
    this.#memory = memory
  }

  /** Where the next bytes had best be read to, from the front; never empty. */
  room(): Buffer {
    if (this.#frameSize > 0) {
      this.#claim(this.#gatheredSize + 1)
      return this.#gathered.subarray(this.#gatheredSize, this.#frameSize)
    }
    if (this.#scratch.length < LEAST_ROOM_BYTES)
      this.#scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
    return this.#scratch
  }

  /** Bytes of a frame that is not yet whole. */
  get pending(): number {
    return this.#headerSize + this.#gatheredSize
  }

  /** The length of the frame begun last, as it came: of another protocol, its first bytes. */
  get header(): Buffer {
    return this.#header
  }

  /** The frames that this chunk completes. Throws a WireError for a length that can't be. */
  push(chunk: Buffer): Buffer[] {
    const frames: Buffer[] = []
    if (isFrontOf(this.#scratch, chunk)) this.#scratch = this.#scratch.subarray(chunk.length)
    let at = 0
    while (at < chunk.length || this.#frameSize === 0) {
      if (this.#frameSize < 0) at = this.#readHeader(chunk, at)
      if (this.#frameSize < 0) break
      at = this.#readFrame(chunk, at, frames)
    }
    return frames
  }

  #readHeader(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerSize, at)
    this.#headerSize += taken
    if (this.#headerSize < 4) return at + taken
    const size = this.#header.readInt32BE()
    if (size < 0 || size > this.#maxSize) {
      throw new WireError(`frame of ${size} bytes, of which ${this.#maxSize} are allowed`, 0)
    }
    this.#frameSize = size
    return at + taken
  }

  #readFrame(chunk: Buffer, at: number, frames: Buffer[]): number {
    const wanted = this.#frameSize - this.#gatheredSize
    const taken = Math.min(wanted, chunk.length - at)
    if (this.#gatheredSize === 0 && taken === wanted) {
      frames.push(chunk.subarray(at, at + taken))
      this.#reset()
      return at + taken
    }
    this.#gather(chunk, at, taken)
    if (taken === wanted) {
      frames.push(this.#gathered.subarray(0, this.#frameSize))
      this.#reset()
    }
    return at + taken
  }

  #gather(chunk: Buffer, at: number, size: number): void {
    const needed = this.#gatheredSize + size
    this.#claim(needed)
    if (!isFrontOf(this.#gathered, chunk, this.#gatheredSize)) {
      chunk.copy(this.#gathered, this.#gatheredSize, at, at + size)
    }
    this.#gatheredSize = needed
  }

  #claim(needed: number): void {
    if (needed <= this.#gathered.length) return
    const larger = this.#memory.take(this.#frameSize) ?? this.#roomFor(needed)
    this.#gathered.copy(larger, 0, 0, this.#gatheredSize)
    this.#gathered = larger
  }

  #roomFor(needed: number): Buffer {
    const room = Math.max(needed * CLAIM_FACTOR, SCRATCH_BYTES)
    return room < this.#frameSize
      ? Buffer.allocUnsafeSlow(room)
      : this.#memory.make(this.#frameSize)
  }

  #reset(): void {
    this.#headerSize = 0
    this.#frameSize = -1
    this.#gathered = Buffer.alloc(0)
    this.#gatheredSize = 0
  }
}

/** Whether the chunk is what was read to that place, and so lies there already. */
function isFrontOf(place: Buffer, chunk: Buffer, from = 0): boolean {
  return chunk.buffer === place.buffer && chunk.byteOffset === place.byteOffset + from
}
