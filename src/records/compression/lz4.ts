import { optionalNative } from '../native.ts'
import { alwaysReady, type Codec, INLINE_BYTES } from './codec.ts'
import { compressFrame, compressFrameWell, decompressFrame } from './lz4-frame.ts'

interface NativeLz4 {
  compressFrame(input: Buffer): Promise<Buffer>
  compressFrameSync(input: Buffer): Buffer
}

const native = optionalNative<NativeLz4>('lz4-napi', ({ compressFrameSync }) => {
  const back = decompressFrame(compressFrameSync(Buffer.from('posthaste')), 100)
  return back.toString() === 'posthaste'
})

const DEFAULT_LEVEL = 9
/** Level 9 is Kafka's default and means the fast way, not LZ4's ninth level; so do 1 and 2. */
const FIRST_HIGH_LEVEL = 3

/**
 * LZ4 frames. Compressed on the thread pool where the native package is installed, which takes a
 * fifth less than WebAssembly and none of the calling thread's time. Decompressed by WebAssembly on
 * the calling thread: at more than a gigabyte a second a trip to the pool would cost more than it
 * moves away, and the native package's output is memory outside V8's heap that makes it collect
 * garbage more often. Levels other than the default from 3 up search earlier bytes for the longest
 * match, on the calling thread and twice as far with each level: a better ratio for much more work.
 */
export const lz4: Codec = {
  id: 3,
  name: 'lz4',
  levels: { min: 1, max: 17, default: DEFAULT_LEVEL },
  ready: alwaysReady,
  compress: async (input, level) => {
    const fast = isFast(level) && input.length >= INLINE_BYTES ? native() : null
    return fast?.compressFrame(input) ?? lz4.compressSync(input, level)
  },
  compressSync: (input, level = DEFAULT_LEVEL) => {
    if (!isFast(level)) return compressFrameWell(input, 2 ** Math.min(level - 1, 12))
    return native()?.compressFrameSync(input) ?? compressFrame(input)
  },
  decompress: async (input, maxBytes) => decompressFrame(input, maxBytes),
  decompressSync: decompressFrame,
}

function isFast(level = DEFAULT_LEVEL): boolean {
  return level === DEFAULT_LEVEL || level < FIRST_HIGH_LEVEL
}
