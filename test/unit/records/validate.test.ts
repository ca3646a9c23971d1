import { beforeAll, describe, expect, it } from 'vitest'
import {
  BATCH_HEADER_BYTES,
  type BatchFields,
  BatchWriter,
  codecByName,
  parseBatch,
  readControlRecord,
  sealBatch,
  validateProduced,
  validateRecords,
  writeControlBatch,
} from '../../../src/records/index.ts'

beforeAll(() => codecByName('zstd').ready())

function produced(fields: Partial<BatchFields> = {}, count = 3): Buffer {
  const writer = new BatchWriter(Buffer.alloc(1000))
  for (let i = 0; i < count; i++)
    writer.append(100, `key-${i}`, 'value', [{ key: 'h', value: 'v' }])
  sealBatch(writer.bytes(), { count, baseTimestamp: 100, maxTimestamp: 100, ...fields })
  return writer.bytes()
}

/** Changes the batch and makes its CRC right again. */
function changed(change: (batch: Buffer) => void): Buffer {
  const batch = produced()
  change(batch)
  const { count, baseTimestamp, maxTimestamp, lastOffsetDelta } = parseBatch(batch)
  sealBatch(batch, { count, baseTimestamp, maxTimestamp, lastOffsetDelta })
  return batch
}

const refused = (records: Buffer) => {
  try {
    validateProduced(records)
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${error.code}: ${error.message}`
    throw error
  }
  return 'accepted'
}

describe('a produced batch', () => {
  it('is accepted, idempotent, transactional or neither', () => {
    expect(validateProduced(produced()).count).toBe(3)
    const identity = { producerId: 5n, producerEpoch: 0, baseSequence: 0 }
    expect(validateProduced(produced(identity)).hasProducerId).toBe(true)
    expect(validateProduced(produced({ ...identity, transactional: true })).isTransactional).toBe(
      true,
    )
    // Epoch and sequence mean nothing without an id.
    expect(refused(produced({ producerEpoch: 0, baseSequence: 0 }))).toBe('accepted')
  })

  it('is not decompressed unless its records are to be looked at', () => {
    const header = Buffer.alloc(BATCH_HEADER_BYTES)
    const body = Buffer.from('no gzip')
    sealBatch(header, { count: 1, baseTimestamp: 1, maxTimestamp: 1, codec: 1 }, body)
    const batch = validateProduced(Buffer.concat([header, body]))
    expect(() => validateRecords(batch)).toThrow(/records that gzip can't have compressed/)
  })

  it.each([
    ['a wrong CRC', () => flipped(70), /^CORRUPT_MESSAGE: .* has CRC/],
    [
      'a second batch',
      () => Buffer.concat([produced(), produced()]),
      /^INVALID_RECORD: .* only batch/,
    ],
    ['a cut', () => produced().subarray(0, -1), /^CORRUPT_MESSAGE: .* cut off/],
    ['nothing', () => Buffer.alloc(0), /^CORRUPT_MESSAGE/],
    [
      'no records',
      () => produced({ count: 0, lastOffsetDelta: 0 }),
      /^INVALID_RECORD: .* 0 records/,
    ],
    ['a gap', () => produced({ lastOffsetDelta: 5 }), /^INVALID_RECORD: .* 3 records in 6/],
    ['control', () => produced({ control: true }), /^INVALID_RECORD: .* control/],
    ['codec 5', () => produced({ codec: 5 }), /^UNSUPPORTED_COMPRESSION_TYPE: .* codec 5/],
    [
      'no sequence',
      () => produced({ producerId: 1n, producerEpoch: 0 }),
      /^INVALID_RECORD: .* sequence -1/,
    ],
    [
      'no epoch',
      () => produced({ producerId: 1n, baseSequence: 0 }),
      /^INVALID_RECORD: .* epoch -1/,
    ],
    ['no id', () => produced({ transactional: true }), /^INVALID_RECORD: .* without a producer id/],
    ['a timestamp of -2', () => produced({ maxTimestamp: -2 }), /^INVALID_RECORD: .* timestamp -2/],
    ['magic 1', () => flipped(16), /^UNSUPPORTED_FOR_MESSAGE_FORMAT: .* magic 1/],
  ])('is refused with %s', (_, records, message) => {
    expect(refused(records())).toMatch(message)
  })

  it('must have offsets without gaps, and whole headers', () => {
    expect(() => validateRecords(validateProduced(produced()))).not.toThrow()
    const offsetDeltaAt = BATCH_HEADER_BYTES + 3
    expect(() => validateRecords(parseBatch(changed(b => (b[offsetDeltaAt] = 2))))).toThrow(
      /record 0 has offset delta 1/,
    )
    const headerKeySizeAt = BATCH_HEADER_BYTES + 4 + 6 + 6 + 1
    expect(() => validateRecords(parseBatch(changed(b => (b[headerKeySizeAt] = 60))))).toThrow(
      /corrupt record headers/,
    )
  })

  it('grows to no more than it may', () => {
    const writer = new BatchWriter(Buffer.alloc(200_000))
    writer.append(1, null, Buffer.alloc(150_000))
    const body = codecByName('zstd').compressSync(writer.body())
    const header = Buffer.alloc(BATCH_HEADER_BYTES)
    sealBatch(header, { count: 1, baseTimestamp: 1, maxTimestamp: 1, codec: 4 }, body)
    const batch = parseBatch(Buffer.concat([header, body]))
    expect(() => batch.recordsSync(100_000)).toThrow(/limit of 100000 bytes/)
    expect(batch.recordsSync().length).toBe(writer.body().length)
  })
})

function flipped(at: number): Buffer {
  const batch = produced()
  batch[at]! ^= at === 16 ? 3 : 1
  return batch
}

describe('control records', () => {
  const end = { producerId: 1n, producerEpoch: 2, coordinatorEpoch: 3, timestamp: 4 }

  it.each(['abort', 'commit'] as const)('tell an %s', is => {
    const batch = parseBatch(
      writeControlBatch({ is, ...end, baseOffset: 9, partitionLeaderEpoch: 8 }),
    )
    batch.verifyCrc()
    expect([batch.baseOffset, batch.partitionLeaderEpoch, batch.isControl]).toEqual([9, 8, true])
    const cursor = batch.cursor()
    cursor.next()
    expect(readControlRecord(cursor)).toEqual({ is, version: 0, coordinatorEpoch: 3 })
  })

  it('may be of kinds that concern nobody here, but not cut short', () => {
    const cursorOn = (key: Buffer | null, value: Buffer | null) => {
      const writer = new BatchWriter(Buffer.alloc(200))
      writer.append(1, key, value)
      sealBatch(writer.bytes(), { count: 1, baseTimestamp: 1, maxTimestamp: 1, control: true })
      const cursor = parseBatch(writer.bytes()).cursor()
      cursor.next()
      return cursor
    }
    const leaderChange = cursorOn(Buffer.from([0, 0, 0, 2]), Buffer.alloc(3))
    expect(readControlRecord(leaderChange)).toEqual({ is: 'other', version: 0, type: 2 })
    expect(() => readControlRecord(cursorOn(null, null))).toThrow(/too short a key/)
    expect(() => readControlRecord(cursorOn(Buffer.alloc(4), null))).toThrow(/too short a value/)
  })
})
