import { OffsetTable, type PartitionOffset } from './offset-table.ts'

/** A partition of which an offset is committed. */
export interface OffsetPlace {
  readonly topic: string
  readonly partition: number
}

/**
 * The offsets that groups have committed, and those that open transactions are about to commit
 * (KIP-98): these count for nobody until their transaction is decided.
 */
export class OffsetStore {
  readonly #groups = new Map<string, OffsetTable>()
  readonly #pending = new Map<bigint, Map<string, OffsetTable>>()

  /** What a group has committed; undefined if nothing. */
  of(groupId: string): OffsetTable | undefined {
    return this.#groups.get(groupId)
  }

  groupIds(): IterableIterator<string> {
    return this.#groups.keys()
  }

  commit(groupId: string, offsets: Iterable<PartitionOffset>): void {
    for (const offset of offsets) tableOf(this.#groups, groupId).set(offset)
  }

  /** Forgets offsets; gives those that there were. */
  remove(groupId: string, places: Iterable<OffsetPlace>): OffsetPlace[] {
    const table = this.#groups.get(groupId)
    if (!table) return []
    const removed = [...places].filter(({ topic, partition }) => table.delete(topic, partition))
    if (table.isEmpty) this.#groups.delete(groupId)
    return removed
  }

  /** Holds offsets for the end of the producer's transaction. */
  commitPending(producerId: bigint, groupId: string, offsets: Iterable<PartitionOffset>): void {
    const groups = this.#pending.get(producerId) ?? new Map<string, OffsetTable>()
    this.#pending.set(producerId, groups)
    for (const offset of offsets) tableOf(groups, groupId).set(offset)
  }

  /**
   * The producer's transaction is decided: for all groups, or for those that `concerns`, since a
   * marker ends it in one partition of the offsets' log at a time. Gives the groups that it was in.
   */
  complete(
    producerId: bigint,
    committed: boolean,
    concerns: (groupId: string) => boolean = () => true,
  ): string[] {
    const groups = this.#pending.get(producerId)
    if (!groups) return []
    const ended = [...groups.keys()].filter(concerns)
    for (const groupId of ended) {
      if (committed) this.commit(groupId, groups.get(groupId)!.all())
      groups.delete(groupId)
    }
    if (groups.size === 0) this.#pending.delete(producerId)
    return ended
  }

  /** Whether an open transaction may yet change a group's offset (KIP-447). */
  isPending(groupId: string, topic: string, partition: number): boolean {
    for (const groups of this.#pending.values()) {
      if (groups.get(groupId)?.has(topic, partition)) return true
    }
    return false
  }

  /** Whether an open transaction holds offsets of a group. */
  hasPending(groupId: string): boolean {
    for (const groups of this.#pending.values()) if (groups.has(groupId)) return true
    return false
  }
}

function tableOf(groups: Map<string, OffsetTable>, groupId: string): OffsetTable {
  const known = groups.get(groupId)
  if (known) return known
  const table = new OffsetTable()
  groups.set(groupId, table)
  return table
}
