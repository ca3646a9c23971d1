import { BatchWriter } from './batch-writer.ts'
import { BATCH_HEADER_BYTES } from './layout.ts'
import type { RecordCursor } from './record-cursor.ts'
import { RecordsError } from './records-error.ts'
import { sealBatch } from './seal.ts'

/** What a control record says: a transaction's end, or something of Kafka's inner life. */
export type ControlRecord =
  | { readonly is: 'abort' | 'commit'; readonly version: number; readonly coordinatorEpoch: number }
  | { readonly is: 'other'; readonly version: number; readonly type: number }

const ABORT = 0
const COMMIT = 1
const MARKER_KEY_BYTES = 4
const MARKER_VALUE_BYTES = 6

/**
 * Decodes the control record on which `cursor` stands: one of a batch with `isControl`. The key
 * holds a version and a type, the value of a transaction's end a version and the epoch of the
 * coordinator that wrote it (KIP-98). Throws a RecordsError if these are cut short.
 */
export function readControlRecord(cursor: RecordCursor): ControlRecord {
  const key = cursor.key()
  if (key === null || key.length < MARKER_KEY_BYTES) throw cutShort('key', cursor)
  const version = key.readInt16BE(0)
  const type = key.readInt16BE(2)
  if (version < 0 || (type !== ABORT && type !== COMMIT)) return { is: 'other', version, type }
  const value = cursor.value()
  if (value === null || value.length < MARKER_VALUE_BYTES) throw cutShort('value', cursor)
  return {
    is: type === ABORT ? 'abort' : 'commit',
    version,
    coordinatorEpoch: value.readInt32BE(2),
  }
}

function cutShort(what: string, cursor: RecordCursor): RecordsError {
  const message = `the control record at offset ${cursor.offset} has too short a ${what}`
  return new RecordsError('CORRUPT_MESSAGE', message, Math.max(cursor.keyStart, 0))
}

export interface TransactionEnd {
  readonly is: 'abort' | 'commit'
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly timestamp: number
  readonly baseOffset?: number
  readonly partitionLeaderEpoch?: number
}

/** The batch with which a broker ends a transaction in a partition: one control record. */
export function writeControlBatch(end: TransactionEnd): Buffer {
  const key = Buffer.alloc(MARKER_KEY_BYTES)
  key.writeInt16BE(end.is === 'abort' ? ABORT : COMMIT, 2)
  const value = Buffer.alloc(MARKER_VALUE_BYTES)
  value.writeInt32BE(end.coordinatorEpoch, 2)
  const writer = new BatchWriter(Buffer.alloc(BATCH_HEADER_BYTES + 32))
  writer.append(end.timestamp, key, value)
  const batch = writer.bytes()
  const { producerId, producerEpoch, baseOffset, partitionLeaderEpoch, timestamp } = end
  sealBatch(batch, {
    count: 1,
    baseTimestamp: timestamp,
    maxTimestamp: timestamp,
    transactional: true,
    control: true,
    producerId,
    producerEpoch,
    ...(baseOffset === undefined ? {} : { baseOffset }),
    ...(partitionLeaderEpoch === undefined ? {} : { partitionLeaderEpoch }),
  })
  return batch
}
