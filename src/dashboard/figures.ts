import { Histogram } from '../base/histogram.ts'
import type { AnyEvent } from '../events.ts'

/** What happened within a second, and how things stood at its end. */
export interface Figures {
  /** Milliseconds since 1970. */
  readonly time: number
  /** Records a second: taken by producers, acknowledged to them, stored by brokers, handed out. */
  readonly appended: number
  readonly acknowledged: number
  readonly stored: number
  readonly handed: number
  /** Milliseconds from a batch's first record to its outcome; -1 while there was none. */
  readonly p50: number
  readonly p90: number
  readonly p99: number
  /** Records that wait or are on their way. */
  readonly queued: number
  /** Mean records of the batches that were sent; and their size over what they held. */
  readonly batchRecords: number
  readonly ratio: number
  readonly failed: number
  readonly retries: number
}

/** What is counted until it is read. */
function nothing() {
  return {
    appended: 0,
    acknowledged: 0,
    stored: 0,
    handed: 0,
    failed: 0,
    retries: 0,
    batches: 0,
    records: 0,
    bytes: 0,
    plainBytes: 0,
  }
}

/** Adds events up, to be read once a second. */
export class Counting {
  #tally = nothing()
  readonly #latency = new Histogram()

  take(event: AnyEvent): void {
    const tally = this.#tally
    switch (event.name) {
      case 'record:appended':
        tally.appended++
        return
      case 'batch:settled':
        if (event.error) tally.failed += event.records
        else tally.acknowledged += event.records
        this.#latency.record(event.latencyMs)
        return
      case 'batch:moved':
        if (event.to !== 'inFlight') return
        if (event.sends > 1) tally.retries++
        tally.batches++
        tally.records += event.records
        tally.bytes += event.bytes
        tally.plainBytes += event.plainBytes
        return
      case 'broker:appended':
        if (event.outcome === 'appended') tally.stored += event.records
        return
      case 'records:handed':
        tally.handed += event.records
        return
    }
  }

  /** The second's figures; the next one begins at nothing. */
  read(time: number, queued: number): Figures {
    const { batches, records, bytes, plainBytes, ...counted } = this.#tally
    const { count, p50, p90, p99 } = this.#latency.read()
    const latency = count === 0 ? { p50: -1, p90: -1, p99: -1 } : { p50, p90, p99 }
    this.#tally = nothing()
    this.#latency.clear()
    return {
      ...counted,
      ...latency,
      time,
      queued,
      batchRecords: batches === 0 ? 0 : records / batches,
      ratio: plainBytes === 0 ? 1 : bytes / plainBytes,
    }
  }
}
