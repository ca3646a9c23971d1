import { type Random, randomBelow, seededRandom } from '../../../src/base/random.ts'
import {
  BATCH_HEADER_BYTES,
  BatchWriter,
  codecById,
  codecs,
  RecordsError,
  readBatches,
  readControlRecord,
  sealBatch,
  validateProduced,
  validateRecords,
  writeControlBatch,
} from '../../../src/records/index.ts'
import { writeCrc } from '../../../src/records/seal.ts'
import { mutated } from '../mutate.ts'
import type { Specimen, Target } from '../target.ts'
import { content } from './content.ts'

/** What the batches here may grow to by decompression. */
const LIMIT = 65_536
/** Where the fields of the header stand, and the first record behind it. */
const HEADER = [0, 8, 12, 16, 17, 21, 23, 27, 35, 43, 51, 53, 57]
const RECORD = [61, 62, 63, 64, 65, 66]
const LENGTH_AT = 8
const MAGIC_AT = 16

function batch(random: Random): Buffer {
  if (random() < 0.1) {
    const is = random() < 0.5 ? 'abort' : 'commit'
    const who = { producerId: 7n, producerEpoch: 1, coordinatorEpoch: 3 }
    return writeControlBatch({ is, timestamp: 1_700_000_000_000, ...who })
  }
  const writer = new BatchWriter(Buffer.alloc(16_384))
  for (let left = 1 + randomBelow(random, 5); left > 0; left--) {
    const headers = [
      { key: 'trace', value: content(random, 9) },
      { key: '', value: null },
    ]
    const some = random() < 0.4 ? headers : undefined
    const key = random() < 0.5 ? null : content(random, 20)
    writer.append(1_700_000_000_000 + left, key, content(random, 200), some)
  }
  const codec = randomBelow(random, 5)
  const { count, baseTimestamp, maxTimestamp } = writer
  const isIdempotent = random() < 0.5
  const identity = isIdempotent ? { producerId: 9n, producerEpoch: 0, baseSequence: 4 } : {}
  const fields = { count, baseTimestamp, maxTimestamp, codec, ...identity }
  const body = codec === 0 ? writer.body() : codecById(codec).compressSync(writer.body())
  const header = Buffer.alloc(BATCH_HEADER_BYTES)
  sealBatch(header, fields, body)
  return Buffer.concat([header, body])
}

/** A message as it was before Kafka 0.11: refused, but read so far as to tell what it is. */
function oldMessage(random: Random, magic: number): Buffer {
  const [key, value] = [content(random, 9), content(random, 60)]
  const timestamp = magic === 1 ? Buffer.alloc(8) : Buffer.alloc(0)
  const sized = (bytes: Buffer) => {
    const size = Buffer.alloc(4)
    size.writeInt32BE(bytes.length)
    return Buffer.concat([size, bytes])
  }
  const crc = Buffer.alloc(4, randomBelow(random, 256))
  const attributes = Buffer.from([magic, randomBelow(random, 4)])
  const message = Buffer.concat([crc, attributes, timestamp, sized(key), sized(value)])
  return Buffer.concat([Buffer.alloc(8), sized(message)])
}

/** So many specimens, made once. */
const SPECIMENS = 1000
const kept: Specimen[] = []

function keptSpecimen(random: Random): Specimen {
  const which = randomBelow(random, SPECIMENS)
  kept[which] ??= specimen(seededRandom(which))
  return kept[which]
}

function specimen(random: Random): Specimen {
  const isOld = random() < 0.06
  const first = isOld ? oldMessage(random, randomBelow(random, 2)) : batch(random)
  const more = Array.from({ length: random() < 0.2 ? 2 : 0 }, () => batch(random))
  const end = first.length
  const marks = [...HEADER, ...RECORD, end, ...HEADER.map(at => end + at)]
  const bytes = Buffer.concat([first, ...more])
  return { bytes, marks: marks.filter(at => at < bytes.length) }
}

/** Lengths and checksums made right again, so that what is under them is read. */
function resealed(bytes: Buffer): Buffer {
  if (bytes.length < BATCH_HEADER_BYTES || bytes[MAGIC_AT] !== 2) return bytes
  const sealed = Buffer.from(bytes)
  sealed.writeInt32BE(sealed.length - 12, LENGTH_AT)
  writeCrc(sealed)
  return sealed
}

function orRefused(read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof RecordsError)) throw error
  }
}

/** Records as a consumer finds them in an answer, and as a broker finds them in a request. */
export const batchesTarget: Target = {
  name: 'batches',
  weight: 14,
  mayAllocate: input => 64 * LIMIT + 16 * input.length,
  begin: async () => void (await Promise.all(codecs.map(codec => codec.ready()))),
  input(random) {
    const some = () => keptSpecimen(random)
    const bytes = mutated(some(), random, some)
    return random() < 0.6 ? resealed(bytes) : bytes
  },
  feed(input) {
    orRefused(() => {
      for (const batch of readBatches(input)) {
        void [batch.nextOffset, batch.lastSequence, batch.maxTimestamp, batch.hasProducerId]
        batch.crcIsRight()
        const cursor = batch.cursor(batch.recordsSync(LIMIT))
        while (cursor.next()) {
          cursor.key()
          cursor.value()
          cursor.headers()
          if (batch.isControl) readControlRecord(cursor)
        }
      }
    })
    orRefused(() => {
      const batch = validateProduced(input)
      validateRecords(batch, batch.recordsSync(LIMIT))
    })
  },
}
