import { alwaysReady, type Codec } from './codec.ts'
import { compressFrame, compressFrameWell, decompressFrame } from './lz4-frame.ts'

const DEFAULT_LEVEL = 9
/** Level 9 is Kafka's default and means the fast way, not LZ4's ninth level; so do 1 and 2. */
const FIRST_HIGH_LEVEL = 3

/**
 * LZ4 frames, by WebAssembly on the calling thread: a batch of 128 KiB takes it a quarter of a
 * millisecond, less work in all than a native package on the thread pool makes, whose copies and
 * memory outside V8's heap cost more than its faster code wins. Levels other than the default from
 * 3 up search earlier bytes for the longest match, twice as far with each level: a better ratio
 * for much more work.
 */
export const lz4: Codec = {
  id: 3,
  name: 'lz4',
  levels: { min: 1, max: 17, default: DEFAULT_LEVEL },
  ready: alwaysReady,
  compress: async (input, level) => lz4.compressSync(input, level),
  compressSync: (input, level = DEFAULT_LEVEL) =>
    isFast(level) ? compressFrame(input) : compressFrameWell(input, 2 ** Math.min(level - 1, 12)),
  decompress: async (input, maxBytes) => decompressFrame(input, maxBytes),
  decompressSync: decompressFrame,
}

function isFast(level: number): boolean {
  return level === DEFAULT_LEVEL || level < FIRST_HIGH_LEVEL
}
