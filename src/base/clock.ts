/** A timer that can be called off. Calling it off twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void
  /** Lets the process end although this timer waits: for upkeep that nobody waits for. */
  unref(): void
  /** Takes that back: somebody waits for it again. */
  ref(): void
}

/**
 * The only source of time. Everything that waits, expires or stamps takes a Clock, so that tests
 * and the simulation can run hours in milliseconds and get the same run from the same seed.
 */
export interface Clock {
  /** Monotonic milliseconds: for deadlines and latencies. Never jumps back. */
  now(): number
  /** Wall-clock milliseconds since 1970: for record timestamps. May jump. */
  epoch(): number
  /** Runs `task` once, `ms` milliseconds from now. */
  after(ms: number, task: () => void): Timer
  /** Runs `task` once, when the current turn of the event loop has handled its I/O. */
  soon(task: () => void): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  after(ms, task) {
    const handle = setTimeout(task, ms)
    return {
      cancel: () => clearTimeout(handle),
      unref: () => void handle.unref(),
      ref: () => void handle.ref(),
    }
  },
  soon(task) {
    setImmediate(task)
  },
}

/** Resolves after `ms` milliseconds, or at once when `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted) return resolve()
    const timer = clock.after(ms, done)
    signal?.addEventListener('abort', done, { once: true })
    function done() {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** The promise's outcome, or a rejection with `late()` when it takes longer than `ms`. */
export function within<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  late: () => Error,
): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return promise
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(late()))
    promise.then(resolve, reject).finally(() => timer.cancel())
  })
}
