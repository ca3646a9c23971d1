import type { ConsumedPartition } from '../partition.ts'
import type { Portion } from '../portion.ts'

/** One piece of work: a message, or a batch. */
export interface Unit {
  /** Where the partition goes on when this and all before it are done. */
  readonly nextOffset: number
  /** How many records it is about. */
  readonly records: number
  /** Units of one lane are worked on one after the other. */
  readonly lane: string | symbol
  work(): Promise<void>
}

interface Pulled {
  readonly unit: Unit
  isDone: boolean
}

/**
 * What of one partition is in work or waits for it. Units may be done in any order; the partition
 * counts as processed up to the first that is not done, so that no commit passes one in work.
 */
export class PartitionRun {
  readonly partition: ConsumedPartition
  readonly generation: number
  portion: Portion | undefined
  /** In the order of the log. */
  readonly #pulled: Pulled[] = []
  /** Lanes that are busy, and what waits behind. */
  readonly #lanes = new Map<string | symbol, Pulled[]>()
  readonly #ready: Pulled[] = []
  #active = 0

  constructor(partition: ConsumedPartition) {
    this.partition = partition
    this.generation = partition.generation
  }

  /** Nobody sought or took the partition since. */
  get isCurrent(): boolean {
    return this.generation === this.partition.generation
  }

  get isBusy(): boolean {
    return this.#active > 0
  }

  /** Units that are pulled and not done. */
  get outstanding(): number {
    return this.#pulled.length
  }

  /** Takes in the next unit of the log. */
  pull(unit: Unit): void {
    const pulled = { unit, isDone: false }
    this.#pulled.push(pulled)
    this.partition.handOut(unit.nextOffset, unit.records)
    const lane = this.#lanes.get(unit.lane)
    if (lane) lane.push(pulled)
    else {
      this.#lanes.set(unit.lane, [])
      this.#ready.push(pulled)
    }
  }

  /** Begins a unit that may begin; gives the promise of its end, or undefined if there is none. */
  begin(): Promise<void> | undefined {
    const next = this.#ready.shift()
    if (!next) return undefined
    this.#active++
    return next.unit.work().then(
      () => this.#done(next),
      error => {
        this.#active--
        throw error
      },
    )
  }

  /** Forgets what has not begun: the partition will go on elsewhere, or with somebody else. */
  drop(): void {
    this.#ready.length = 0
    for (const waiting of this.#lanes.values()) waiting.length = 0
  }

  #done(pulled: Pulled): void {
    this.#active--
    pulled.isDone = true
    const lane = this.#lanes.get(pulled.unit.lane)
    const next = lane?.shift()
    if (next) this.#ready.push(next)
    else this.#lanes.delete(pulled.unit.lane)
    while (this.#pulled[0]?.isDone) {
      const { unit } = this.#pulled.shift()!
      if (this.isCurrent) this.partition.processed = unit.nextOffset
    }
    // All is done that was there, and what was left out behind it needs nobody.
    const isDry = this.#pulled.length === 0 && !this.portion
    if (isDry && this.isCurrent) this.partition.processed = this.partition.position
  }
}
