import type { PartitionLog } from '../log/partition-log.ts'

/** Somebody who waits for more of a partition: told how many bytes came, 0 for other changes. */
export type PartitionWatcher = (bytes: number) => void

/** Who leads a partition when nobody can. */
export const NO_LEADER = -1

/** One partition: who leads it, and its log. Copies are not kept; all replicas are this one log. */
export class Partition {
  readonly topicName: string
  readonly index: number
  replicas: readonly number[]
  leader: number
  leaderEpoch: number
  readonly log: PartitionLog
  readonly #watchers = new Set<PartitionWatcher>()

  constructor(place: PartitionPlace, log: PartitionLog) {
    this.topicName = place.topicName
    this.index = place.index
    this.replicas = place.replicas
    this.leader = place.leader
    this.leaderEpoch = place.leaderEpoch
    this.log = log
    log.onReadable = bytes => this.changed(bytes)
  }

  /** `watcher` hears of more bytes, and of a change of leader, until the function is called. */
  watch(watcher: PartitionWatcher): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  changed(bytes: number): void {
    for (const watcher of this.#watchers) watcher(bytes)
  }

  /** Makes another broker (or nobody) the leader, under a new epoch. */
  elect(leader: number): void {
    this.leader = leader
    this.leaderEpoch++
    this.changed(0)
  }
}

export interface PartitionPlace {
  readonly topicName: string
  readonly index: number
  readonly replicas: readonly number[]
  readonly leader: number
  readonly leaderEpoch: number
}
