import type { Accumulator } from './accumulator.ts'
import type { Batch, Sequence } from './batch.ts'
import { type PartitionQueue, sequenceAfter } from './partition-queue.ts'

/**
 * Two batches with the records of one that was too large for the broker (KIP-126). Together they
 * take just the sequence numbers that it held, so that batches behind it are not disturbed.
 */
export function splitBatch(batch: Batch, queue: PartitionQueue, accumulator: Accumulator): Batch[] {
  const middle = Math.ceil(batch.count / 2)
  const first = accumulator.partOf(batch, queue, batch.ordinal)
  const second = accumulator.partOf(batch, queue, batch.ordinal + middle)
  let index = 0
  for (const record of batch.records()) {
    const part = index++ < middle ? first : second
    part.writer.append(record.timestamp, record.key, record.value, record.headers)
  }
  for (const tracked of batch.tracked ?? []) {
    const part = tracked.index < middle ? first : second
    if (part === second) tracked.index -= middle
    part.keep(tracked)
  }
  const { sequence } = batch
  if (sequence) {
    first.sequence = sequence
    second.sequence = following(sequence, middle)
  }
  return [first, second]
}

function following(sequence: Sequence, count: number): Sequence {
  return { ...sequence, base: sequenceAfter(sequence.base, count) }
}
