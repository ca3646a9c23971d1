/**
 * Which member of which group, in which generation, has read what a transaction is about to store
 * (KIP-447): a coordinator refuses the offsets of a member that has been replaced.
 */
export interface GroupMetadata {
  readonly groupId: string
  /** The generation (classic protocol) or member epoch (KIP-848); -1 outside of a group. */
  readonly generationId: number
  /** Empty outside of a group. */
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** How far a partition has been read: the offset of the next record to read. */
export interface OffsetToCommit {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch?: number | undefined
  readonly metadata?: string | null | undefined
}
