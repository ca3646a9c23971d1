import { badData } from './codec.ts'

/** A frame within zstd's data: where it lies and what it grows to. */
export interface ZstdFrame {
  readonly start: number
  readonly end: number
  /** What it claims to grow to; null where it doesn't tell. */
  readonly contentSize: number | null
  /** What its blocks could grow to at most, which is never less. */
  readonly mostBytes: number
}

const MAGIC = 0xfd2f_b528
/** Frames of other kinds, to be passed over: these sixteen magic numbers, then a length. */
const SKIPPABLE_MAGIC = 0x184d_2a50
const MOST_BLOCK_BYTES = 131_072

/**
 * Finds the frames in zstd's data (RFC 8878) by their headers and those of their blocks, without
 * decompressing, so that a limit can be held before anything is allocated.
 */
export function zstdFrames(input: Buffer): ZstdFrame[] {
  const frames: ZstdFrame[] = []
  let at = 0
  if (input.length === 0) throw badData('zstd', 'no zstd frame')
  while (at < input.length) {
    const magic = need(input, at, 4).readUInt32LE(at)
    if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC) {
      const size = 8 + need(input, at, 8).readUInt32LE(at + 4)
      need(input, at, size)
      at += size
      continue
    }
    if (magic !== MAGIC) throw badData('zstd', 'no zstd frame', at)
    const frame = measure(input, at)
    frames.push(frame)
    at = frame.end
  }
  return frames
}

function measure(input: Buffer, start: number): ZstdFrame {
  const descriptor = need(input, start, 6)[start + 4]!
  const oneSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  const sizeBytes = [oneSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  const sizeAt = start + 5 + (oneSegment ? 0 : 1) + dictionaryBytes
  const blocksAt = sizeAt + sizeBytes
  need(input, start, blocksAt - start)
  const { end, mostBytes } = measureBlocks(input, blocksAt)
  const whole = end + (descriptor & 0x04 ? 4 : 0) // the content's checksum
  need(input, start, whole - start)
  const size = contentSize(input, sizeAt, sizeBytes)
  if (size !== null && size > mostBytes) {
    throw badData('zstd', `${size} bytes claimed, ${mostBytes} at most`, sizeAt)
  }
  return { start, end: whole, contentSize: size, mostBytes }
}

function contentSize(input: Buffer, at: number, bytes: number): number | null {
  if (bytes === 0) return null
  if (bytes === 8) return Number(input.readBigUInt64LE(at))
  // Two bytes count from 256 on, what is below has one.
  return input.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0)
}

/** Follows the blocks to the last: three bytes say whether it is that, its kind, and its size. */
function measureBlocks(input: Buffer, start: number): { end: number; mostBytes: number } {
  let at = start
  let mostBytes = 0
  for (;;) {
    const head = need(input, at, 3).readUIntLE(at, 3)
    const kind = (head >> 1) & 3
    const size = head >> 3
    if (kind === 3) throw badData('zstd', 'a block of a kind that does not exist', at)
    const repeated = kind === 1
    at += 3
    need(input, at, repeated ? 1 : size)
    at += repeated ? 1 : size
    mostBytes += kind === 2 ? MOST_BLOCK_BYTES : size
    if (head & 1) return { end: at, mostBytes }
  }
}

function need(input: Buffer, at: number, bytes: number): Buffer {
  if (bytes <= input.length - at) return input
  throw badData('zstd', `${bytes} bytes wanted, ${input.length - at} left`, at)
}
