import type { Clock, Timer } from '../base/clock.ts'
import type { StalledPartition } from './consumer-events.ts'
import type { Loops } from './loops.ts'
import type { ConsumerConfig } from './options.ts'
import type { ConsumedPartition } from './partition.ts'
import { isStalled, type Patience, type Wait, waitOf } from './stall.ts'

export interface WatchdogParts {
  readonly clock: Clock
  readonly config: ConsumerConfig
  readonly assignment: Iterable<ConsumedPartition>
  readonly loops: Loops
  /** To be told of those that got stuck, or still are after as long again. */
  stalled(partitions: readonly StalledPartition[]): void
  /** Begins anew with whoever owes these partitions something. */
  heal(partitions: readonly ConsumedPartition[]): void
}

/** So often in `stall.timeout.ms` everything is looked at. */
const LOOKS = 4

/**
 * Watches that partitions get on. One that should and does not, for whatever reason, is told of,
 * and what can be begun anew is; a consumer must never stop without a word.
 */
export class Watchdog {
  readonly #parts: WatchdogParts
  readonly #patience: Patience
  readonly #waits = new Map<ConsumedPartition, Wait>()
  /** Those that are stuck now, and when that was last told. */
  readonly #told = new Map<ConsumedPartition, number>()
  #timer: Timer | undefined
  /** How often a partition was found stuck. */
  stalls = 0

  constructor(parts: WatchdogParts) {
    const { stallTimeoutMs: stallMs, maxPollIntervalMs } = parts.config
    this.#parts = parts
    const program = Math.max(stallMs, maxPollIntervalMs)
    this.#patience = { offset: stallMs, broker: stallMs, program }
    if (stallMs > 0) this.#arm(stallMs / LOOKS)
  }

  /** How many partitions are stuck, as far as was looked. */
  get stalledPartitions(): number {
    return this.#told.size
  }

  close(): void {
    this.#timer?.cancel()
  }

  #arm(everyMs: number): void {
    this.#timer = this.#parts.clock.after(everyMs, () => {
      this.#arm(everyMs)
      this.#look()
    })
    this.#timer.unref()
  }

  #look(): void {
    const { assignment, clock, config } = this.#parts
    const now = clock.now()
    const seen = new Set(assignment)
    for (const partition of this.#waits.keys()) if (!seen.has(partition)) this.#forget(partition)
    const due: ConsumedPartition[] = []
    for (const partition of seen) {
      const wait = waitOf(this.#factsOf(partition), this.#waits.get(partition), now)
      this.#waits.set(partition, wait)
      if (!isStalled(wait, this.#patience, now)) {
        this.#told.delete(partition)
        continue
      }
      const toldAt = this.#told.get(partition)
      if (toldAt !== undefined && now - toldAt < config.stallTimeoutMs) continue
      if (toldAt === undefined) this.stalls++
      this.#told.set(partition, now)
      due.push(partition)
    }
    if (due.length > 0) this.#act(due, now)
  }

  #act(partitions: readonly ConsumedPartition[], now: number): void {
    // Whoever has records in work needs no other connection.
    const owed = partitions.filter(each => this.#waits.get(each)?.waitsFor !== 'program')
    if (owed.length > 0) this.#parts.heal(owed)
    this.#parts.stalled(partitions.map(partition => this.#describe(partition, now)))
  }

  #describe(partition: ConsumedPartition, now: number): StalledPartition {
    const { waitsFor, since } = this.#waits.get(partition)!
    const { topic, partition: index, position } = partition
    const end = partition.end(this.#parts.config.isolationLevel)
    return {
      topic,
      partition: index,
      offset: position < 0 ? undefined : position,
      end: end < 0 ? undefined : end,
      waitsFor: waitsFor!,
      forMs: Math.round(now - since),
    }
  }

  #forget(partition: ConsumedPartition): void {
    this.#waits.delete(partition)
    this.#told.delete(partition)
  }

  #factsOf(partition: ConsumedPartition) {
    const { loops, config } = this.#parts
    const { generation, position, processed, fetchOffset, heardAt } = partition
    return {
      state: partition.state.is,
      excused: partition.paused || partition.leaving || partition.heldBack,
      wanted: loops.isRunning,
      atHand: partition.bufferedBytes > 0 || loops.isBusy(partition),
      generation,
      position,
      processed,
      fetchOffset,
      end: partition.end(config.isolationLevel),
      heardAt,
    }
  }
}
