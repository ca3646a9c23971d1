import { alwaysReady, type Codec, tooLarge } from './codec.ts'

/** No compression: what comes goes. */
export const none: Codec = {
  id: 0,
  name: 'none',
  levels: null,
  ready: alwaysReady,
  compress: async input => input,
  compressSync: input => input,
  decompress: async (input, maxBytes) => within(input, maxBytes),
  decompressSync: within,
}

function within(input: Buffer, maxBytes: number): Buffer {
  if (input.length > maxBytes) throw tooLarge('none', maxBytes)
  return input
}
