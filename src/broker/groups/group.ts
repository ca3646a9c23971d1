import type { Clock } from '../../base/clock.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import type { Topics } from '../model/topics.ts'
import type { Entry } from './log/entry.ts'
import type { GroupSettings } from './settings.ts'

/** What a group needs of its surroundings. */
export interface GroupHost {
  readonly clock: Clock
  readonly settings: GroupSettings
  /** The settings with those that the group has of its own. */
  settingsOf(groupId: string): GroupSettings
  /** The topics that there are. */
  readonly topics: Topics
  newMemberId(prefix: string): string
  /** Writes what has changed of a group, all of it or nothing. */
  save(groupId: string, entries: readonly Entry[]): void
  /** Told of each move, for the log. */
  moved(groupId: string, from: string, to: string): void
}

/** Who commits or fetches offsets. */
export interface OffsetUser {
  /** '' or null for somebody outside the group. */
  readonly memberId: string | null
  readonly instanceId: string | null
  /** The generation, or the epoch of a member; below 0 for somebody outside the group. */
  readonly epoch: number
}

export type GroupType = 'classic' | 'consumer'

/** What groups of both protocols have in common. */
export interface AnyGroup {
  readonly groupId: string
  readonly type: GroupType
  readonly protocolType: string
  /** By Kafka's names. */
  readonly stateName: string
  readonly isEmpty: boolean
  /** Whether a member may read the topic, so that its offsets are still needed. */
  subscribes(topic: string): boolean
  /** Why `user` may not commit offsets; undefined if it may. */
  commitError(user: OffsetUser, version: number): ErrorName | undefined
  /** The same within a transaction, where more is allowed (KIP-447). */
  txnCommitError(user: OffsetUser): ErrorName | undefined
  /** A commit of `user` was accepted: that is a sign of life. */
  commits(user: OffsetUser): void
  fetchError(user: OffsetUser): ErrorName | undefined
  /** Why offsets of it can't be deleted. */
  offsetDeleteError(): ErrorName | undefined
  /**
   * Since when an offset, committed at `commitMs`, has been of no use; undefined while it has one.
   */
  idleSince(topic: string, commitMs: number): number | undefined
  /** All that is kept of it, its offsets apart. */
  entries(): readonly Entry[]
  /** What takes all of that back. */
  noEntries(): readonly Entry[]
  /** Answers those who wait at a broker other than `coordinator`. */
  sendAway(coordinator: number): void
  /** Ends it: nobody waits, no timer runs. */
  close(): void
}
