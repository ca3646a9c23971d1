import type { Clock, Timer } from '../../base/clock.ts'

/**
 * A deadline that is often put off and seldom met. Putting it off only notes the new time: the
 * timer that runs finds out when it fires, so a heartbeat costs no timer, and silence none either.
 */
export class Alarm {
  readonly #clock: Clock
  readonly #onRing: () => void
  #timer: Timer | undefined
  #timerDue = 0
  #due: number | undefined

  constructor(clock: Clock, onRing: () => void) {
    this.#clock = clock
    this.#onRing = onRing
  }

  /** Rings once, `ms` milliseconds from now, in place of what was set before. */
  set(ms: number): void {
    this.#due = this.#clock.now() + ms
    if (this.#timer && this.#timerDue <= this.#due) return
    this.#timer?.cancel()
    this.#start(ms)
  }

  clear(): void {
    this.#due = undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #start(ms: number): void {
    this.#timerDue = this.#clock.now() + ms
    this.#timer = this.#clock.after(ms, () => this.#fired())
    this.#timer.unref()
  }

  #fired(): void {
    this.#timer = undefined
    if (this.#due === undefined) return
    // Whole milliseconds: a timer may fire a fraction early by the finer clock.
    const left = Math.ceil(this.#due - this.#clock.now())
    if (left > 0) return this.#start(left)
    this.#due = undefined
    this.#onRing()
  }
}
