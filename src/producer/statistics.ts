import { type Distribution, Histogram } from '../base/histogram.ts'
import type { Batch } from './batch.ts'

/** A moment's figures of a producer; counts are since it was made. */
export interface ProducerMetrics {
  /** Records taken and not settled, and the bytes that they hold of `buffer.memory`. */
  readonly queueRecords: number
  readonly queueBytes: number
  readonly queueBytesLimit: number
  readonly requestsInFlight: number
  readonly recordsDelivered: number
  readonly recordsFailed: number
  /** Batches that were sent again, and those that were split for their size. */
  readonly batchesRetried: number
  readonly batchesSplit: number
  readonly transactionsAborted: number
  /** From sending a Produce request to its answer, in milliseconds. */
  readonly requestLatencyMs: Distribution
  /** From opening a batch to its outcome, in milliseconds. */
  readonly deliveryLatencyMs: Distribution
  readonly batchRecords: Distribution
  /** Bytes of a batch as it was sent. */
  readonly batchBytes: Distribution
  /** Bytes sent for each byte before compression. */
  readonly compressionRatio: number
  /** How long brokers asked us to be silent (KIP-219), in milliseconds. */
  readonly throttleMs: Distribution
}

/** Figures of one broker. */
export interface BrokerFigures {
  requests: number
  batches: number
  bytes: number
  errors: number
  readonly latencyMs: Histogram
  readonly throttleMs: Histogram
}

/** What a producer counts while it works: a few additions for each batch, none for a record. */
export class Statistics {
  readonly requestLatencyMs = new Histogram()
  readonly deliveryLatencyMs = new Histogram()
  readonly batchRecords = new Histogram()
  readonly batchBytes = new Histogram()
  readonly throttleMs = new Histogram()
  readonly brokers = new Map<string, BrokerFigures>()
  batchesRetried = 0
  batchesSplit = 0
  bytesSent = 0
  bytesBeforeCompression = 0

  /** A batch goes out to a broker. */
  sent(broker: string, batch: Batch): void {
    const figures = this.of(broker)
    figures.batches++
    figures.bytes += batch.size
    if (batch.sends > 1) {
      this.batchesRetried++
      return
    }
    this.batchRecords.record(batch.count)
    this.batchBytes.record(batch.size)
    this.bytesSent += batch.size
    this.bytesBeforeCompression += batch.writer.size
  }

  answered(broker: string, latencyMs: number, throttleMs: number): void {
    const figures = this.of(broker)
    figures.requests++
    figures.latencyMs.record(latencyMs)
    this.requestLatencyMs.record(latencyMs)
    if (throttleMs <= 0) return
    figures.throttleMs.record(throttleMs)
    this.throttleMs.record(throttleMs)
  }

  broke(broker: string): void {
    this.of(broker).errors++
  }

  get compressionRatio(): number {
    return this.bytesBeforeCompression === 0 ? 1 : this.bytesSent / this.bytesBeforeCompression
  }

  of(broker: string): BrokerFigures {
    let figures = this.brokers.get(broker)
    if (!figures) {
      const [latencyMs, throttleMs] = [new Histogram(), new Histogram()]
      figures = { requests: 0, batches: 0, bytes: 0, errors: 0, latencyMs, throttleMs }
      this.brokers.set(broker, figures)
    }
    return figures
  }
}
