import type { Clock } from '../../base/clock.ts'

interface Entry<T> {
  readonly value: Promise<T>
  readonly until: number
}

/**
 * Remembers answers by key: who asks while the first request is on its way shares it, so there are
 * never two for one thing. A failure is not remembered. The one used longest ago goes first.
 */
export class Memory<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #size: number
  readonly #lifeMs: number
  readonly #clock: Clock

  constructor(size: number, clock: Clock, lifeMs = Number.POSITIVE_INFINITY) {
    this.#size = size
    this.#clock = clock
    this.#lifeMs = lifeMs
  }

  get(key: string, fetch: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key)
    if (known && known.until > this.#clock.now()) {
      this.#entries.delete(key)
      this.#entries.set(key, known)
      return known.value
    }
    const entry = { value: fetch(), until: this.#clock.now() + this.#lifeMs }
    this.#put(key, entry)
    entry.value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    })
    return entry.value
  }

  set(key: string, value: T): void {
    this.#put(key, { value: Promise.resolve(value), until: this.#clock.now() + this.#lifeMs })
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  #put(key: string, entry: Entry<T>): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size <= this.#size) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}
