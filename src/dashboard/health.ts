import type { Clock, Timer } from '../base/clock.ts'
import { asError } from '../errors.ts'

/** Whether the cluster answers. */
export type HealthState =
  | { readonly is: 'unknown' }
  | { readonly is: 'up' }
  | { readonly is: 'down'; readonly since: number; readonly why: string }

const ASK_EVERY_MS = 2_000

/** Asks a cluster now and then whether it is there, while anybody wants to know. */
export class Health {
  readonly #clock: Clock
  readonly #ask: () => Promise<void>
  readonly #watchers = new Set<(state: HealthState) => void>()
  #state: HealthState = { is: 'unknown' }
  #timer: Timer | undefined
  #isAsking = false

  constructor(clock: Clock, ask: () => Promise<void>) {
    this.#clock = clock
    this.#ask = ask
  }

  /** Tells of how it is now, and of each change, until the returned function is called. */
  watch(watcher: (state: HealthState) => void): () => void {
    this.#watchers.add(watcher)
    watcher(this.#state)
    if (!this.#timer) void this.#look()
    return () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size === 0) this.close()
    }
  }

  close(): void {
    this.#watchers.clear()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  async #look(): Promise<void> {
    if (!this.#isAsking) {
      this.#isAsking = true
      const problem = await this.#ask().catch(asError)
      this.#isAsking = false
      this.#found(problem ?? undefined)
    }
    if (this.#watchers.size === 0) return
    this.#timer = this.#clock.after(ASK_EVERY_MS, () => void this.#look())
    this.#timer.unref()
  }

  #found(problem: Error | undefined): void {
    const is = problem ? 'down' : 'up'
    if (is === this.#state.is) return
    const since = this.#clock.epoch()
    this.#state = problem ? { is: 'down', since, why: problem.message } : { is: 'up' }
    for (const watcher of this.#watchers) watcher(this.#state)
  }
}
