/** Calls listeners by name, in the order in which they came. What one throws is the emitter's. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>()

  on<Name extends keyof Events>(name: Name, listener: (payload: Events[Name]) => void): void {
    const known = this.#listeners.get(name)
    if (known) known.add(listener)
    else this.#listeners.set(name, new Set([listener]))
  }

  off<Name extends keyof Events>(name: Name, listener: (payload: Events[Name]) => void): void {
    this.#listeners.get(name)?.delete(listener)
  }

  hears(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      const heard = listener as (payload: Events[Name]) => void
      heard(payload)
    }
  }
}
