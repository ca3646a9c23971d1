import type { Segment } from './segment.ts'

/** For how long, and how much of a log is kept; -1 for without limit. */
export interface RetentionSettings {
  readonly retentionMs: number
  readonly retentionBytes: number
}

type Aged = Pick<Segment, 'size' | 'maxTimestamp' | 'firstAppendMs'>

/** How many segments, from the first on, are too old, or more than the log may hold. */
export function expiredSegments(
  segments: readonly Aged[],
  { retentionMs, retentionBytes }: RetentionSettings,
  nowMs: number,
): number {
  let count = 0
  let left = segments.reduce((sum, { size }) => sum + size, 0)
  for (const segment of segments) {
    const isOld = retentionMs >= 0 && segment.size > 0 && nowMs - ageOf(segment) > retentionMs
    const isTooMuch = retentionBytes >= 0 && left - segment.size >= retentionBytes
    if (!isOld && !(isTooMuch && segment.size > 0)) break
    left -= segment.size
    count++
  }
  return count
}

/** When the first segment will be too old; undefined if never. */
export function expiryMs(
  [first]: readonly Aged[],
  { retentionMs }: RetentionSettings,
): number | undefined {
  if (!first || first.size === 0 || retentionMs < 0) return undefined
  return ageOf(first) + retentionMs + 1
}

/** Records without timestamps are as old as the segment. */
function ageOf({ maxTimestamp, firstAppendMs }: Aged): number {
  return maxTimestamp >= 0 ? maxTimestamp : firstAppendMs
}
