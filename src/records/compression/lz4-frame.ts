import { badData, Output, tooLarge } from './codec.ts'
import { BLOCK_BYTES, compressBlock, decompressBlock, mostCompressed } from './lz4-block.ts'
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

export function compressFrame(input: Buffer, attempts: number): Buffer {
  const blocks = Math.ceil(input.length / BLOCK_BYTES)
  const most = DESCRIPTOR.length + blocks * (4 + mostCompressed(BLOCK_BYTES)) + 4
  const output = Buffer.allocUnsafe(Math.min(most, mostCompressed(input.length) + 64 + 4 * blocks))
  output.set(DESCRIPTOR)
  let to = DESCRIPTOR.length
  for (let from = 0; from < input.length; from += BLOCK_BYTES) {
    const end = Math.min(from + BLOCK_BYTES, input.length)
    const compressed = compressBlock(input, from, end, output, to + 4, attempts) - to - 4
    if (compressed < end - from) {
      output.writeUInt32LE(compressed, to)
      to += 4 + compressed
    } else {
      output.writeUInt32LE(NOT_COMPRESSED + end - from, to)
      input.copy(output, to + 4, from, end)
      to += 4 + end - from
    }
  }
  output.writeUInt32LE(0, to)
  return output.subarray(0, to + 4)
}

interface Descriptor {
  readonly flags: number
  readonly blockBytes: number
  readonly contentSize: number | null
  /** Where the first block begins. */
  readonly end: number
}

/** Reads and checks a frame's descriptor; a content size beyond `maxBytes` is refused here. */
export function readDescriptor(input: Buffer, maxBytes: number): Descriptor {
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
  const { flags, blockBytes, contentSize, end } = readDescriptor(input, maxBytes)
  const guess = Math.min(contentSize ?? 8 * input.length, 255 * input.length)
  const output = new Output('lz4', guess, maxBytes)
  let at = end
  for (;;) {
    const head = wordAt(input, at)
    at += 4
    if (head === 0) break
    const size = head & 0x7fff_ffff
    if (size > blockBytes || size > input.length - at) {
      throw badData('lz4', `a block of ${size} bytes, ${input.length - at} left`, at)
    }
    const start = output.at
    if (head >= NOT_COMPRESSED) {
      input.copy(output.reserve(size), output.at, at, at + size)
      output.at += size
    } else decompressBlock(input, at, at + size, output)
    if (output.at - start > blockBytes) throw badData('lz4', 'a block grew beyond its size', at)
    if (flags & BLOCK_CHECKSUMS) {
      checkHash(input, at + size, xxHash32(input, at, at + size))
      at += 4
    }
    at += size
  }
  if (flags & CONTENT_CHECKSUM) {
    checkHash(input, at, xxHash32(output.buffer, 0, output.at))
    at += 4
  }
  if (at !== input.length) throw badData('lz4', 'bytes after the end of the frame', at)
  if (contentSize !== null && contentSize !== output.at) {
    throw badData('lz4', `${output.at} bytes where ${contentSize} were claimed`, at)
  }
  return output.done()
}

function checkHash(input: Buffer, at: number, hash: number): void {
  if (wordAt(input, at) !== hash) throw badData('lz4', 'wrong checksum', at)
}

function wordAt(input: Buffer, at: number): number {
  if (input.length - at < 4) throw badData('lz4', 'the frame ends early', at)
  return input.readUInt32LE(at)
}
