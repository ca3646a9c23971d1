import fc from 'fast-check'
import {
  BatchWriter,
  type Bytes,
  type RecordHeader,
  recordBytes,
} from '../../../src/records/index.ts'

/** A record as it is given to the writer. */
export interface Given {
  readonly timestamp: number
  readonly key: Bytes
  readonly value: Bytes
  readonly headers: readonly RecordHeader[] | undefined
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
  // Around the lengths at which the encoding takes another way, ASCII but for the last character.
  fc.integer({ min: 20, max: 70 }).map(length => `${'a'.repeat(length)}é`),
)

const bytes: fc.Arbitrary<Bytes> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }).map(array => Buffer.from(array)) },
  { weight: 1, arbitrary: fc.constantFrom<Bytes>(null, '', new Uint8Array(0)) },
)

const header: fc.Arbitrary<RecordHeader> = fc.record({ key: text, value: bytes })

const timestamp = fc.oneof(
  fc.integer({ min: 1_763_000_000_000, max: 1_763_000_100_000 }),
  fc.maxSafeNat(),
)

export const givenRecord: fc.Arbitrary<Given> = fc.record({
  timestamp,
  key: bytes,
  value: bytes,
  headers: fc.oneof(fc.constant(undefined), fc.array(header, { maxLength: 4 })),
})

export const givenRecords = fc.array(givenRecord, { minLength: 1, maxLength: 30 })

/** What must be read where this was given. */
export function bytesOf(given: Bytes): Buffer | null {
  if (given === null) return null
  return typeof given === 'string' ? Buffer.from(given) : Buffer.from(given)
}

export function headersOf(given: Given) {
  return (given.headers ?? []).map(({ key, value }) => ({
    key: Buffer.from(key).toString(),
    value: bytesOf(value),
  }))
}

/** A batch of these records in a buffer with room for just them. */
export function written(records: readonly Given[]): BatchWriter {
  const size = records.reduce((sum, r) => sum + recordBytes(r.key, r.value, r.headers), 61)
  const writer = new BatchWriter(Buffer.alloc(size))
  for (const { timestamp, key, value, headers } of records) {
    if (!writer.append(timestamp, key, value, headers)) throw new Error('recordBytes is too low')
  }
  return writer
}
