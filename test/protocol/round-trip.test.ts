import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { arbitrary, trace } from '../../src/protocol/index.ts'
import { Reader } from '../../src/wire/reader.ts'
import { Writer } from '../../src/wire/writer.ts'
import { declared } from './messages.ts'

const SEEDS = 10

test.each(declared())('$kafkaName: what is written is read again', ({ message }) => {
  const [min, max] = message.versions
  for (let version = min; version <= max; version++) {
    for (let seed = 0; seed < SEEDS; seed++) {
      const value = arbitrary(message, version, seed)
      const writer = new Writer()
      message.at(version).write(writer, value)
      const { size } = writer
      const bytes = writer.toBuffer()
      const read = message.at(version).read(new Reader(bytes))
      if (!isDeepStrictEqual(read, value)) expect(read, `v${version} seed ${seed}`).toEqual(value)
      expect(bytes.length).toBe(size)
      expect(trace(message, version, bytes)).toMatchObject({ end: size, failure: undefined })
    }
  }
})

test('the same seed gives the same message, another seed another', () => {
  const { message } = declared()[1]!
  const texts = [1, 1, 2].map(seed =>
    JSON.stringify(arbitrary(message, 9, seed), (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    ),
  )
  expect(texts[0]).toBe(texts[1])
  expect(texts[0]).not.toBe(texts[2])
})
