import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type ApiVersions,
  DeleteTopics,
  type Fetch,
  Metadata,
  Produce,
  type RequestInput,
  type RequestOf,
  SchemaError,
} from '../../../src/protocol/index.ts'
import { versioned } from '../../../src/protocol/schema/api.ts'
import {
  array,
  bool,
  bytes,
  float64,
  int8,
  int16,
  int32,
  int64,
  string,
  struct,
  uint16,
  uint32,
  uuid,
} from '../../../src/protocol/schema/field.ts'
import { Reader } from '../../../src/wire/reader.ts'
import { ZERO_UUID } from '../../../src/wire/uuid.ts'
import { Writer } from '../../../src/wire/writer.ts'

const Sample = versioned(
  'Sample',
  [0, 3],
  {
    id: int32,
    name: string.nullable(1),
    note: string.since(2),
    hint: string.since(2).else('none').ignorable(),
    old: int16.until(1),
    parts: array({ index: int32, flag: bool.else(true) }).since(1),
    extra: struct({ a: int8.else(-1), b: string }).tagged(0, 2),
    tail: array(string).tagged(3, 3),
    maybe: struct({ x: int32 }).nullable().since(3).else(null),
  },
  2,
)

function bytesOf(version: number, message: Parameters<ReturnType<typeof Sample.at>['write']>[1]) {
  const writer = new Writer()
  Sample.at(version).write(writer, message)
  return writer.toBuffer()
}

function hex(version: number, message: Parameters<typeof bytesOf>[1]): string {
  return bytesOf(version, message).toString('hex')
}

/** Hexadecimal digits, with spaces to show the fields. */
function bytesFrom(spaced: string): string {
  return spaced.replaceAll(' ', '')
}

describe('encoding', () => {
  test('plain versions have int16 and int32 lengths', () => {
    expect(hex(0, { id: 7, name: 'ab' })).toBe(bytesFrom('00000007 00026162 0000'))
    const parts = [{ index: 1 }, { index: 2, flag: false }]
    const expected = bytesFrom('00000007 ffff 0005 00000002 0000000101 0000000200')
    expect(hex(1, { id: 7, name: null, old: 5, parts })).toBe(expected)
  })

  test('flexible versions have compact lengths and tags at the end of every struct', () => {
    const withNote = bytesFrom('00000007 00 0278 056e6f6e65 01 00')
    expect(hex(2, { id: 7, name: null, note: 'x' })).toBe(withNote)
    const withItem = bytesFrom('00000007 00 01 056e6f6e65 02 00000009 01 00 00')
    expect(hex(2, { id: 7, name: null, parts: [{ index: 9 }] })).toBe(withItem)
  })

  test('tagged fields go out in order of their tags, with their size, unless at default', () => {
    const start = '00000007 00 01 056e6f6e65 01 ff'
    const tags = '02 00 04 05 0279 00 03 03 02 027a'
    const message = { id: 7, name: null, extra: { a: 5, b: 'y' }, tail: ['z'] }
    expect(hex(3, message)).toBe(bytesFrom(`${start} ${tags}`))
    expect(hex(3, { id: 7, name: null, extra: { a: -1, b: '' }, tail: [] })).toBe(
      bytesFrom(`${start} 00`),
    )
  })

  test('a struct that may be null has a byte before it', () => {
    const bytes = bytesOf(3, { id: 7, name: null, maybe: { x: 9 } })
    expect(bytes.subarray(-7).toString('hex')).toBe(bytesFrom('01 00000009 00 00'))
    expect(Sample.at(3).read(new Reader(bytes)).maybe).toEqual({ x: 9 })
  })
})

