import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BATCH_HEADER_BYTES,
  BatchWriter,
  codecs,
  parseBatch,
  placeBatch,
  RecordsError,
  readBatches,
  sealBatch,
  stampLogAppendTime,
} from '../../../src/records/index.ts'
import { bytesOf, givenRecords, headersOf, written } from './arbitrary.ts'

const fields = (writer: BatchWriter) => ({
  count: writer.count,
  baseTimestamp: writer.baseTimestamp,
  maxTimestamp: writer.maxTimestamp,
})

function sealed(writer: BatchWriter): Buffer {
  const batch = writer.bytes()
  sealBatch(batch, fields(writer))
  return batch
}

function simple(count: number, room = 4096): BatchWriter {
  const writer = new BatchWriter(Buffer.alloc(room))
  for (let i = 0; i < count; i++) writer.append(1000 + i, `key-${i}`, `value-${i}`)
  return writer
}

describe('a batch', () => {
  it('reads back as it was written, whatever the records', () => {
    fc.assert(
      fc.property(givenRecords, records => {
        const batch = parseBatch(sealed(written(records)))
        batch.verifyCrc()
        const read = [...batch.cursor()]
        expect(read.length).toBe(records.length)
        read.forEach((record, i) => {
          const given = records[i]!
          expect(record.offset).toBe(i)
          expect(record.timestamp).toBe(given.timestamp)
          expect(record.key).toEqual(bytesOf(given.key))
          expect(record.value).toEqual(bytesOf(given.value))
          expect(record.headers).toEqual(headersOf(given))
        })
        expect(batch.maxTimestamp).toBe(Math.max(...records.map(r => r.timestamp)))
      }),
      { seed: 1, numRuns: 400 },
    )
  })

  it('tells null from empty', () => {
    const writer = new BatchWriter(Buffer.alloc(200))
    writer.append(0, null, null, [{ key: '', value: null }])
    writer.append(0, '', '', [{ key: '', value: '' }])
    const [first, second] = [...parseBatch(sealed(writer)).cursor()]
    expect([first!.key, first!.value, first!.headers]).toEqual([
      null,
      null,
      [{ key: '', value: null }],
    ])
    const empty = Buffer.alloc(0)
    expect([second!.key, second!.value, second!.headers]).toEqual([
      empty,
      empty,
      [{ key: '', value: empty }],
    ])
  })

  it('has the bytes that the format asks for', () => {
    const writer = new BatchWriter(Buffer.alloc(100))
    writer.append(1, 'k', 'v', [{ key: 'h', value: null }])
    const batch = writer.bytes()
    sealBatch(batch, { ...fields(writer), producerId: 7n, producerEpoch: 2, baseSequence: 9 })
    expect(batch.toString('hex')).toBe(
      [
        '0000000000000000', // base offset
        '0000003d', // length
        'ffffffff', // leader epoch
        '02', // magic
        batch.subarray(17, 21).toString('hex'), // CRC, held against Java's by the interop test
        '0000', // attributes
        '00000000', // last offset delta
        '0000000000000001', // base timestamp
        '0000000000000001', // max timestamp
        '0000000000000007', // producer id
        '0002', // producer epoch
        '00000009', // base sequence
        '00000001', // count
        '16', // the record has 11 bytes
        '00', // attributes
        '00', // timestamp delta
        '00', // offset delta
        '026b', // key
        '0276', // value
        '02', // one header
        '0268', // its key
        '01', // its value is null
      ].join(''),
    )
  })

  it('takes records while there is room, and says so when there is not', () => {
    for (let room = BATCH_HEADER_BYTES; room < 300; room++) {
      const buffer = Buffer.alloc(room + 8, 0xaa)
      const writer = new BatchWriter(buffer.subarray(0, room))
      let taken = 0
      while (writer.append(5, 'clé', 'x'.repeat(30))) taken++
      // Length, attributes, two deltas, key and its length, value and its length, no headers.
      const each = 1 + 1 + 1 + 1 + 5 + 31 + 1
      expect(taken).toBe(Math.floor((room - BATCH_HEADER_BYTES) / each))
      expect(writer.size).toBe(BATCH_HEADER_BYTES + taken * each)
      expect(buffer.subarray(room)).toEqual(Buffer.alloc(8, 0xaa))
      if (taken > 0) expect([...parseBatch(sealed(writer)).cursor()].length).toBe(taken)
    }
  })

  it('keeps a first record that does not fit out of its timestamps', () => {
    const writer = new BatchWriter(Buffer.alloc(80))
    expect(writer.append(77, null, 'x'.repeat(100))).toBe(false)
    expect([writer.count, writer.baseTimestamp, writer.maxTimestamp]).toEqual([0, -1, -1])
  })

  it('goes on in a larger buffer', () => {
    const writer = simple(3, 120)
    expect(writer.append(2000, 'key', 'x'.repeat(100))).toBe(false)
    writer.moveTo(Buffer.alloc(400))
    expect(writer.append(2000, 'key', 'x'.repeat(100))).toBe(true)
    const offsets = [...parseBatch(sealed(writer)).cursor()].map(({ offset }) => offset)
    expect(offsets).toEqual([0, 1, 2, 3])
  })

  it('may be sealed again, with another identity', () => {
    const writer = simple(3)
    const batch = sealed(writer)
    sealBatch(batch, {
      ...fields(writer),
      producerId: 4000n,
      producerEpoch: 3,
      baseSequence: 17,
      transactional: true,
    })
    const read = parseBatch(batch)
    read.verifyCrc()
    expect([read.producerId, read.producerEpoch, read.baseSequence]).toEqual([4000n, 3, 17])
    expect([read.isTransactional, read.isControl, read.lastSequence]).toEqual([true, false, 19])
  })

  it('gets its place in the log without a new CRC', () => {
    const batch = sealed(simple(3))
    const crc = parseBatch(batch).crc
    placeBatch(batch, 2 ** 40 + 5, 12)
    const read = parseBatch(batch)
    read.verifyCrc()
    expect(read.crc).toBe(crc)
    expect([read.baseOffset, read.lastOffset, read.nextOffset]).toEqual([
      2 ** 40 + 5,
      2 ** 40 + 7,
      2 ** 40 + 8,
    ])
    expect(read.partitionLeaderEpoch).toBe(12)
    expect([...read.cursor()].map(r => r.offset)).toEqual([5, 6, 7].map(n => 2 ** 40 + n))
  })

  it('tells the time of its append in every record', () => {
    const batch = sealed(simple(3))
    stampLogAppendTime(batch, 5_000)
    const read = parseBatch(batch)
    read.verifyCrc()
    expect(read.timestampType).toBe('LogAppendTime')
    expect([...read.cursor()].map(r => r.timestamp)).toEqual([5_000, 5_000, 5_000])
  })

  it('wraps its sequence after 2^31-1', () => {
    const writer = simple(3)
    sealBatch(writer.bytes(), {
      ...fields(writer),
      producerId: 1n,
      producerEpoch: 0,
      baseSequence: 2 ** 31 - 2,
    })
    expect(parseBatch(writer.bytes()).lastSequence).toBe(0)
  })

  it('lies in two chunks where it is compressed', async () => {
    for (const codec of codecs) {
      const writer = simple(40)
      const body = await codec.compress(writer.body())
      const header = Buffer.alloc(BATCH_HEADER_BYTES)
      sealBatch(header, { ...fields(writer), codec: codec.id }, body)
      const batch = parseBatch(Buffer.concat([header, body]))
      batch.verifyCrc()
      expect(batch.codec).toBe(codec.id)
      const records = await batch.records()
      expect(records).toEqual(writer.body())
      expect(batch.recordsSync()).toEqual(writer.body())
      expect([...batch.cursor(records)].map(r => r.value?.toString())).toEqual(
        Array.from({ length: 40 }, (_, i) => `value-${i}`),
      )
    }
  })
})

