import { systemClock } from '../../src/base/clock.ts'
import { BATCH_HEADER_BYTES, BatchWriter, sealBatch } from '../../src/records/index.ts'

export interface BatchOptions {
  readonly timestamp?: number
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly transactional?: boolean
}

/**
 * A sealed batch with these values, keys being their places; timestamps count up, from now: of
 * records of long ago a topic's retention leaves nothing, a second after they came.
 */
export function batchOf(values: readonly string[], options: BatchOptions = {}): Buffer {
  const { timestamp = systemClock.epoch(), ...fields } = options
  const bytes = values.reduce((sum, value) => sum + Buffer.byteLength(value) + 64, 0)
  const writer = new BatchWriter(Buffer.alloc(BATCH_HEADER_BYTES + bytes))
  for (const [i, value] of values.entries()) writer.append(timestamp + i, `key-${i}`, value)
  const batch = Buffer.from(writer.bytes())
  const maxTimestamp = timestamp + values.length - 1
  sealBatch(batch, { count: values.length, baseTimestamp: timestamp, maxTimestamp, ...fields })
  return batch
}
