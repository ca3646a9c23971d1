import { parseBatch, type RecordBatch } from './batch-reader.ts'
import { codecById } from './compression/index.ts'
import { RecordsError } from './records-error.ts'

/**
 * Holds what a producer sent for one partition against a broker's rules, by its header and CRC,
 * without decompressing it, and returns the batch. Throws a RecordsError whose code is what the
 * broker answers. Since the third version of Produce there is exactly one batch a partition.
 */
export function validateProduced(records: Buffer): RecordBatch {
  const batch = parseBatch(records)
  if (batch.bytes.length !== records.length) {
    throw invalid(`${records.length - batch.bytes.length} bytes after the only batch allowed`)
  }
  batch.verifyCrc()
  const { count, lastOffsetDelta } = batch
  if (count < 1 || count !== lastOffsetDelta + 1) {
    throw invalid(`${count} records in ${lastOffsetDelta + 1} offsets`)
  }
  if (batch.isControl) throw invalid('clients may not write control records')
  codecById(batch.codec)
  // They are kept as numbers: what doesn't fit is refused here rather than met later.
  if (batch.maxTimestamp < -1) throw invalid(`max timestamp ${batch.maxTimestamp}`)
  if (batch.baseTimestamp < -1) throw invalid(`base timestamp ${batch.baseTimestamp}`)
  checkProducer(batch)
  return batch
}

function checkProducer(batch: RecordBatch): void {
  const { producerEpoch, baseSequence } = batch
  if (batch.hasProducerId) {
    if (producerEpoch < 0) throw invalid(`producer epoch ${producerEpoch}`)
    if (baseSequence < 0) throw invalid(`sequence ${baseSequence} of an idempotent producer`)
    return
  }
  // Without an id, epoch and sequence mean nothing, and some clients leave zeros there.
  if (batch.isTransactional) throw invalid('transactional, but without a producer id')
}

/**
 * Decodes every record of a produced batch, decompressed or about to be: their offsets must count
 * from 0 without a gap, and their headers be whole. Throws a RecordsError.
 */
export function validateRecords(batch: RecordBatch, records?: Buffer): void {
  const cursor = batch.cursor(records)
  const { baseOffset } = batch
  for (let i = 0; cursor.next(); i++) {
    if (cursor.offset !== baseOffset + i) {
      throw invalid(`record ${i} has offset delta ${cursor.offset - baseOffset}`)
    }
    if (cursor.headerCount > 0) cursor.headers()
  }
}

function invalid(what: string): RecordsError {
  return new RecordsError('INVALID_RECORD', `not a batch to produce: ${what}`, 0)
}
