import type { TopicPartition } from '../../partition.ts'

/** A member of a group as the one sees it who assigns partitions. */
export interface GroupMember {
  readonly memberId: string
  /** Of a static member (KIP-345), else null. */
  readonly groupInstanceId: string | null
  readonly topics: readonly string[]
  /**
   * What it owns now; an eager member owns nothing while it joins, but sticky tells what it had.
   */
  readonly ownedPartitions: readonly TopicPartition[]
  /** The generation in which it owned those; -1 where it does not tell. */
  readonly generationId: number
  readonly rackId: string | null
  readonly userData: Buffer | null
}

/** What an assignor works on. */
export interface AssignorInput {
  readonly members: readonly GroupMember[]
  /**
   * The number of partitions of each topic that somebody subscribes to; one not there is absent.
   */
  readonly partitionCounts: ReadonlyMap<string, number>
}

/** For each member id its partitions. */
export type Assignments = ReadonlyMap<string, readonly TopicPartition[]>

/**
 * A way to share partitions among the members of a group. All members must offer one of the same
 * name; the coordinator takes one that all have, and the leader of the group runs it.
 *
 * @example
 * const allToTheFirst: Assignor = {
 *   name: 'all-to-the-first',
 *   protocol: 'eager',
 *   assign: ({ members, partitionCounts }) =>
 *     new Map([[members[0].memberId, allPartitions(partitionCounts)]]),
 * }
 */
export interface Assignor {
  readonly name: string
  /**
   * Cooperative members keep what they own while they join, and give up only what moves (KIP-429).
   */
  readonly protocol: 'eager' | 'cooperative'
  /** What a member says of itself to the leader, beside its topics. */
  userData?(owned: readonly TopicPartition[], generationId: number): Buffer | null
  assign(input: AssignorInput): Assignments
}

/**
 * Members in the order that Java's assignors use: static ones by instance id, others by member id.
 */
export function sortedMembers(members: readonly GroupMember[]): GroupMember[] {
  return [...members].sort((a, b) => {
    if (a.groupInstanceId !== null && b.groupInstanceId !== null) {
      return compareTexts(a.groupInstanceId, b.groupInstanceId)
    }
    if (a.groupInstanceId !== null) return -1
    if (b.groupInstanceId !== null) return 1
    return compareTexts(a.memberId, b.memberId)
  })
}

/** By UTF-16 units, as Java compares strings, and whatever the locale. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Every partition of the topics, by name and number. */
export function allPartitions(partitionCounts: ReadonlyMap<string, number>): TopicPartition[] {
  const topics = [...partitionCounts].sort(([a], [b]) => compareTexts(a, b))
  return topics.flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  )
}

/** A name for a partition in maps and sets. */
export function slotName({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`
}
