import type { ErrorName } from '../protocol/errors.ts'
import {
  type RecordBatch,
  RecordsError,
  stampLogAppendTime,
  validateProduced,
} from '../records/index.ts'
import { BASE_OFFSET_AT, putInt64 } from '../records/layout.ts'
import type { TopicSettings } from './config/topic-settings.ts'
import { type BatchFacts, batchFacts } from './log/batch-facts.ts'

/** A record for which its whole batch was refused (KIP-467). */
export interface RecordProblem {
  /** Its place in the batch. */
  readonly index: number
  readonly message: string
}

export interface Accepted {
  readonly is: 'accepted'
  readonly batch: Buffer
  readonly facts: BatchFacts
  /** -1 unless the topic uses LogAppendTime. */
  readonly logAppendTimeMs: number
}

export interface Refused {
  readonly is: 'refused'
  readonly code: ErrorName
  readonly message: string
  readonly records: readonly RecordProblem[]
}

const ZSTD = 4
const FIRST_VERSION_WITH_ZSTD = 7

/**
 * Holds what a producer sent for one partition against the topic's rules. The header tells all
 * that most topics ask for; the records are decoded only where a rule is about each of them.
 */
export function checkProduced(
  records: Buffer | null,
  settings: TopicSettings,
  version: number,
  nowMs: number,
): Accepted | Refused {
  try {
    return checked(records ?? Buffer.alloc(0), settings, version, nowMs)
  } catch (error) {
    if (error instanceof RecordsError) return refused(error.code, error.message)
    throw error
  }
}

function checked(
  records: Buffer,
  settings: TopicSettings,
  version: number,
  nowMs: number,
): Accepted | Refused {
  if (records.length === 0) return refused('INVALID_RECORD', 'there must be one batch a partition')
  const batch = validateProduced(records)
  if (batch.codec === ZSTD && version < FIRST_VERSION_WITH_ZSTD) {
    const message = `zstd is not allowed before version ${FIRST_VERSION_WITH_ZSTD} of Produce`
    return refused('UNSUPPORTED_COMPRESSION_TYPE', message)
  }
  if (records.length > settings.maxMessageBytes) {
    const limit = `max.message.bytes is ${settings.maxMessageBytes}`
    const message = `a batch of ${records.length} bytes, where ${limit}`
    return refused('MESSAGE_TOO_LARGE', message)
  }
  if (records.length > settings.segmentBytes) {
    const limit = `segments have ${settings.segmentBytes}`
    const message = `a batch of ${records.length} bytes, where ${limit}`
    return refused('RECORD_LIST_TOO_LARGE', message)
  }
  const problem = timeProblem(batch, settings, nowMs) ?? keyProblem(batch, settings)
  if (problem) return problem
  // The producer's own offset means nothing, and may be too large for a number.
  putInt64(records, BASE_OFFSET_AT, 0)
  if (settings.usesLogAppendTime) stampLogAppendTime(records, nowMs)
  const logAppendTimeMs = settings.usesLogAppendTime ? nowMs : -1
  return { is: 'accepted', batch: records, facts: batchFacts(records), logAppendTimeMs }
}

/** A batch's greatest timestamp tells of the future; of the past, only the records do. */
function timeProblem(
  batch: RecordBatch,
  settings: TopicSettings,
  nowMs: number,
): Refused | undefined {
  if (settings.usesLogAppendTime) return undefined
  const latest = nowMs + settings.timestampAfterMaxMs
  const earliest = nowMs - settings.timestampBeforeMaxMs
  if (batch.maxTimestamp <= latest && earliest < 0) return undefined
  return recordProblems(batch, 'INVALID_TIMESTAMP', ({ timestamp }) =>
    timestamp >= 0 && (timestamp > latest || timestamp < earliest)
      ? `Timestamp ${timestamp} is out of range: it must lie between ${earliest} and ${latest}`
      : undefined,
  )
}

function keyProblem(batch: RecordBatch, settings: TopicSettings): Refused | undefined {
  if (!settings.isCompacted) return undefined
  return recordProblems(batch, 'INVALID_RECORD', ({ keyStart }) =>
    keyStart < 0 ? 'Compacted topic cannot accept message without key' : undefined,
  )
}

/** Looks at every record; the records at which `complain` finds fault make a refusal. */
function recordProblems(
  batch: RecordBatch,
  error: ErrorName,
  complain: (record: {
    readonly timestamp: number
    readonly keyStart: number
  }) => string | undefined,
): Refused | undefined {
  const problems: RecordProblem[] = []
  const cursor = batch.cursor()
  for (let index = 0; cursor.next(); index++) {
    const message = complain(cursor)
    if (message !== undefined) problems.push({ index, message })
  }
  if (problems.length === 0) return undefined
  const message = 'One or more records have been rejected'
  return { is: 'refused', code: error, message, records: problems }
}

function refused(code: ErrorName, message: string): Refused {
  return { is: 'refused', code, message, records: [] }
}
