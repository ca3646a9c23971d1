import { promisify } from 'node:util'
import type { CompressCallback } from 'node:zlib'
import { optionalNative, requireOptional } from '../native.ts'
import { asBuffer, type Codec, guarded, guardedAsync, INLINE_BYTES, tooLarge } from './codec.ts'
import { type ZstdFrame, zstdFrames } from './zstd-frame.ts'

interface ZstdOptions {
  readonly params?: Readonly<Record<number, number>>
  readonly maxOutputLength?: number
}

/** What Node's zlib has from 22.15 on. */
interface NodeZstd {
  zstdCompress(input: Buffer, options: ZstdOptions, done: CompressCallback): void
  zstdCompressSync(input: Buffer, options: ZstdOptions): Buffer
  zstdDecompress(input: Buffer, options: ZstdOptions, done: CompressCallback): void
  zstdDecompressSync(input: Buffer, options: ZstdOptions): Buffer
}

interface WasmZstd {
  init(): Promise<void>
  compress(input: Uint8Array, level: number): Uint8Array
  decompress(input: Uint8Array, options: { defaultHeapSize: number }): Uint8Array
}

const node = optionalNative<NodeZstd>('node:zlib', zlib => typeof zlib.zstdCompress === 'function')

const WASM_PACKAGE = '@bokuweb/zstd-wasm'
let wasm: WasmZstd | undefined
let loading: Promise<void> | undefined

async function load(): Promise<void> {
  const found = requireOptional<WasmZstd>(WASM_PACKAGE)
  if (found === null) {
    throw new Error(`zstd needs Node.js 22.15 or later, or the package ${WASM_PACKAGE}`)
  }
  await found.init()
  wasm = found
}

/** Zstd by WebAssembly; `ready` was awaited, or there is nothing to call. */
function loadedWasm(): WasmZstd {
  if (wasm !== undefined) return wasm
  throw new Error('zstd is not loaded: await its ready() before the synchronous calls')
}

const DEFAULT_LEVEL = 3
/** What zstd.h calls ZSTD_c_compressionLevel. */
const LEVEL_PARAMETER = 100

/**
 * Zstd: by Node's zlib, on the thread pool, where it has it (22.15 and later), else by
 * WebAssembly on the calling thread, which `ready` loads and the asynchronous calls wait for.
 */
export const zstd: Codec = {
  id: 4,
  name: 'zstd',
  levels: { min: -131_072, max: 22, default: DEFAULT_LEVEL },
  ready: async () => {
    if (node() !== null || wasm !== undefined) return
    loading ??= load()
    await loading
  },
  compress: async (input, level = DEFAULT_LEVEL) => {
    const inNode = node()
    if (inNode !== null && input.length >= INLINE_BYTES) {
      return promisify<Buffer, ZstdOptions, Buffer>(inNode.zstdCompress)(input, atLevel(level))
    }
    await zstd.ready()
    return zstd.compressSync(input, level)
  },
  compressSync: (input, level = DEFAULT_LEVEL) =>
    node()?.zstdCompressSync(input, atLevel(level)) ??
    asBuffer(loadedWasm().compress(input, level)),
  decompress: async (input, maxBytes) => {
    const inNode = node()
    if (inNode !== null && input.length >= INLINE_BYTES && isOneFrame(input)) {
      const decompress = promisify<Buffer, ZstdOptions, Buffer>(inNode.zstdDecompress)
      return guardedAsync('zstd', maxBytes, () => decompress(input, limited(maxBytes)))
    }
    await zstd.ready()
    return zstd.decompressSync(input, maxBytes)
  },
  decompressSync: (input, maxBytes) => {
    // Frame by frame: Node's zlib stops after the first without a word, and the WebAssembly
    // package allocates by what the first one claims.
    const parts: Buffer[] = []
    let left = maxBytes
    for (const frame of zstdFrames(input)) {
      if (frame.contentSize !== null && frame.contentSize > left) throw tooLarge('zstd', maxBytes)
      const part = decompressFrame(input, frame, left, maxBytes)
      parts.push(part)
      left -= part.length
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  },
}

function isOneFrame(input: Buffer): boolean {
  const [first] = zstdFrames(input)
  return first !== undefined && first.start === 0 && first.end === input.length
}

function atLevel(level: number): ZstdOptions {
  return { params: { [LEVEL_PARAMETER]: level } }
}

function limited(maxBytes: number): ZstdOptions {
  return { maxOutputLength: Math.max(maxBytes, 1) }
}

function decompressFrame(input: Buffer, frame: ZstdFrame, left: number, maxBytes: number): Buffer {
  const bytes = input.subarray(frame.start, frame.end)
  const inNode = node()
  if (inNode !== null) {
    return guarded('zstd', maxBytes, () => inNode.zstdDecompressSync(bytes, limited(left)))
  }
  const room = Math.min(frame.mostBytes, left)
  const { decompress: run } = loadedWasm()
  const decompress = () => asBuffer(run(bytes, { defaultHeapSize: room }))
  // Without a content size, failing in less room than the blocks might need is running out of it.
  if (frame.contentSize !== null || room === frame.mostBytes) {
    return guarded('zstd', maxBytes, decompress)
  }
  try {
    return decompress()
  } catch {
    throw tooLarge('zstd', maxBytes)
  }
}
