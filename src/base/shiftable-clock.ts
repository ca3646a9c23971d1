import type { Clock, Timer } from './clock.ts'

interface Waiting {
  readonly due: number
  readonly order: number
  readonly task: () => void
  timer: Timer
  isUnref: boolean
}

/**
 * A clock that goes with another one, and can be moved ahead of it: what falls due on the way is
 * run in its order, as if the time had passed.
 */
export class ShiftableClock implements Clock {
  readonly #base: Clock
  readonly #waiting = new Set<Waiting>()
  #shift = 0
  #order = 0

  constructor(base: Clock) {
    this.#base = base
  }

  now(): number {
    return this.#base.now() + this.#shift
  }

  epoch(): number {
    return this.#base.epoch() + this.#shift
  }

  after(ms: number, task: () => void): Timer {
    const due = this.now() + Math.max(0, ms)
    const waiting: Waiting = {
      due,
      order: this.#order++,
      task,
      timer: this.#base.after(ms, () => this.#fire(waiting)),
      isUnref: false,
    }
    this.#waiting.add(waiting)
    return {
      cancel: () => {
        this.#waiting.delete(waiting)
        waiting.timer.cancel()
      },
      unref: () => {
        waiting.isUnref = true
        waiting.timer.unref()
      },
      ref: () => {
        waiting.isUnref = false
        waiting.timer.ref()
      },
    }
  }

  soon(task: () => void): void {
    this.#base.soon(task)
  }

  /** Moves time on by `ms` whole milliseconds; resolves when what fell due on the way has run. */
  async advance(ms: number): Promise<void> {
    const until = this.now() + ms
    for (;;) {
      // What a timer brings about may set, or call off, others that fall due on the way, too.
      await new Promise<void>(resolve => this.#base.soon(resolve))
      const next = this.#next(until)
      if (!next) break
      this.#moveTo(next.due)
      this.#fire(next)
    }
    this.#moveTo(until)
    for (const waiting of this.#waiting) this.#setAnew(waiting)
  }

  #next(until: number): Waiting | undefined {
    let first: Waiting | undefined
    for (const each of this.#waiting) {
      if (each.due > until) continue
      if (!first || each.due < first.due || (each.due === first.due && each.order < first.order)) {
        first = each
      }
    }
    return first
  }

  /** Only ahead: the base may have overtaken a time that lies in the past. */
  #moveTo(time: number): void {
    this.#shift += Math.max(0, Math.ceil(time - this.now()))
  }

  #fire(waiting: Waiting): void {
    waiting.timer.cancel()
    if (this.#waiting.delete(waiting)) waiting.task()
  }

  #setAnew(waiting: Waiting): void {
    waiting.timer.cancel()
    const left = Math.max(0, waiting.due - this.now())
    waiting.timer = this.#base.after(left, () => this.#fire(waiting))
    if (waiting.isUnref) waiting.timer.unref()
  }
}
