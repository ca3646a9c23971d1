import { promisify } from 'node:util'
import { gunzip, gunzipSync, gzip as gzipAsync, gzipSync, type ZlibOptions } from 'node:zlib'
import { alwaysReady, type Codec, guarded, guardedAsync, INLINE_BYTES } from './codec.ts'

const compressOnThread = promisify<Buffer, ZlibOptions, Buffer>(gzipAsync)
const decompressOnThread = promisify<Buffer, ZlibOptions, Buffer>(gunzip)

/** Gzip by Node's own zlib, which also runs it on the thread pool. Level -1 is zlib's choice, 6. */
export const gzip: Codec = {
  id: 1,
  name: 'gzip',
  levels: { min: 1, max: 9, default: -1 },
  ready: alwaysReady,
  compress: async (input, level = -1) =>
    input.length < INLINE_BYTES ? gzipSync(input, { level }) : compressOnThread(input, { level }),
  compressSync: (input, level = -1) => gzipSync(input, { level }),
  decompress: async (input, maxBytes) => {
    if (input.length < INLINE_BYTES) return gzip.decompressSync(input, maxBytes)
    const options = limits(input, maxBytes)
    return guardedAsync('gzip', maxBytes, () => decompressOnThread(input, options))
  },
  decompressSync: (input, maxBytes) =>
    guarded('gzip', maxBytes, () => gunzipSync(input, limits(input, maxBytes))),
}

/** Output comes in chunks of about what a batch grows to, instead of many of 16 KiB. */
function limits(input: Buffer, maxBytes: number): ZlibOptions {
  const chunkSize = Math.min(Math.max(8 * input.length, 1024), 262_144)
  return { maxOutputLength: Math.max(maxBytes, 1), chunkSize }
}
