import { badData, tooLarge } from './codec.ts'
import { BLOCK_BYTES, compressBlock, mostCompressed } from './lz4-block.ts'
import { type Lz4Machine, SLACK_BYTES, TABLE_BYTES, withMachine } from './lz4-machine.ts'
import { xxHash32 } from './xxhash32.ts'

/**
 * LZ4's frame format, as Kafka's batches hold it: a descriptor with a checksum of its own, blocks
 * with their lengths, an end mark. Written as the Java client does: independent blocks of 64 KiB,
 * no content size, no checksum of the content (the batch has a CRC). Read with all of these, with
 * blocks of any size and with blocks that refer to those before.
 */
const MAGIC = 0x184d2204
const VERSION = 0x40
const INDEPENDENT_BLOCKS = 0x20
const BLOCK_CHECKSUMS = 0x10
const CONTENT_SIZE = 0x08
const CONTENT_CHECKSUM = 0x04
const DICTIONARY = 0x01
const NOT_COMPRESSED = 0x8000_0000

/** Magic, version with independent blocks, blocks of up to 64 KiB, and the checksum of these. */
const DESCRIPTOR = Buffer.from([0x04, 0x22, 0x4d, 0x18, VERSION | INDEPENDENT_BLOCKS, 0x40, 0x82])

/** Compresses what lies between `from` and `end` of the input to a block at `to`; gives its end. */
type ToBlock = (from: number, end: number, to: number) => number

/** The fast way: one place is tried for a match. */
export function compressFrame(input: Buffer): Buffer {
  return withMachine(machine => {
    const end = TABLE_BYTES + input.length
    const start = end + SLACK_BYTES
    const memory = machine.memory(start + mostFramed(input.length) + SLACK_BYTES)
    memory.set(input, TABLE_BYTES)
    const toBlock: ToBlock = (from, stop, to) => machine.compress(from, stop, to, 0)
    const frameEnd = writeFrame(memory, TABLE_BYTES, end, memory, start, toBlock)
    return Buffer.from(memory.subarray(start, frameEnd))
  })
}

/** The thorough way: so many places are tried for the longest match. */
export function compressFrameWell(input: Buffer, attempts: number): Buffer {
  const output = Buffer.allocUnsafe(mostFramed(input.length))
  const toBlock: ToBlock = (from, end, to) => compressBlock(input, from, end, output, to, attempts)
  return output.subarray(0, writeFrame(input, 0, input.length, output, 0, toBlock))
}

/** What a frame takes at most. */
function mostFramed(size: number): number {
  const blocks = Math.ceil(size / BLOCK_BYTES)
  return DESCRIPTOR.length + mostCompressed(size) + 20 * blocks + 4
}

function writeFrame(
  input: Buffer,
  start: number,
  end: number,
  output: Buffer,
  frameStart: number,
  toBlock: ToBlock,
): number {
  output.set(DESCRIPTOR, frameStart)
  let to = frameStart + DESCRIPTOR.length
  for (let from = start; from < end; from += BLOCK_BYTES) {
    const stop = Math.min(from + BLOCK_BYTES, end)
    const compressed = toBlock(from, stop, to + 4) - to - 4
    if (compressed < stop - from) {
      output.writeUInt32LE(compressed, to)
      to += 4 + compressed
    } else {
      output.writeUInt32LE(NOT_COMPRESSED + stop - from, to)
      input.copy(output, to + 4, from, stop)
      to += 4 + stop - from
    }
  }
  output.writeUInt32LE(0, to)
  return to + 4
}

interface Descriptor {
  readonly flags: number
  readonly blockBytes: number
  readonly contentSize: number | null
  /** Where the first block begins. */
  readonly end: number
}

