import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Codec, codecByName, codecs, RecordsError } from '../../../src/records/index.ts'
import { forbidNatives } from '../../../src/records/native.ts'
import { foreign, foreignText } from './foreign.ts'

const LIMIT = 1 << 20
const plain = codecByName('none')
const compressing = codecs.filter(codec => codec.id > 0)

beforeAll(async () => {
  forbidNatives(true)
  await Promise.all(codecs.map(codec => codec.ready()))
  forbidNatives(false)
  await Promise.all(codecs.map(codec => codec.ready()))
})
afterEach(() => forbidNatives(false))

/** Bytes as they come: noise, text, long runs, and patterns of many lengths. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 100 }).map(text => Buffer.from(text)),
      fc.tuple(fc.nat(255), fc.nat(5000)).map(([byte, size]) => Buffer.alloc(size, byte)),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.nat(3000))
        .map(([pattern, size]) => Buffer.alloc(size, pattern)),
    ),
    { maxLength: 8 },
  )
  .map(parts => Buffer.concat(parts))

const large = Buffer.from(
  Array.from({ length: 6000 }, (_, i) => JSON.stringify({ id: i, user: (i * 7919) % 1000 })).join(),
)
const noise = Buffer.from(
  Array.from({ length: 150_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 13),
)

describe.each(codecs.map(codec => [codec.name, codec] as const))('%s', (_, codec) => {
  it.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('gives back what it took (without native code: writer %s, reader %s)', (writer, reader) => {
    fc.assert(
      fc.property(content, bytes => {
        forbidNatives(writer)
        const compressed = codec.compressSync(bytes)
        forbidNatives(reader)
        expect(codec.decompressSync(compressed, LIMIT).equals(bytes)).toBe(true)
      }),
      { seed: 4, numRuns: 60 },
    )
  })

  it.each([false, true])(
    'does so in time of its own (without native code: %s)',
    async forbidden => {
      forbidNatives(forbidden)
      for (const bytes of [
        large,
        noise,
        Buffer.alloc(0),
        Buffer.from('x'),
        large.subarray(0, 65_536),
      ]) {
        const compressed = await codec.compress(bytes)
        expect((await codec.decompress(compressed, LIMIT)).equals(bytes)).toBe(true)
        expect(codec.decompressSync(codec.compressSync(bytes), bytes.length).equals(bytes)).toBe(
          true,
        )
      }
    },
  )
})

describe.each(compressing.map(codec => [codec.name, codec] as const))('%s', (name, codec) => {
  it.each([false, true])(
    'refuses to grow beyond the limit (without native: %s)',
    async forbidden => {
      forbidNatives(forbidden)
      const bomb = await codec.compress(Buffer.alloc(400_000))
      expect(bomb.length).toBeLessThan(20_000)
      const message = `records compressed by ${name} would grow beyond the limit of 399999 bytes`
      expect(() => codec.decompressSync(bomb, 399_999)).toThrow(message)
      await expect(codec.decompress(bomb, 399_999)).rejects.toThrow(message)
      await expect(codec.decompress(bomb, 399_999)).rejects.toMatchObject({
        code: 'MESSAGE_TOO_LARGE',
      })
      expect((await codec.decompress(bomb, 400_000)).length).toBe(400_000)
    },
  )

  it.each([false, true])('refuses damaged bytes, or reads something (without native: %s)', off => {
    const good = [codec.compressSync(large.subarray(0, 3000)), codec.compressSync(Buffer.alloc(50))]
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.option(fc.nat(), { nil: null }),
        (whole, flips, cut) => {
          const bytes = Buffer.from(cut === null ? whole : whole.subarray(0, cut % whole.length))
          for (const [at, value] of flips) if (bytes.length > 0) bytes[at % bytes.length] = value
          forbidNatives(off)
          expectRecordsErrorAtWorst(() => codec.decompressSync(bytes, 100_000))
        },
      ),
      { seed: 5, numRuns: 1500 },
    )
  })

  it.each([false, true])('refuses noise and nothing (without native: %s)', off => {
    forbidNatives(off)
    expect(() => codec.decompressSync(Buffer.alloc(0), LIMIT)).toThrow(RecordsError)
    expect(() => codec.decompressSync(Buffer.alloc(100, 0xff), LIMIT)).toThrow(RecordsError)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expectRecordsErrorAtWorst(() => codec.decompressSync(Buffer.from(bytes), 100_000))
      }),
      { seed: 6, numRuns: 500 },
    )
  })
})

function expectRecordsErrorAtWorst(decompress: () => Buffer): void {
  try {
    expect(decompress().length).toBeLessThanOrEqual(100_000)
  } catch (error) {
    expect(error).toBeInstanceOf(RecordsError)
  }
}

describe.each([false, true])("other people's bytes (without native code: %s)", forbidden => {
  const read = async (codec: Codec, bytes: Buffer) => {
    forbidNatives(forbidden)
    const text = codec.decompressSync(bytes, LIMIT).toString()
    expect((await codec.decompress(bytes, LIMIT)).toString()).toBe(text)
    return text
  }

  it.each(Object.keys(foreign) as (keyof typeof foreign)[])('are read: %s', async kind => {
    const codec = codecByName(
      kind.startsWith('lz4') ? 'lz4' : kind.startsWith('z') ? 'zstd' : 'snappy',
    )
    expect(await read(codec, foreign[kind])).toBe(foreignText)
    expect(() => codec.decompressSync(foreign[kind], foreignText.length - 1)).toThrow(/limit/)
  })

  it('are read with zstd frames before them that are to be passed over', async () => {
    const zstd = codecByName('zstd')
    const skipped = Buffer.from('5f2a4d1804000000deadbeef', 'hex')
    const frame = zstd.compressSync(noise)
    forbidNatives(forbidden)
    for (const bytes of [Buffer.concat([skipped, frame]), Buffer.concat([frame, skipped])]) {
      expect((await zstd.decompress(bytes, LIMIT)).equals(noise)).toBe(true)
      expect(zstd.decompressSync(bytes, LIMIT).equals(noise)).toBe(true)
    }
  })

  it('are read in the framing of snappy-java, of one stream and of two', async () => {
    const snappy = codecByName('snappy')
    const frame = (...chunks: Buffer[]) => {
      const head = Buffer.from('82534e41505059000000000100000001', 'hex')
      const lengths = chunks.map(chunk => {
        const length = Buffer.alloc(4)
        length.writeInt32BE(chunk.length)
        return Buffer.concat([length, chunk])
      })
      return Buffer.concat([head, ...lengths])
    }
    const first = snappy.compressSync(Buffer.from('first, '))
    const second = snappy.compressSync(large)
    expect(await read(snappy, frame(first, second))).toBe(`first, ${large}`)
    expect(await read(snappy, Buffer.concat([frame(first), frame(second)]))).toBe(`first, ${large}`)
    for (const broken of [frame(first).subarray(0, -1), Buffer.concat([frame(first), first])]) {
      expect(() => snappy.decompressSync(broken, LIMIT)).toThrow(/chunk/)
    }
    expect(() => snappy.decompressSync(frame(second, second), large.length)).toThrow(/limit/)
  })
})

describe('levels', () => {
  it.each(['gzip', 'lz4', 'zstd'] as const)('of %s all work, and the highest pays', name => {
    const codec = codecByName(name)
    const { min, max } = codec.levels!
    const levels = name === 'zstd' ? [min, -5, 1, 3, 12, max] : span(min, max)
    const sizes = levels.map(level => {
      const compressed = codec.compressSync(large.subarray(0, 40_000), level)
      expect(codec.decompressSync(compressed, LIMIT).equals(large.subarray(0, 40_000))).toBe(true)
      return compressed.length
    })
    expect(sizes.at(-1)).toBeLessThan(sizes[0]!)
  })

  it('of lz4: the default is the fast way, as in Java', () => {
    const lz4 = codecByName('lz4')
    expect(lz4.compressSync(large)).toEqual(lz4.compressSync(large, 1))
    expect(lz4.compressSync(large, 10).length).toBeLessThan(lz4.compressSync(large, 3).length)
  })
})

function span(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

it.each([
  ['the descriptor', 12, 'wrong checksum of the descriptor'],
  ['a block', 25, 'wrong checksum'],
  ['the content', -1, 'wrong checksum'],
])('a wrong checksum of %s is found in an LZ4 frame', (_, at, message) => {
  forbidNatives(true)
  const damaged = Buffer.from(foreign.lz4Linked)
  damaged[at < 0 ? damaged.length + at : at]! ^= 1
  expect(() => codecByName('lz4').decompressSync(damaged, LIMIT)).toThrow(message)
})

it('no compression still knows its limit', async () => {
  expect(() => plain.decompressSync(large, 10)).toThrow(/limit of 10 bytes/)
})

it('gzip streams one after the other are one content', () => {
  const two = Buffer.concat([gzipSync('a'), gzipSync('b')])
  expect(codecByName('gzip').decompressSync(two, LIMIT).toString()).toBe('ab')
})