describe('decoding', () => {
  test('gives every field, those that the version lacks at their default', () => {
    const message = Sample.at(0).read(new Reader(bytesOf(0, { id: 7, name: 'ab', old: 3 })))
    expect(message).toEqual({
      id: 7,
      name: 'ab',
      note: '',
      hint: 'none',
      old: 3,
      parts: [],
      extra: { a: -1, b: '' },
      tail: [],
      maybe: null,
    })
  })

  test('all versions give objects with their keys in one order', () => {
    const keys = [0, 1, 2, 3].map(version => {
      const bytes = bytesOf(version, { id: 7, name: 'ab' })
      return Object.keys(Sample.at(version).read(new Reader(bytes))).join()
    })
    expect(new Set(keys).size).toBe(1)
  })

  test('tags that we do not know are skipped', () => {
    const known = bytesOf(2, { id: 7, name: 'ab' })
    const unknown = Buffer.concat([
      known.subarray(0, -1),
      Buffer.from(bytesFrom('010903aabbcc'), 'hex'),
    ])
    const reader = new Reader(unknown)
    expect(Sample.at(2).read(reader).id).toBe(7)
    expect(reader.remaining).toBe(0)
  })

  test('shared defaults can not be changed', () => {
    const message = Sample.at(0).read(new Reader(bytesOf(0, { id: 7, name: 'ab' })))
    expect(() => message.tail.push('x')).toThrow(TypeError)
    expect(() => Object.assign(message.extra, { a: 1 })).toThrow(TypeError)
  })
})

describe('what a version can not carry', () => {
  test('is refused, with the versions that can', () => {
    expect(() => hex(1, { id: 7, name: 'ab', note: 'lost' })).toThrow(
      new SchemaError(
        'Sample v1: note: version 1 can\'t carry it (it exists from 2 on), got "lost"',
        'note',
      ),
    )
    expect(() => hex(2, { id: 7, name: 'ab', old: 1 })).toThrow('old: version 2 can')
    expect(() => hex(1, { id: 7, name: 'ab', extra: { a: 1, b: '' } })).toThrow('extra: version 1')
  })

  test('is dropped where that was declared, or where it says nothing', () => {
    const short = hex(1, { id: 7, name: 'ab' })
    const defaults = { note: '', parts: [], extra: { a: -1, b: '' }, tail: [] }
    expect(hex(1, { id: 7, name: 'ab', hint: 'dropped', ...defaults })).toBe(short)
  })

  test('within an array is named with its index', () => {
    const topics = [
      { name: 'a', topicId: ZERO_UUID },
      { name: null, topicId: ZERO_UUID },
    ]
    expect(() =>
      Metadata.request
        .at(9)
        .write(new Writer(), { topics, includeTopicAuthorizedOperations: false }),
    ).toThrow('Metadata v9 request: topics[1].name: expected a string, got null')
    expect(() => DeleteTopics.request.at(5).write(new Writer(), { topics, timeoutMs: 1 })).toThrow(
      "DeleteTopics v5 request: topics: version 5 can't carry it",
    )
  })

  test('a version that we do not speak is refused', () => {
    expect(() => Produce.request.at(14)).toThrow('Produce v14 request: we speak versions 3 to 13')
    expect(() => Produce.request.at(2)).toThrow(SchemaError)
    expect(() => Produce.request.at(9.5)).toThrow(SchemaError)
  })
})

