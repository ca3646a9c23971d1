import { describe, expect, test } from 'vitest'
import { randomBelow, seededRandom } from '../../../src/base/random.ts'
import { Reader, WireError } from '../../../src/wire/reader.ts'
import { formatUuid, parseUuid } from '../../../src/wire/uuid.ts'
import { Writer } from '../../../src/wire/writer.ts'

type Step = readonly [write: (writer: Writer) => void, read: (reader: Reader) => void]

function step<T>(
  value: T,
  write: (writer: Writer, value: T) => void,
  read: (reader: Reader) => T,
): Step {
  return [writer => write(writer, value), reader => expect(read(reader)).toEqual(value)]
}

const uuidText = formatUuid(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))

const steps: readonly Step[] = [
  step(
    true,
    (w, v) => w.bool(v),
    r => r.bool(),
  ),
  step(
    -128,
    (w, v) => w.int8(v),
    r => r.int8(),
  ),
  step(
    255,
    (w, v) => w.uint8(v),
    r => r.uint8(),
  ),
  step(
    -32_768,
    (w, v) => w.int16(v),
    r => r.int16(),
  ),
  step(
    65_535,
    (w, v) => w.uint16(v),
    r => r.uint16(),
  ),
  step(
    -(2 ** 31),
    (w, v) => w.int32(v),
    r => r.int32(),
  ),
  step(
    2 ** 32 - 1,
    (w, v) => w.uint32(v),
    r => r.uint32(),
  ),
  step(
    2 ** 53 - 1,
    (w, v) => w.int64(v),
    r => r.int64(),
  ),
  step(
    -(2 ** 53 - 1),
    (w, v) => w.int64(v),
    r => r.int64(),
  ),
  step(
    -1,
    (w, v) => w.int64(v),
    r => r.int64(),
  ),
  step(
    -(2n ** 63n),
    (w, v) => w.bigint64(v),
    r => r.bigint64(),
  ),
  step(
    5e-324,
    (w, v) => w.float64(v),
    r => r.float64(),
  ),
  step(
    uuidText,
    (w, v) => w.uuid(v),
    r => r.uuid(),
  ),
  step(
    2 ** 32 - 1,
    (w, v) => w.uvarint(v),
    r => r.uvarint(),
  ),
  step(
    -(2 ** 31),
    (w, v) => w.varint(v),
    r => r.varint(),
  ),
  step(
    'ключ',
    (w, v) => w.string(v, 8),
    r => r.string(8),
  ),
  step<Buffer>(
    Buffer.from('abc'),
    (w, v) => w.bytes(v),
    r => r.bytes(3),
  ),
  step<Buffer>(
    Buffer.from('by reference'),
    (w, v) => w.reference(v),
    r => r.bytes(12),
  ),
]

describe('what the Writer writes, the Reader reads', () => {
  test('in any order, wherever the buffer has to grow', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = seededRandom(seed)
      const chosen = Array.from({ length: 60 }, () => steps[randomBelow(random, steps.length)]!)
      const writer = new Writer(1 + randomBelow(random, 40))
      for (const [write] of chosen) write(writer)
      const { size } = writer
      const reader = new Reader(writer.toBuffer())
      expect(reader.remaining).toBe(size)
      for (const [, read] of chosen) read(reader)
      expect(reader.remaining).toBe(0)
    }
  })

  test('a mark is patched even after the buffer was replaced', () => {
    const writer = new Writer(8)
    const mark = writer.markInt32()
    for (let i = 0; i < 100; i++) writer.int32(i)
    writer.patch(mark, 400)
    const bytes = writer.toBuffer()
    expect(bytes.readInt32BE()).toBe(400)
    expect(bytes.length).toBe(404)
  })

  test('large things are chunks of their own, small ones and empty ones are not', () => {
    const large = Buffer.alloc(10_000)
    const writer = new Writer()
    writer.int32(1)
    writer.reference(large)
    writer.reference(Buffer.alloc(0))
    writer.int32(2)
    writer.reference(Buffer.from('small'))
    const chunks = writer.chunks()
    expect(chunks.map(chunk => chunk.length)).toEqual([4, 10_000, 9])
    expect(chunks[1]).toBe(large)
  })
})

describe('the Reader refuses', () => {
  const cases: readonly (readonly [string, string, (reader: Reader) => unknown])[] = [
    ['more bytes than there are', 'ff', r => r.int16()],
    ['a negative size', 'ff', r => r.bytes(-1)],
    ['a varint without end', 'ffffffffff01', r => r.uvarint()],
    ['a varint of 33 bits', 'ffffffff1f', r => r.uvarint()],
    ['an int64 that no number holds', '0020000000000001', r => r.int64()],
    ['an int64 below all numbers', '8000000000000000', r => r.int64()],
  ]
  test.each(cases)('%s', (_, hex, read) => {
    expect(() => read(new Reader(Buffer.from(hex, 'hex')))).toThrow(WireError)
  })
})

test('a uuid has 22 characters, no other text is one', () => {
  expect(formatUuid(parseUuid(uuidText))).toBe(uuidText)
  for (const text of [
    '',
    'AAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAA',
    '=AAAAAAAAAAAAAAAAAAAAA',
  ]) {
    expect(() => parseUuid(text), text).toThrow(RangeError)
  }
})
