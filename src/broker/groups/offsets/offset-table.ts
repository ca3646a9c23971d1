/** What a group has committed for a partition. */
export interface CommittedOffset {
  readonly offset: number
  /** -1 where the client did not say it. */
  readonly leaderEpoch: number
  readonly metadata: string
  /** When, by the wall clock. */
  readonly commitMs: number
}

export interface PartitionOffset extends CommittedOffset {
  readonly topic: string
  readonly partition: number
}

/** Committed offsets by topic and partition. */
export class OffsetTable {
  readonly #topics = new Map<string, Map<number, CommittedOffset>>()

  get isEmpty(): boolean {
    return this.#topics.size === 0
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  has(topic: string, partition: number): boolean {
    return this.#topics.get(topic)?.has(partition) ?? false
  }

  set({ topic, partition, ...committed }: PartitionOffset): void {
    const known = this.#topics.get(topic)
    if (known) known.set(partition, committed)
    else this.#topics.set(topic, new Map([[partition, committed]]))
  }

  /** Says whether there was one. */
  delete(topic: string, partition: number): boolean {
    const partitions = this.#topics.get(topic)
    if (!partitions?.delete(partition)) return false
    if (partitions.size === 0) this.#topics.delete(topic)
    return true
  }

  topics(): string[] {
    return [...this.#topics.keys()]
  }

  partitions(topic: string): number[] {
    return [...(this.#topics.get(topic)?.keys() ?? [])]
  }

  *all(): Generator<PartitionOffset> {
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, committed] of partitions) yield { topic, partition, ...committed }
    }
  }
}
