import type { MessageSource } from '../message.ts'
import type { ConsumedPartition } from '../partition.ts'
import type { Portion } from '../portion.ts'

/** How a try ended: it is over, or wants to be made again in so many ms. */
export type Rest = number | undefined

/** One piece of work: a message, or a batch. */
export interface Unit {
  /** Where the partition goes on when this and all before it are done. */
  readonly nextOffset: number
  /** How many records it is about. */
  readonly records: number
  /** Units of one lane are worked on one after the other. */
  readonly lane: string | symbol
  /** Tries it. A promise is made only where there is something to wait for. */
  work(attempt: number): Rest | Promise<Rest>
}

/** Calls `again` when a rest of so many ms is over. */
type Later = (ms: number, again: () => void) => void

interface Pulled {
  readonly unit: Unit
  isDone: boolean
  /** How often it was tried. */
  attempts: number
}

/** So many units of a partition may lie behind one that is set aside; then the others wait, too. */
const MOST_BEHIND = 1_000

/**
 * What of one partition is in work or waits for it. Units may be done in any order; the partition
 * counts as processed up to the first that is not done, so that no commit passes one in work.
 */
export class PartitionRun {
  readonly partition: ConsumedPartition
  readonly generation: number
  portion: Portion | undefined
  /** What the messages of that have in common. */
  source: MessageSource | undefined
  /** In the order of the log. */
  readonly #pulled: Pulled[] = []
  /** Lanes that are busy, and what waits behind. */
  readonly #lanes = new Map<string | symbol, Pulled[]>()
  readonly #ready: Pulled[] = []
  #active = 0
  /** Units that were tried once and are not done, past which others go on. */
  #aside = 0
  /** Units that are not done, without those. */
  #open = 0

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

  /** Whether another unit may be pulled beside those of a window. */
  hasRoom(window: number): boolean {
    if (this.#aside === 0) return this.#pulled.length < window
    return this.#open < window && this.#pulled.length < MOST_BEHIND
  }

  /** Takes in the next unit of the log. */
  pull(unit: Unit): void {
    const pulled = { unit, isDone: false, attempts: 0 }
    this.#pulled.push(pulled)
    this.#open++
    this.partition.handOut(unit.nextOffset, unit.records)
    const lane = this.#lanes.get(unit.lane)
    if (lane) lane.push(pulled)
    else {
      this.#lanes.set(unit.lane, [])
      this.#ready.push(pulled)
    }
  }

  /**
   * Begins a unit that may begin: gives the promise of its end, `ended` where it needed none, or
   * undefined if there is no such unit. What wants to be tried again is set aside, and `later` told
   * when to call `again`.
   */
  begin(later: Later): Promise<void> | 'ended' | undefined {
    const next = this.#ready.shift()
    if (!next) return undefined
    this.#active++
    next.attempts++
    const rest = next.unit.work(next.attempts)
    if (!(rest instanceof Promise)) {
      this.#ended(next, rest, later)
      return 'ended'
    }
    return rest.then(
      ms => this.#ended(next, ms, later),
      error => {
        this.#active--
        throw error
      },
    )
  }

  #ended(pulled: Pulled, rest: Rest, later: Later): void {
    this.#active--
    if (rest === undefined) this.#done(pulled)
    else this.#setAside(pulled, rest, later)
  }

  /** Forgets what has not begun: the partition will go on elsewhere, or with somebody else. */
  drop(): void {
    this.#ready.length = 0
    for (const waiting of this.#lanes.values()) waiting.length = 0
  }

  /** Those behind it go on; its own lane is free, so that it comes back without one. */
  #setAside(pulled: Pulled, ms: number, later: Later): void {
    if (pulled.attempts === 1) {
      this.#open--
      this.#aside++
      this.#freeLane(pulled.unit.lane)
    }
    later(ms, () => {
      if (this.isCurrent && !this.partition.leaving) this.#ready.push(pulled)
    })
  }

  #freeLane(name: string | symbol): void {
    const next = this.#lanes.get(name)?.shift()
    if (next) this.#ready.push(next)
    else this.#lanes.delete(name)
  }

  #done(pulled: Pulled): void {
    pulled.isDone = true
    if (pulled.attempts === 1) {
      this.#open--
      this.#freeLane(pulled.unit.lane)
    } else this.#aside--
    while (this.#pulled[0]?.isDone) {
      const { unit } = this.#pulled.shift()!
      if (this.isCurrent) this.partition.processed = unit.nextOffset
    }
    // All is done that was there, and what was left out behind it needs nobody.
    const isDry = this.#pulled.length === 0 && !this.portion
    if (isDry && this.isCurrent) this.partition.processed = this.partition.position
  }
}
