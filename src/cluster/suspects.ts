import { type Backoff, backoffMs } from '../base/backoff.ts'
import type { Random } from '../base/random.ts'

interface Suspect {
  asks: number
  askAgainAt: number
}

/**
 * Leaders that can't be reached. They may have been replaced, so metadata is to be asked for; but
 * its answer, which may name the same leader still, wakes whoever asked. So between asks is a rest
 * that grows (KIP-580), or they would follow one another for as long as the link is down.
 */
export class Suspects {
  readonly #random: Random
  readonly #backoff: Backoff
  readonly #byId = new Map<number, Suspect>()

  constructor(random: Random, backoff: Backoff) {
    this.#random = random
    this.#backoff = backoff
  }

  /** Whether to ask for metadata now, because of this broker; counts as asked if so. */
  isDue(nodeId: number, now: number): boolean {
    const suspect = this.#byId.get(nodeId) ?? { asks: 0, askAgainAt: now }
    if (suspect.askAgainAt > now) return false
    suspect.asks++
    suspect.askAgainAt = now + backoffMs(this.#backoff, suspect.asks, this.#random)
    this.#byId.set(nodeId, suspect)
    return true
  }

  /** When to ask because of this broker again. */
  askAgainAt(nodeId: number): number {
    return this.#byId.get(nodeId)?.askAgainAt ?? 0
  }

  /** The broker is within reach. */
  clear(nodeId: number): void {
    this.#byId.delete(nodeId)
  }
}
