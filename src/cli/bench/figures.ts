import type { Distribution } from '../../base/histogram.ts'
import { grouped } from '../progress.ts'

/** What a stretch of work took, from its first record to its last answer. */
export interface Span {
  readonly records: number
  /** Of keys and values, before compression. */
  readonly bytes: number
  readonly ms: number
  /** Of all threads of this process. */
  readonly cpuMs: number
}

/** What producing came to. */
export interface ProduceFigures extends Span {
  readonly failed: number
  readonly deliveryLatencyMs: Distribution
  readonly requestLatencyMs: Distribution
  readonly batchRecords: Distribution
  readonly batchBytes: Distribution
  /** Bytes sent for each byte before compression. */
  readonly compressionRatio: number
  readonly retries: number
}

/** What reading it back came to. */
export interface ConsumeFigures extends Span {
  readonly fetches: number
  readonly fetchLatencyMs: Distribution
}

/** A line of the table: a name, a figure of producing, one of consuming. */
export type Row = readonly [name: string, produced: string, consumed: string]

export function perSecond({ records, ms }: Span): number {
  return ms === 0 ? 0 : (records * 1_000) / ms
}

/** In millions of bytes. */
export function megabytesPerSecond({ bytes, ms }: Span): number {
  return ms === 0 ? 0 : bytes / 1_000 / ms
}

export function cpuMicros({ records, cpuMs }: Span): number {
  return records === 0 ? 0 : (cpuMs * 1_000) / records
}

/** The figures of both as rows of one table. */
export function rowsOf(produced: ProduceFigures, consumed: ConsumeFigures | undefined): Row[] {
  const both = (name: string, figure: (span: Span) => string): Row => [
    name,
    figure(produced),
    consumed ? figure(consumed) : '',
  ]
  const { deliveryLatencyMs: delivery, requestLatencyMs: request } = produced
  return [
    both('records', ({ records }) => grouped(records)),
    ['failed', grouped(produced.failed), ''],
    both('seconds', ({ ms }) => (ms / 1_000).toFixed(2)),
    both('records/s', span => grouped(Math.round(perSecond(span)))),
    both('MB/s', span => megabytesPerSecond(span).toFixed(1)),
    both('CPU µs/record', span => cpuMicros(span).toFixed(2)),
    ['delivery ms p50', inMs(delivery.p50), ''],
    ['delivery ms p90', inMs(delivery.p90), ''],
    ['delivery ms p99', inMs(delivery.p99), ''],
    ['delivery ms max', inMs(delivery.max), ''],
    ['request ms p50', inMs(request.p50), fetchFigure(consumed, 'p50')],
    ['request ms p99', inMs(request.p99), fetchFigure(consumed, 'p99')],
    ['requests', grouped(request.count), consumed ? grouped(consumed.fetches) : ''],
    ['batch records', grouped(Math.round(produced.batchRecords.average)), ''],
    ['batch bytes', grouped(Math.round(produced.batchBytes.average)), ''],
    ['bytes sent/byte', produced.compressionRatio.toFixed(2), ''],
    ['retries', grouped(produced.retries), ''],
  ]
}

function fetchFigure(consumed: ConsumeFigures | undefined, which: 'p50' | 'p99'): string {
  return consumed ? inMs(consumed.fetchLatencyMs[which]) : ''
}

export function inMs(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : grouped(Math.round(ms))
}

/** The same as an object of one line of JSON. */
export function asJson(phase: 'produce' | 'consume', figures: ProduceFigures | ConsumeFigures) {
  const { bytes, ms, cpuMs, ...rest } = figures
  return {
    phase,
    ...rest,
    bytes,
    seconds: ms / 1_000,
    recordsPerSecond: perSecond(figures),
    megabytesPerSecond: megabytesPerSecond(figures),
    cpuMicrosPerRecord: cpuMicros(figures),
    cpuSeconds: cpuMs / 1_000,
  }
}
