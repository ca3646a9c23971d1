import type { EventSource } from './events.ts'

/** How a client stands at the moment it is asked: what is read now and then, and never told. */
export interface Readings {
  /** Its open connections; several may lead to one broker. */
  readonly connections: readonly { readonly broker: string; readonly inFlight: number }[]
  /** A producer's records without an outcome, and what they hold of `buffer.memory`. */
  readonly queue?: { readonly records: number; readonly bytes: number; readonly limit: number }
  readonly reading?: ConsumerReadings
}

/** What a consumer reads, and how far it is. */
export interface ConsumerReadings {
  readonly partitions: readonly {
    readonly topic: string
    readonly partition: number
    /** Unknown until a fetch has told of the end of the log. */
    readonly lag: number | undefined
    readonly paused: boolean
  }[]
  readonly stalledPartitions: number
  readonly bufferedBytes: number
  readonly bufferedBytesLimit: number
  /** How long the program has not asked for more, in ms; 0 while it waits for records. */
  readonly pollGapMs: number
}

/** A client that is not closed. */
export interface OpenClient {
  readonly source: EventSource
  readings(): Readings
}

/** Weak, since a client that nobody closed and nobody holds must not live on for its figures. */
const open = new Set<WeakRef<OpenClient>>()

/** Makes a client one of those that are open, until the function that comes back is called. */
export function announce(client: OpenClient): () => void {
  const entry = new WeakRef(client)
  open.add(entry)
  return () => void open.delete(entry)
}

/** Every client of this process that is open now. */
export function openClients(): OpenClient[] {
  const clients: OpenClient[] = []
  for (const entry of open) {
    const client = entry.deref()
    if (client) clients.push(client)
    else open.delete(entry)
  }
  return clients
}