/** Reads and checks a frame's descriptor; a content size beyond `maxBytes` is refused here. */
function readDescriptor(input: Buffer, maxBytes: number): Descriptor {
  if (input.length < 11 || input.readUInt32LE(0) !== MAGIC) throw badData('lz4', 'no LZ4 frame')
  const flags = input[4]!
  if ((flags & 0xc0) !== VERSION) throw badData('lz4', `version ${flags >> 6} of the frame`, 4)
  if (flags & DICTIONARY) throw badData('lz4', 'a dictionary is needed', 4)
  const blockSize = (input[5]! >> 4) & 7
  if (blockSize < 4) throw badData('lz4', `block size ${blockSize}`, 5)
  const end = 7 + (flags & CONTENT_SIZE ? 8 : 0)
  if (input.length < end + 4) throw badData('lz4', 'the frame ends early', input.length)
  if (input[end - 1] !== ((xxHash32(input, 4, end - 1) >>> 8) & 0xff)) {
    throw badData('lz4', 'wrong checksum of the descriptor', end - 1)
  }
  const contentSize = flags & CONTENT_SIZE ? Number(input.readBigUInt64LE(6)) : null
  if (contentSize !== null && contentSize > maxBytes) throw tooLarge('lz4', maxBytes)
  return { flags, blockBytes: 2 ** (8 + 2 * blockSize), contentSize, end }
}

export function decompressFrame(input: Buffer, maxBytes: number): Buffer {
  const descriptor = readDescriptor(input, maxBytes)
  return withMachine(machine => new FrameReader(machine, input, descriptor, maxBytes).read())
}

/** Decompresses one frame in a machine's memory: the input in front, the output behind it. */
class FrameReader {
  readonly #machine: Lz4Machine
  readonly #input: Buffer
  readonly #descriptor: Descriptor
  readonly #maxBytes: number
  readonly #base: number
  #to: number
  #memory: Buffer

  constructor(machine: Lz4Machine, input: Buffer, descriptor: Descriptor, maxBytes: number) {
    this.#machine = machine
    this.#input = input
    this.#descriptor = descriptor
    this.#maxBytes = maxBytes
    this.#base = input.length + SLACK_BYTES
    this.#to = this.#base
    this.#memory = machine.memory(this.#base)
    this.#memory.set(input)
  }

  read(): Buffer {
    const { flags, contentSize, end } = this.#descriptor
    const input = this.#input
    let at = end
    for (;;) {
      const head = wordAt(input, at)
      at += 4
      if (head === 0) break
      const size = head & 0x7fff_ffff
      this.#readBlock(at, size, head >= NOT_COMPRESSED)
      at += size
      if (flags & BLOCK_CHECKSUMS) {
        checkHash(input, at, xxHash32(input, at - size, at))
        at += 4
      }
    }
    if (flags & CONTENT_CHECKSUM) {
      checkHash(input, at, xxHash32(this.#memory, this.#base, this.#to))
      at += 4
    }
    if (at !== input.length) throw badData('lz4', 'bytes after the end of the frame', at)
    const written = this.#to - this.#base
    if (contentSize !== null && contentSize !== written) {
      throw badData('lz4', `${written} bytes where ${contentSize} were claimed`, at)
    }
    return Buffer.from(this.#memory.subarray(this.#base, this.#to))
  }

  #readBlock(at: number, size: number, isPlain: boolean): void {
    const { blockBytes } = this.#descriptor
    const left = this.#input.length - at
    if (size > blockBytes || size > left) {
      throw badData('lz4', `a block of ${size} bytes, ${left} left`, at)
    }
    const mayTake = this.#base + this.#maxBytes - this.#to
    const limit = this.#to + Math.min(blockBytes, mayTake)
    this.#memory = this.#machine.memory(limit + SLACK_BYTES)
    if (isPlain) {
      if (size > mayTake) throw tooLarge('lz4', this.#maxBytes)
      this.#memory.copyWithin(this.#to, at, at + size)
      this.#to += size
      return
    }
    const end = this.#machine.decompress(at, at + size, this.#to, limit, this.#base)
    if (end === NO_ROOM && mayTake < blockBytes) throw tooLarge('lz4', this.#maxBytes)
    if (end < 0) throw badData('lz4', wrongs.get(end) ?? 'a bad block', at)
    this.#to = end
  }
}

const NO_ROOM = -5

/** What lz4-block.wat answers where a block can't be decompressed. */
const wrongs: ReadonlyMap<number, string> = new Map([
  [-1, 'a length without an end'],
  [-2, 'literals beyond the block'],
  [-3, 'half a distance'],
  [-4, 'a match that begins before the records do'],
  [NO_ROOM, 'a block grew beyond its size'],
])

function checkHash(input: Buffer, at: number, hash: number): void {
  if (wordAt(input, at) !== hash) throw badData('lz4', 'wrong checksum', at)
}

function wordAt(input: Buffer, at: number): number {
  if (input.length - at < 4) throw badData('lz4', 'the frame ends early', at)
  return input.readUInt32LE(at)
}
