import type { Timer } from '../../base/clock.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { asError, KafkaError } from '../../errors.ts'
import type { Assignment } from '../assignment.ts'
import type { CommitOffset, GroupOffsets } from '../offsets.ts'
import type { ConsumerConfig } from '../options.ts'
import type { ConsumedPartition } from '../partition.ts'

export interface CommitterParts {
  readonly cluster: Cluster
  readonly config: ConsumerConfig
  readonly assignment: Assignment
  readonly offsets: GroupOffsets
  problem(error: Error): void
}

/** Commits what is processed, and never more: by the clock, and when it is told to. */
export class Committer {
  readonly #parts: CommitterParts
  #timer: Timer | undefined
  #closed = false

  constructor(parts: CommitterParts) {
    this.#parts = parts
    this.#arm()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  /** Commits what these partitions have processed since the last commit. */
  async commit(partitions: Iterable<ConsumedPartition>, timeoutMs: number): Promise<void> {
    const due = [...partitions].filter(({ processed, committed }) => {
      return processed >= 0 && processed !== committed
    })
    const offsets = due.map(commitOf)
    await this.#parts.offsets.commit(offsets, timeoutMs)
    for (const [i, partition] of due.entries()) partition.committed = offsets[i]!.offset
  }

  /**
   * The same where it is nobody's call: a failure is told, and what failed stays to be committed.
   */
  async autoCommit(partitions: Iterable<ConsumedPartition>, timeoutMs: number): Promise<void> {
    if (!this.#parts.config.enableAutoCommit) return
    try {
      await this.commit(partitions, timeoutMs)
    } catch (thrown) {
      const error = asError(thrown)
      if (!(error instanceof KafkaError && error.code === 'REBALANCE_IN_PROGRESS')) {
        this.#parts.problem(error)
      }
    }
  }

  #arm(): void {
    const { cluster, config, assignment } = this.#parts
    if (!config.enableAutoCommit || this.#closed) return
    this.#timer = cluster.clock.after(config.autoCommitIntervalMs, () => {
      const kept = [...assignment].filter(partition => !partition.leaving)
      void this.autoCommit(kept, config.requestTimeoutMs).then(() => this.#arm())
    })
    this.#timer.unref()
  }
}

function commitOf(partition: ConsumedPartition): CommitOffset {
  const { topic, partition: index, processed, epoch } = partition
  return { topic, partition: index, offset: processed, leaderEpoch: epoch }
}
