import { expect, test } from 'vitest'
import { RecordCursor } from '../../../src/records/record-cursor.ts'
import { Writer } from '../../../src/wire/writer.ts'

/** Where a zigzag varint takes a byte more, on both sides of zero. */
const EDGES = [0, 1, -1, 63, 64, -64, -65, 8_191, 8_192, -8_192, -8_193, 2 ** 20, 2 ** 20 + 1]
const TIMES = [...EDGES, 2 ** 27, -(2 ** 28), 2 ** 40]
const SIZES = [-1, 0, 1, 63, 64, 8_191, 8_192]

interface Fields {
  readonly time: number
  readonly offset: number
  readonly keySize: number
  readonly valueSize: number
}

function encoded({ time, offset, keySize, valueSize }: Fields): Buffer {
  const body = new Writer()
  body.int8(0)
  body.varint(time)
  body.varint(offset)
  for (const size of [keySize, valueSize]) {
    body.varint(size)
    if (size > 0) body.bytes(Buffer.alloc(size, 7))
  }
  body.varint(0)
  const record = Buffer.concat(body.chunks())
  const length = new Writer()
  length.varint(record.length)
  return Buffer.concat([...length.chunks(), record])
}

const facts = {
  baseOffset: 1_000,
  lastOffsetDelta: 2 ** 21,
  baseTimestamp: 1_763_000_000_000,
  maxTimestamp: 1_763_000_000_000,
  timestampType: 'CreateTime',
} as const

/** All that go together, one behind the other, so that each is read where the last one ends. */
function all(): Fields[] {
  return TIMES.flatMap(time =>
    EDGES.filter(offset => offset >= 0).flatMap(offset =>
      SIZES.map((keySize, i) => ({ time, offset, keySize, valueSize: SIZES[(i + 3) % 7]! })),
    ),
  )
}

test('a record is read the same whether its numbers are long or short', () => {
  const records = all()
  const body = Buffer.concat(records.map(encoded))
  const cursor = new RecordCursor({ ...facts, count: records.length }, body)
  for (const { time, offset, keySize, valueSize } of records) {
    expect(cursor.next()).toBe(true)
    expect(cursor.timestamp).toBe(facts.baseTimestamp + time)
    expect(cursor.timestampDelta).toBe(time)
    expect(cursor.offset).toBe(1_000 + offset)
    expect(cursor.key()?.length ?? -1).toBe(keySize)
    expect(cursor.value()?.length ?? -1).toBe(valueSize)
    expect(cursor.headers()).toEqual([])
  }
  expect(cursor.next()).toBe(false)
})

test('an offset behind the last of the batch is refused, long or short', () => {
  for (const [lastOffsetDelta, offset] of [
    [0, 1],
    [8_000, 8_001],
    [8_191, 8_192],
    [2 ** 20 - 1, 2 ** 20],
  ] as const) {
    const body = encoded({ time: 0, offset, keySize: 3, valueSize: 3 })
    const cursor = new RecordCursor({ ...facts, lastOffsetDelta, count: 1 }, body)
    expect(() => cursor.next()).toThrow(`offset delta ${offset} of ${lastOffsetDelta}`)
  }
})
