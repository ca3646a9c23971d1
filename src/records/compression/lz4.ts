import { optionalNative } from '../native.ts'
import { alwaysReady, type Codec, guarded, guardedAsync, INLINE_BYTES } from './codec.ts'
import { compressFrame, decompressFrame, readDescriptor } from './lz4-frame.ts'

interface NativeLz4 {
  compressFrame(input: Buffer): Promise<Buffer>
  compressFrameSync(input: Buffer): Buffer
  decompressFrame(input: Buffer): Promise<Buffer>
  decompressFrameSync(input: Buffer): Buffer
}

const native = optionalNative<NativeLz4>('lz4-napi', lz4 => {
  const back = lz4.decompressFrameSync(lz4.compressFrameSync(Buffer.from('posthaste')))
  return back.toString() === 'posthaste'
})

const DEFAULT_LEVEL = 9
/** Level 9 is Kafka's default and means the fast way, not LZ4's ninth level; so do 1 and 2. */
const FIRST_HIGH_LEVEL = 3

/** LZ4's best ratio: a byte of input never makes more than this of output. */
const MOST_PER_BYTE = 255

/**
 * LZ4 frames. The native package knows only the fast way, which is what the default level means in
 * Kafka; other levels from 3 up search earlier bytes for the longest match, in JavaScript and on
 * the calling thread, twice as far with each level: a better ratio for much more work.
 */
export const lz4: Codec = {
  id: 3,
  name: 'lz4',
  levels: { min: 1, max: 17, default: DEFAULT_LEVEL },
  ready: alwaysReady,
  compress: async (input, level = DEFAULT_LEVEL) => {
    const fast = nativeFor(level)
    if (fast === null || input.length < INLINE_BYTES) return lz4.compressSync(input, level)
    return fast.compressFrame(input)
  },
  compressSync: (input, level = DEFAULT_LEVEL) =>
    nativeFor(level)?.compressFrameSync(input) ?? compressFrame(input, attemptsAt(level)),
  decompress: async (input, maxBytes) => {
    const fast = native()
    if (fast === null || input.length < INLINE_BYTES || !surelyWithin(input, maxBytes)) {
      return lz4.decompressSync(input, maxBytes)
    }
    return guardedAsync('lz4', maxBytes, () => fast.decompressFrame(input))
  },
  decompressSync: (input, maxBytes) => {
    const fast = native()
    if (fast === null || !surelyWithin(input, maxBytes)) return decompressFrame(input, maxBytes)
    return guarded('lz4', maxBytes, () => fast.decompressFrameSync(input))
  },
}

function nativeFor(level: number): NativeLz4 | null {
  return attemptsAt(level) === 1 ? native() : null
}

function attemptsAt(level: number): number {
  return level === DEFAULT_LEVEL || level < FIRST_HIGH_LEVEL ? 1 : 2 ** Math.min(level - 1, 12)
}

/** The native package takes no limit, so it gets only what can't exceed it. */
function surelyWithin(input: Buffer, maxBytes: number): boolean {
  readDescriptor(input, maxBytes)
  return input.length * MOST_PER_BYTE <= maxBytes
}
