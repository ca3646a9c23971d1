import { type Distribution, Histogram } from '../base/histogram.ts'

/** A moment's figures of a consumer; counts are since it was made. */
export interface ConsumerMetrics {
  /** Partitions that it reads now, and those of them that are paused. */
  readonly partitions: number
  readonly pausedPartitions: number
  /** Records that lie before it, as far as is known; and the most of any one partition. */
  readonly lag: number
  readonly lagMax: number
  /** Bytes that were fetched and wait, and the most that may. */
  readonly bufferedBytes: number
  readonly bufferedBytesLimit: number
  /** Records of the batches that were read to their end, and their bytes as they were fetched. */
  readonly records: number
  readonly bytes: number
  readonly fetches: number
  readonly fetchesFailed: number
  /** From sending a Fetch to its answer, the broker's wait for records included. */
  readonly fetchLatencyMs: Distribution
  /** How often partitions came, were given up, or were lost. */
  readonly assignments: number
  readonly revocations: number
  readonly losses: number
  /** How often a partition was found stuck, and how many are now (see the event `stalled`). */
  readonly stalls: number
  readonly stalledPartitions: number
}

/** What a consumer counts while it works: a few additions for each batch, none for a record. */
export class Statistics {
  readonly fetchLatencyMs = new Histogram()
  records = 0
  bytes = 0
  fetches = 0
  fetchesFailed = 0
  assignments = 0
  revocations = 0
  losses = 0

  fetched(latencyMs: number): void {
    this.fetches++
    this.fetchLatencyMs.record(latencyMs)
  }
}
