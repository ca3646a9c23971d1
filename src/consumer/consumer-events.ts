import type { TopicPartition } from './partition.ts'

/** What a consumer tells its listeners. */
export interface ConsumerEvents {
  /** Something went wrong that did not end the loop: a record was passed over, a commit failed. */
  error: Error
  /** All that was in a partition's log when it was last asked for has been handed out. */
  end: TopicPartition & { readonly offset: number }
  /** An offset was not in the log any more, and `auto.offset.reset` decided where to go on. */
  reset: TopicPartition & { readonly from: number; readonly to: number }
}
