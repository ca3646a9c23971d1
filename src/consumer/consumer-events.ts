import type { TopicPartition } from './partition.ts'
import type { WaitsFor } from './stall.ts'

/** Where a consumer stands in one partition; what is not known yet is undefined. */
export interface PartitionPosition extends TopicPartition {
  /** Of the next record to be handed out. */
  readonly offset: number | undefined
  /** The end of the log, under read_committed that of its stable part, as a fetch last told. */
  readonly end: number | undefined
  /** How many offsets lie between the two. */
  readonly lag: number | undefined
  /** Nothing more is there to be handed out, as far as is known. */
  readonly atEnd: boolean
  readonly paused: boolean
}

/** A partition that should get on and does not. */
export interface StalledPartition extends TopicPartition {
  readonly offset: number | undefined
  /** The end of the log, as a fetch last told. */
  readonly end: number | undefined
  /**
   * For what: an `'offset'` to begin at, records or any answer from a `'broker'`, or the
   * `'program'`, which has had records of it in work for longer than `max.poll.interval.ms`.
   */
  readonly waitsFor: WaitsFor
  readonly forMs: number
}

/** What a consumer tells its listeners. */
export interface ConsumerEvents {
  /** Partitions came to this member, beside those that it has. */
  assigned: readonly TopicPartition[]
  /** Partitions were given up: what was processed of them is committed (with auto commit). */
  revoked: readonly TopicPartition[]
  /** Partitions are gone without a chance to commit: others may process the same records again. */
  lost: readonly TopicPartition[]
  /** Something went wrong that did not end the loop: a record was passed over, a commit failed. */
  error: Error
  /**
   * Partitions have not got on for `stall.timeout.ms`, and again after each time as long. What
   * could be begun anew, was: nothing need be done, but somebody should know.
   */
  stalled: readonly StalledPartition[]
  /** All that was in a partition's log when it was last asked for has been handed out. */
  end: TopicPartition & { readonly offset: number }
  /** An offset was not in the log any more, and `auto.offset.reset` decided where to go on. */
  reset: TopicPartition & { readonly from: number; readonly to: number }
  /**
   * Records from `to` on, which this consumer may have handed out, were lost with their leader
   * (KIP-320); it goes on with what stands there now.
   */
  truncated: TopicPartition & { readonly from: number; readonly to: number }
}

/**
 * Is told of changes of a member's share, as the events are, but is waited for: what `revoked` does
 * (as to commit by hand) is done before the partitions go to others.
 */
export interface RebalanceListener {
  assigned?(partitions: readonly TopicPartition[]): void | Promise<void>
  revoked?(partitions: readonly TopicPartition[]): void | Promise<void>
  lost?(partitions: readonly TopicPartition[]): void | Promise<void>
}
