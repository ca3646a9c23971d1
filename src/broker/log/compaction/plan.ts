import type { Segment } from '../segment.ts'

/** The topic's settings about compaction. */
export interface CompactionSettings {
  /** How much of the log must be uncompacted. */
  readonly minDirtyRatio: number
  /** For how long a record is safe from compaction. */
  readonly minLagMs: number
  /** After how long it is compacted, however little there is to gain. */
  readonly maxLagMs: number
  /** For how long tombstones and needless markers stay after their first compaction. */
  readonly deleteRetentionMs: number
}

/** What is known of a log when it is asked whether to compact it. */
export interface CompactionState {
  readonly segments: readonly Pick<
    Segment,
    'baseOffset' | 'nextOffset' | 'size' | 'maxTimestamp' | 'firstTimestamp'
  >[]
  /** Up to there the log has been compacted before. */
  readonly cleanedTo: number
  /** Below it all transactions are decided, and all records are safe. */
  readonly lastStableOffset: number
  readonly nowMs: number
}

export type CompactionPlan =
  /** The segments that begin before `upTo` are to be compacted. */
  | { readonly is: 'now'; readonly upTo: number }
  | { readonly is: 'at'; readonly ms: number }
  | { readonly is: 'nothing' }

/**
 * Whether a log is to be compacted, and how far: never its active segment, nor what an open
 * transaction may still decide, nor what is too young.
 */
export function planCompaction(
  { segments, cleanedTo, lastStableOffset, nowMs }: CompactionState,
  { minDirtyRatio, minLagMs, maxLagMs }: CompactionSettings,
): CompactionPlan {
  const closed = segments.slice(0, -1).filter(each => each.nextOffset <= lastStableOffset)
  const dirty = closed.filter(each => each.nextOffset > cleanedTo)
  const young = dirty.find(each => minLagMs > 0 && each.maxTimestamp > nowMs - minLagMs)
  const upTo = young?.baseOffset ?? segments[closed.length]?.baseOffset ?? 0
  const ripe = dirty.filter(each => each.baseOffset < upTo)
  const dirtyBytes = sum(ripe.map(each => each.size))
  const cleanBytes = sum(closed.filter(each => each.nextOffset <= cleanedTo).map(each => each.size))
  const oldest = ripe[0]
  if (oldest && dirtyBytes > 0) {
    const dueMs = oldest.firstTimestamp < 0 ? Infinity : oldest.firstTimestamp + maxLagMs
    const isWorthIt = dirtyBytes / (dirtyBytes + cleanBytes) > minDirtyRatio
    if (isWorthIt || dueMs <= nowMs) return { is: 'now', upTo }
    if (!young && dueMs < Infinity) return { is: 'at', ms: dueMs }
  }
  return young ? { is: 'at', ms: young.maxTimestamp + minLagMs } : { is: 'nothing' }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
