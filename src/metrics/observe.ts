import type { IsWatched } from './hearing.ts'
import { observeClients } from './observe-clients.ts'
import { observeConsumers } from './observe-consumers.ts'
import { observeProducers } from './observe-producers.ts'
import type { Sink } from './sink.ts'

/** What listens to clients. */
export interface Observation {
  /** Forgets what it knows of all clients but these, which are still open. */
  keepOnly(instances: ReadonlySet<number>): void
  /** Ends it: nothing listens any more. */
  stop(): void
}

/** Measures from now on what these clients do, and gives it to a sink. */
export function observe(sink: Sink, isWatched: IsWatched): Observation {
  const hearings = [observeClients, observeProducers, observeConsumers].map(each =>
    each(sink, isWatched),
  )
  return {
    keepOnly(instances) {
      for (const hearing of hearings) hearing.keepOnly(instances)
    },
    stop() {
      for (const hearing of hearings) hearing.stop()
    },
  }
}
