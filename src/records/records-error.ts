/** Kafka's names for what can be wrong with a batch. */
export type RecordsErrorCode =
  | 'CORRUPT_MESSAGE'
  | 'INVALID_RECORD'
  | 'MESSAGE_TOO_LARGE'
  | 'UNSUPPORTED_FOR_MESSAGE_FORMAT'
  | 'UNSUPPORTED_COMPRESSION_TYPE'

/**
 * Bytes that should be record batches are not, or are of a kind that is not read here. The code is
 * Kafka's name of the error that a broker answers in such a case.
 */
export class RecordsError extends Error {
  override readonly name = 'RecordsError'
  readonly code: RecordsErrorCode
  /** Where: in the buffer that was being read, or in the batch's decompressed records. */
  readonly position: number

  constructor(code: RecordsErrorCode, message: string, position: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.position = position
  }
}
