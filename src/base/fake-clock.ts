import type { Clock, Timer } from './clock.ts'

interface Task {
  readonly due: number
  readonly order: number
  readonly run: () => void
}

/**
 * A clock that moves only when told to. Timers fire in order of their due time, then of their
 * making; `advance` lets promise reactions run between two timers, as a real event loop does.
 */
export class FakeClock implements Clock {
  #now = 0
  #order = 0
  readonly #start: number
  readonly #tasks = new Set<Task>()

  constructor(start = 1_700_000_000_000) {
    this.#start = start
  }

  now(): number {
    return this.#now
  }

  epoch(): number {
    return this.#start + Math.floor(this.#now)
  }

  after(ms: number, run: () => void): Timer {
    const task = { due: this.#now + Math.max(0, ms), order: this.#order++, run }
    this.#tasks.add(task)
    return { cancel: () => void this.#tasks.delete(task), unref() {}, ref() {} }
  }

  soon(run: () => void): void {
    this.after(0, run)
  }

  /** The number of timers that wait. */
  get pending(): number {
    return this.#tasks.size
  }

  /** Moves time on by `ms`, firing every timer that falls due on the way. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await settle()
    for (let task = this.#next(until); task; task = this.#next(until)) {
      this.#now = task.due
      this.#tasks.delete(task)
      task.run()
      await settle()
    }
    this.#now = until
  }

  #next(until: number): Task | undefined {
    let first: Task | undefined
    for (const task of this.#tasks) {
      if (task.due > until) continue
      if (!first || task.due < first.due || (task.due === first.due && task.order < first.order)) {
        first = task
      }
    }
    return first
  }
}

/** Lets every promise reaction that is ready now, and those that they make ready, run. */
export function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
