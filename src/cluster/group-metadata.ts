/**
 * Who a consumer is in its group at this moment (KIP-447): a producer hands it on with the offsets
 * of a transaction, so that one that was thrown out of the group can't commit any more.
 */
export interface GroupMetadata {
  readonly groupId: string
  /** The generation of the classic protocol, or the member epoch of KIP-848; -1 outside a group. */
  readonly generationId: number
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
