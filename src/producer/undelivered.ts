import type { Accumulator } from './accumulator.ts'
import type { Batch } from './batch.ts'
import type { ProducerRecord } from './delivery.ts'

/**
 * The records that have no outcome yet, in the order of each partition: as the caller gave them
 * where they were kept, else as decoded from their batch, with keys and values as bytes.
 */
export function undeliveredRecords(accumulator: Accumulator): ProducerRecord<unknown, unknown>[] {
  const records: ProducerRecord<unknown, unknown>[] = []
  for (const queue of accumulator.active) {
    for (const batch of queue.batches())
      if (batch.phase !== 'settled') records.push(...decoded(batch))
  }
  for (const topic of accumulator.wanted) {
    for (const { record } of topic.waiting) records.push(record)
  }
  return records
}

function* decoded(batch: Batch): Generator<ProducerRecord<unknown, unknown>> {
  const given = new Map(batch.tracked?.map(({ index, record }) => [index, record]))
  const { topic, partition } = batch
  let index = 0
  for (const { key, value, headers, timestamp } of batch.records()) {
    yield given.get(index++) ?? {
      topic,
      partition,
      key: key && Buffer.from(key),
      value: value && Buffer.from(value),
      headers: headers.map(each => ({
        key: each.key,
        value: each.value && Buffer.from(each.value),
      })),
      timestamp,
    }
  }
}
