import { optionalNative } from '../native.ts'
import {
  alwaysReady,
  badData,
  type Codec,
  guarded,
  guardedAsync,
  INLINE_BYTES,
  Output,
  tooLarge,
} from './codec.ts'
import { compressSnappy, decompressSnappy, snappySize } from './snappy-block.ts'

interface NativeSnappy {
  compress(input: Buffer): Promise<Buffer>
  compressSync(input: Buffer): Buffer
  uncompress(input: Buffer): Promise<Buffer | string>
  uncompressSync(input: Buffer): Buffer | string
}

const native = optionalNative<NativeSnappy>('snappy', ({ compressSync, uncompressSync }) => {
  const back = uncompressSync(compressSync(Buffer.from('posthaste')))
  return back.toString() === 'posthaste'
})

/**
 * Snappy. It is written raw, as one block, as librdkafka and franz-go do: every client reads that,
 * and it spares the framing. It is read raw or in the framing of snappy-java ("Xerial"), which is
 * what the Java client writes: chunks of 32 KiB, each a block with its length before it.
 */
export const snappy: Codec = {
  id: 2,
  name: 'snappy',
  levels: null,
  ready: alwaysReady,
  compress: async input => {
    const fast = native()
    if (fast === null || input.length < INLINE_BYTES) return snappy.compressSync(input)
    return fast.compress(input)
  },
  compressSync: input => native()?.compressSync(input) ?? compressSnappy(input),
  decompress: async (input, maxBytes) => {
    const fast = native()
    if (fast === null || input.length < INLINE_BYTES || isXerial(input, 0)) {
      return snappy.decompressSync(input, maxBytes)
    }
    checkedSize(input, maxBytes)
    return guardedAsync('snappy', maxBytes, async () => bufferOf(await fast.uncompress(input)))
  },
  decompressSync: (input, maxBytes) =>
    isXerial(input, 0) ? decompressXerial(input, maxBytes) : decompressRaw(input, maxBytes),
}

function decompressRaw(input: Buffer, maxBytes: number): Buffer {
  const size = checkedSize(input, maxBytes)
  const fast = native()
  if (fast === null) return decompressSnappy(input, size)
  return guarded('snappy', maxBytes, () => bufferOf(fast.uncompressSync(input)))
}

/** The size that a block claims, once it is known to be possible and allowed. */
function checkedSize(input: Buffer, maxBytes: number): number {
  const size = snappySize(input)
  if (size > maxBytes) throw tooLarge('snappy', maxBytes)
  return size
}

function bufferOf(output: Buffer | string): Buffer {
  return typeof output === 'string' ? Buffer.from(output) : output
}

/** Then come a version and the oldest version that can read it, four bytes each, and the chunks. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const XERIAL_HEADER_BYTES = 16

function isXerial(input: Buffer, at: number): boolean {
  if (input.length - at < XERIAL_HEADER_BYTES || input[at] !== XERIAL_MAGIC[0]) return false
  return XERIAL_MAGIC.equals(input.subarray(at, at + XERIAL_MAGIC.length))
}

function decompressXerial(input: Buffer, maxBytes: number): Buffer {
  const output = new Output('snappy', 4 * input.length, maxBytes)
  let at = 0
  while (at < input.length) {
    // Streams may be put one after the other, each with its header.
    if (isXerial(input, at)) {
      at += XERIAL_HEADER_BYTES
      continue
    }
    if (input.length - at < 4) throw badData('snappy', 'a chunk without its length', at)
    const size = input.readInt32BE(at)
    at += 4
    if (size <= 0 || size > input.length - at) {
      throw badData('snappy', `a chunk of ${size} bytes, ${input.length - at} left`, at)
    }
    const chunk = decompressRaw(input.subarray(at, at + size), maxBytes - output.at)
    output.reserve(chunk.length).set(chunk, output.at)
    output.at += chunk.length
    at += size
  }
  return output.done()
}