describe('a value that does not fit', () => {
  const cases = [
    ['int8', int8, 128, 'expected int8, got 128'],
    ['int16', int16, -32_769, 'expected int16, got -32769'],
    ['uint16', uint16, -1, 'expected uint16, got -1'],
    ['int32', int32, 2 ** 31, 'expected int32, got 2147483648'],
    ['int32', int32, 1.5, 'expected int32, got 1.5'],
    ['int32', int32, '3', 'expected int32, got "3"'],
    ['int32', int32, undefined, 'expected int32, got undefined'],
    ['uint32', uint32, 2 ** 32, 'expected uint32, got 4294967296'],
    ['int64', int64, 2 ** 53, 'expected a whole number of at most 2^53-1, got 9007199254740992'],
    ['int64', int64, 1n, 'expected a whole number of at most 2^53-1, got 1n'],
    ['float64', float64, '1', 'expected a number, got "1"'],
    ['bool', bool, 1, 'expected a boolean, got 1'],
    ['string', string, null, 'expected a string, got null'],
    ['string', string, 'é'.repeat(20_000), 'expected a string of at most 32767 bytes'],
    ['bytes', bytes, 'text', 'expected bytes, got "text"'],
    ['uuid', uuid, 'x', 'expected a uuid of 22 base64 characters, got "x"'],
    ['array', array(int32), {}, 'expected an array, got an object'],
    ['struct', struct({ a: int32 }), 3, 'expected an object, got 3'],
  ] as const

  test.each(cases)('%s', (_, field, value, expected) => {
    const message = versioned('Holder', [0, 0], { field })
    const write = () => message.at(0).write(new Writer(), { field: value } as never)
    expect(write).toThrow(`Holder v0: field: ${expected}`)
  })

  test('is named by its path', () => {
    const request = {
      acks: -1,
      timeoutMs: 1000,
      topicData: ['a', 'b', 'c'].map((name, i) => ({
        name,
        partitionData: [{ index: i === 2 ? '3' : 0, records: null }],
      })),
    }
    const write = () => Produce.request.at(9).write(new Writer(), request as never)
    const expected =
      'Produce v9 request: topicData[2].partitionData[0].index: expected int32, got "3"'
    expect(write).toThrow(expected)
    try {
      write()
    } catch (error) {
      expect(error).toMatchObject({ path: 'topicData[2].partitionData[0].index' })
    }
  })
})

describe('bytes that can not be read', () => {
  test('are explained with the path and the place', () => {
    const bytes = Buffer.from(bytesFrom('00000007 0002 61'), 'hex')
    expect(() => Sample.at(0).read(new Reader(bytes))).toThrow(
      'Sample v0: name: 2 bytes wanted, 1 left (at byte 6)',
    )
    const tagged = Buffer.from(bytesFrom('00000007 00 01 01 01 01 0003 ff05'), 'hex')
    expect(() => Sample.at(2).read(new Reader(tagged))).toThrow('Sample v2: tags: tag 0 of 3 bytes')
    const short = Buffer.from(bytesFrom('00000007 00 01 01 01 01 0002 ff05'), 'hex')
    expect(() => Sample.at(2).read(new Reader(short))).toThrow('Sample v2: extra.b: 4 bytes wanted')
  })

  test('a tag must be as long as it says', () => {
    const bytes = Buffer.from(bytesFrom('00000007 00 01 01 01 01 0004 ff01 00 77'), 'hex')
    expect(() => Sample.at(2).read(new Reader(bytes))).toThrow('tags: tag 0 was to end at byte')
  })

  test('null where nothing may be null', () => {
    const bytes = Buffer.from(bytesFrom('00000007 ffff 0000'), 'hex')
    expect(() => Sample.at(0).read(new Reader(bytes))).toThrow('name: null where a value must be')
  })
})

test('types: reading gives every field, writing asks for what has no default', () => {
  type Request = RequestOf<typeof Fetch>
  expectTypeOf<Request['topics'][number]['topicId']>().toEqualTypeOf<string>()
  expectTypeOf<Request['topics'][number]['partitions'][number]['fetchOffset']>().toBeNumber()
  expectTypeOf<RequestOf<typeof Produce>['transactionalId']>().toEqualTypeOf<string | null>()
  const least: RequestInput<typeof Produce> = { acks: 1, timeoutMs: 1, topicData: [] }
  expectTypeOf(least).not.toBeAny()
  type LackingAcks = { timeoutMs: number; topicData: [] }
  expectTypeOf<LackingAcks>().not.toExtend<RequestInput<typeof Produce>>()
  expectTypeOf<RequestInput<typeof ApiVersions>>().not.toHaveProperty('clientSoftware')
})
