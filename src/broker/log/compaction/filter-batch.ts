import { codecById } from '../../../records/compression/index.ts'
import {
  putVarint,
  putVarlong,
  RECORD_OVERHEAD_BYTES,
  varlongBytes,
} from '../../../records/encoding.ts'
import {
  BATCH_HEADER_BYTES,
  type RecordBatch,
  type RecordCursor,
  sealBatch,
} from '../../../records/index.ts'

/** What is to become of a batch. */
export interface Filtering {
  /** Whether the record on which the cursor stands is to stay. */
  keeps(cursor: RecordCursor): boolean
  /** Whether the batch is to stay without records, for what its header says of its producer. */
  readonly staysEmpty: boolean
  /**
   * When what is left of a needless marker, and the tombstones in it, may go at last, if the batch
   * does not say so yet (KIP-534).
   */
  readonly horizonMs: number
  /** Whether it is such a marker. */
  readonly isNeedlessMarker: boolean
}

interface KeptRecord {
  readonly start: number
  readonly end: number
  readonly timestamp: number
  readonly offset: number
}

/**
 * The batch with the records that stay, at their offsets; the batch itself where all stay, and
 * nothing where none does. First and last offset and sequence are those of the whole batch.
 */
export async function filterBatch(
  batch: RecordBatch,
  filtering: Filtering,
): Promise<Buffer | undefined> {
  await codecById(batch.codec).ready()
  const body = await batch.records()
  const kept: KeptRecord[] = []
  let hasTombstones = false
  const cursor = batch.cursor(body)
  for (let start = 0; cursor.next(); start = cursor.end) {
    if (!filtering.keeps(cursor)) continue
    const { end, timestamp, offset } = cursor
    kept.push({ start, end, timestamp, offset })
    hasTombstones ||= cursor.valueStart < 0 && !batch.isControl
  }
  if (kept.length === 0) return filtering.staysEmpty ? emptied(batch) : undefined
  const needsHorizon = (hasTombstones || filtering.isNeedlessMarker) && !batch.hasDeleteHorizon
  if (kept.length === batch.count && !needsHorizon) return batch.bytes
  return needsHorizon
    ? rebuilt(batch, withHorizon(kept, body, filtering.horizonMs), kept, filtering.horizonMs)
    : rebuilt(batch, Buffer.concat(kept.map(({ start, end }) => body.subarray(start, end))), kept)
}

async function rebuilt(
  batch: RecordBatch,
  records: Buffer,
  kept: readonly KeptRecord[],
  horizonMs?: number,
): Promise<Buffer> {
  const body = batch.codec === 0 ? records : await codecById(batch.codec).compress(records)
  const whole = Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), body])
  const isAppendTime = batch.timestampType === 'LogAppendTime'
  const latest = kept.reduce((max, { timestamp }) => Math.max(max, timestamp), -1)
  sealBatch(whole, {
    ...sameFields(batch),
    codec: batch.codec,
    count: kept.length,
    baseTimestamp: horizonMs ?? batch.baseTimestamp,
    maxTimestamp: isAppendTime ? batch.maxTimestamp : latest,
    deleteHorizon: horizonMs !== undefined || batch.hasDeleteHorizon,
  })
  return whole
}

function emptied(batch: RecordBatch): Buffer {
  const header = Buffer.alloc(BATCH_HEADER_BYTES)
  const { maxTimestamp } = batch
  sealBatch(header, { ...sameFields(batch), count: 0, baseTimestamp: maxTimestamp, maxTimestamp })
  return header
}

function sameFields(batch: RecordBatch) {
  return {
    baseOffset: batch.baseOffset,
    lastOffsetDelta: batch.lastOffsetDelta,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    timestampType: batch.timestampType,
    transactional: batch.isTransactional,
    control: batch.isControl,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
  }
}

/** The horizon stands where the base timestamp stood, so each record counts from there anew. */
function withHorizon(kept: readonly KeptRecord[], body: Buffer, horizonMs: number): Buffer {
  const parts = kept.map(({ start, end, timestamp }) => {
    const sizeEnd = varintEnd(body, start)
    const timeStart = sizeEnd + 1
    const timeEnd = varintEnd(body, timeStart)
    const delta = timestamp - horizonMs
    const size = 1 + varlongBytes(delta) + end - timeEnd
    const head = Buffer.alloc(RECORD_OVERHEAD_BYTES)
    let at = putVarint(head, 0, size << 1)
    head[at++] = body[sizeEnd]!
    at = putVarlong(head, at, delta)
    return [head.subarray(0, at), body.subarray(timeEnd, end)]
  })
  return Buffer.concat(parts.flat())
}

/** Where the varint ends that starts at `at`; the cursor has walked over it before. */
function varintEnd(bytes: Buffer, at: number): number {
  let end = at
  while (bytes[end]! >= 0x80) end++
  return end + 1
}
