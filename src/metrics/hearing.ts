import { type EventName, type EventOf, type EventSource, listen } from '../events.ts'

/** Whose events count: all of this process, or those of some clients by their numbers. */
export type IsWatched = (instance: number) => boolean

/** Listens to events, and keeps something for each client from which they come. */
export class Hearing<Kept> {
  readonly #isWatched: IsWatched
  readonly #make: (clientId: string) => Kept
  readonly #kept = new Map<number, Kept>()
  readonly #stops: (() => void)[] = []

  constructor(isWatched: IsWatched, make: (clientId: string) => Kept) {
    this.#isWatched = isWatched
    this.#make = make
  }

  on<Name extends EventName>(name: Name, heard: (kept: Kept, event: EventOf<Name>) => void): void {
    this.#stops.push(
      listen(name, event => {
        const kept = this.#of(event.source)
        if (kept !== undefined) heard(kept, event)
      }),
    )
  }

  /** Forgets all clients but these. What is told of another begins anew. */
  keepOnly(instances: ReadonlySet<number>): void {
    for (const instance of this.#kept.keys()) {
      if (!instances.has(instance)) this.#kept.delete(instance)
    }
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop()
    this.#kept.clear()
  }

  #of({ instance, clientId }: EventSource): Kept | undefined {
    const known = this.#kept.get(instance)
    if (known !== undefined || !this.#isWatched(instance)) return known
    const made = this.#make(clientId)
    this.#kept.set(instance, made)
    return made
  }
}

/** More different values than this are looked up each time, rather than remembered. */
const REMEMBERED = 10_000

/** Makes something once for each key. */
export function memo<Made>(make: (key: string) => Made): (key: string) => Made {
  const known = new Map<string, Made>()
  return key => {
    const found = known.get(key)
    if (found !== undefined) return found
    const made = make(key)
    if (known.size < REMEMBERED) known.set(key, made)
    return made
  }
}

/** An error as the value of a label: its code, which comes from a list; never its words. */
export function errorLabel(error: Error | undefined): string {
  if (!error) return 'UNKNOWN'
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : 'OTHER'
}
