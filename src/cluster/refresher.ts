import { type Backoff, backoffMs } from '../base/backoff.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { asError } from '../errors.ts'

export interface RefresherOptions {
  readonly clock: Clock
  readonly random: Random
  readonly backoff: Backoff
  /** Asks once; resolves when the answer has been taken in. */
  ask(): Promise<void>
}

/**
 * Asks for metadata, never twice at a time. Whoever asks while one is under way gets one more that
 * starts after it, since the answer under way may be older than the reason to ask. Between asks is
 * a rest that grows while they fail or teach nothing, so that a lost leader can't cause a storm.
 */
export class Refresher {
  readonly #options: RefresherOptions
  #running: Promise<void> | undefined
  #again: Promise<void> | undefined
  #fruitless = 0
  #lastAskedAt = Number.NEGATIVE_INFINITY

  constructor(options: RefresherOptions) {
    this.#options = options
  }

  /** Resolves after an ask that began after this call. Rejects with that ask's failure. */
  refresh(): Promise<void> {
    if (!this.#running) return this.#start()
    const after = () => {
      this.#again = undefined
      return this.#start()
    }
    this.#again ??= this.#running.then(after, after)
    return this.#again
  }

  /** What was learnt satisfied somebody: the next ask need not rest. */
  satisfied(): void {
    this.#fruitless = 0
  }

  #start(): Promise<void> {
    if (this.#running) return this.refresh()
    const run = this.#askAfterRest().finally(() => {
      if (this.#running === run) this.#running = undefined
    })
    this.#running = run
    return run
  }

  async #askAfterRest(): Promise<void> {
    const { clock, random, backoff, ask } = this.#options
    const rest = this.#fruitless === 0 ? 0 : backoffMs(backoff, this.#fruitless, random)
    const wait = this.#lastAskedAt + rest - clock.now()
    if (wait > 0) await new Promise<void>(done => clock.after(wait, done))
    this.#fruitless++
    this.#lastAskedAt = clock.now()
    try {
      await ask()
    } catch (error) {
      throw asError(error)
    }
  }
}
