export {
  MAX_DECOMPRESSED_BYTES,
  parseBatch,
  RecordBatch,
  readBatches,
} from './batch-reader.ts'
export { BatchWriter } from './batch-writer.ts'
export {
  type Codec,
  type CodecLevels,
  type CodecName,
  codecById,
  codecByName,
  codecs,
} from './compression/index.ts'
export {
  type ControlRecord,
  readControlRecord,
  type TransactionEnd,
  writeControlBatch,
} from './control.ts'
export { crc32c } from './crc32c.ts'
export { type Bytes, recordBytes } from './encoding.ts'
export {
  BATCH_HEADER_BYTES,
  type ReadHeader,
  type RecordHeader,
  type TimestampType,
} from './layout.ts'
export { BatchRecord, RecordCursor } from './record-cursor.ts'
export { RecordsError, type RecordsErrorCode } from './records-error.ts'
export {
  type BatchFields,
  placeBatch,
  sealBatch,
  stampLogAppendTime,
} from './seal.ts'
export { validateProduced, validateRecords } from './validate.ts'
