import { RecordsError } from '../records-error.ts'
import type { Codec, CodecName } from './codec.ts'
import { gzip } from './gzip.ts'
import { lz4 } from './lz4.ts'
import { none } from './none.ts'
import { snappy } from './snappy.ts'
import { zstd } from './zstd.ts'

export type { Codec, CodecLevels, CodecName } from './codec.ts'

/** Every codec, each at the index of its id. */
export const codecs: readonly Codec[] = [none, gzip, snappy, lz4, zstd]

/** The codec with the id that a batch's attributes tell; throws a RecordsError for 5 to 7. */
export function codecById(id: number): Codec {
  const codec = codecs[id]
  if (codec !== undefined) return codec
  throw new RecordsError(
    'UNSUPPORTED_COMPRESSION_TYPE',
    `a batch is compressed with codec ${id}, which is not known here`,
    0,
  )
}

/** The codec with that name, as `compression.type` gives it. */
export function codecByName(name: CodecName): Codec {
  return codecs.find(codec => codec.name === name)!
}