describe('the batches of a fetch', () => {
  const two = Buffer.concat([sealed(simple(2)), sealed(simple(5))])

  it('come one after the other; part of one at the end is dropped', () => {
    const first = sealed(simple(2)).length
    for (let cut = first; cut <= two.length; cut++) {
      const counts = [...readBatches(two.subarray(0, cut))].map(batch => batch.count)
      expect(counts).toEqual(cut === two.length ? [2, 5] : [2])
    }
    expect([...readBatches(Buffer.alloc(0))]).toEqual([])
  })

  it('have at least one that is whole', () => {
    for (const cut of [1, 16, 17, 60, 61, 70]) {
      expect(() => [...readBatches(two.subarray(0, cut))]).toThrow(/first batch .* was cut off/)
    }
  })

  it('are refused in the formats before magic 2, after those that can be read', () => {
    for (const magic of [0, 1]) {
      const old = Buffer.from(two)
      old[sealed(simple(2)).length + 16] = magic
      const read: number[] = []
      const walk = () => {
        for (const batch of readBatches(old)) read.push(batch.count)
      }
      expect(walk).toThrow(`magic ${magic} at byte ${sealed(simple(2)).length}`)
      expect(read).toEqual([2])
    }
  })

  it('are known to be corrupt by their CRC', () => {
    const batch = sealed(simple(2))
    batch[70]! ^= 1
    const read = parseBatch(batch)
    expect(read.crcIsRight()).toBe(false)
    expect(() => read.verifyCrc()).toThrow(/has CRC 0x[0-9a-f]{8} where its header says 0x/)
  })

  it('must have counts and lengths that can be', () => {
    const corrupt = (change: (batch: Buffer) => void) => () => {
      const batch = sealed(simple(2))
      change(batch)
      for (const read of readBatches(batch)) for (const _ of read.cursor());
    }
    expect(corrupt(b => b.writeInt32BE(-5, 8))).toThrow(/length of 7 bytes/)
    expect(corrupt(b => b.writeInt32BE(2 ** 31 - 1, 8))).toThrow(/cut off/)
    expect(corrupt(b => b.writeInt32BE(2 ** 31 - 1, 57))).toThrow(/claims 2147483647 records/)
    expect(corrupt(b => b.writeInt32BE(-1, 57))).toThrow(/claims -1 records/)
    expect(corrupt(b => b.writeInt32BE(1, 57))).toThrow(/bytes after the last record/)
    expect(
      corrupt(b => {
        b.writeInt32BE(3, 57)
        b.writeInt32BE(3, 23)
      }),
    ).toThrow(/varint has no end/)
    expect(corrupt(b => b.writeInt32BE(0, 23))).toThrow(/claims 2 records in 1 offsets/)
    expect(corrupt(b => b.writeBigInt64BE(2n ** 60n, 0))).toThrow(/beyond 2\^53-1/)
    expect(corrupt(b => (b[16] = 3))).toThrow(/magic 3/)
    expect(corrupt(b => (b[61] = 0x7e))).toThrow(/size/)
    expect(corrupt(b => (b[22] = 6))).toThrow(/codec 6, which is not known/)
  })

  it('never break the reader, however they are damaged', () => {
    fc.assert(
      fc.property(
        givenRecords,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(), { nil: null }),
        (records, flips, cut) => {
          const whole = Buffer.from(sealed(written(records)))
          const bytes = cut === null ? whole : whole.subarray(0, cut % whole.length)
          for (const [at, value] of flips) if (bytes.length > 0) bytes[at % bytes.length] = value
          try {
            for (const batch of readBatches(bytes)) {
              for (const record of batch.cursor()) void [record.key, record.value, record.headers]
            }
          } catch (error) {
            expect(error).toBeInstanceOf(RecordsError)
          }
        },
      ),
      { seed: 2, numRuns: 2000 },
    )
  })
})
