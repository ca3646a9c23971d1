import { type Clock, sleep } from '../../base/clock.ts'

/** Conditions that are looked at whenever something has happened, never in between. */
export class Happenings {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #failure: Error | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  happened(): void {
    for (const look of this.#waiting) look()
  }

  failed(error: Error): void {
    this.#failure ??= error
    this.happened()
  }

  /** Whether it came to hold within `ms`; throws what failed meanwhile. */
  async until(holds: () => boolean, ms: number): Promise<boolean> {
    const over = new AbortController()
    const look = () => {
      if (this.#failure || holds()) over.abort()
    }
    this.#waiting.add(look)
    look()
    await sleep(this.#clock, ms, over.signal)
    this.#waiting.delete(look)
    if (this.#failure) throw this.#failure
    return over.signal.aborted
  }
}
