/** As Kafka has it: eleven windows of a second, of which the last one is not over. */
const WINDOW_MS = 1000
const WINDOWS = 11

interface Sample {
  readonly beganAt: number
  sum: number
}

/** How much of something happens in a second, over the last windows of time. */
export class Rate {
  readonly #samples: Sample[] = []

  add(amount: number, nowMs: number): void {
    const last = this.#samples.at(-1)
    if (last && nowMs - last.beganAt < WINDOW_MS) last.sum += amount
    else this.#samples.push({ beganAt: nowMs, sum: amount })
    this.#forget(nowMs)
  }

  /**
   * How long to wait until no more than `limit` a second have happened. The time that has passed
   * is never taken for less than all windows but one: a first burst is not held against anyone.
   */
  throttleMs(limit: number, nowMs: number): number {
    this.#forget(nowMs)
    const spanMs = this.#spanMs(nowMs)
    const total = this.#samples.reduce((sum, sample) => sum + sample.sum, 0)
    const rate = total / (spanMs / 1000)
    return rate <= limit ? 0 : Math.round(((rate - limit) / limit) * spanMs)
  }

  /** Whether nothing is left of what was counted. */
  isIdle(nowMs: number): boolean {
    this.#forget(nowMs)
    return this.#samples.length === 0
  }

  #spanMs(nowMs: number): number {
    const passed = nowMs - (this.#samples[0]?.beganAt ?? nowMs)
    return Math.max(passed, (WINDOWS - 1) * WINDOW_MS)
  }

  #forget(nowMs: number): void {
    while (this.#samples[0] && nowMs - this.#samples[0].beganAt >= WINDOWS * WINDOW_MS) {
      this.#samples.shift()
    }
  }
}
