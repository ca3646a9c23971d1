import { type Channel, channel } from 'node:diagnostics_channel'

/** Who an event is about: one client instance, by its number and `client.id`. */
export interface EventSource {
  readonly instance: number
  readonly clientId: string
}

/**
 * Everything that a client tells of itself while it works. Each is a channel of
 * `node:diagnostics_channel` named `posthaste:` + its name, and costs nothing while nobody listens.
 */
export interface Events {
  'connection:moved': { broker: string; from: string; to: string; cause?: Error }
  'request:sent': RequestFacts & { bytes: number }
  'response:received': RequestFacts & { bytes: number; latencyMs: number; throttleMs: number }
  'metadata:updated': { brokers: number; topics: number }
  'record:appended': { topic: string; partition: number; batch: number; bytes: number }
  'record:waiting': { topic: string }
  'batch:opened': BatchFacts
  'batch:moved': BatchFacts & { from: string; to: string; cause?: string }
  'batch:settled': BatchFacts & {
    baseOffset: number
    sends: number
    error?: Error
    latencyMs: number
  }
  'identity:moved': { from: string; to: string; producerId?: bigint; producerEpoch?: number }
  'transaction:moved': { from: string; to: string; transactionalId: string; cause?: Error }
  'buffer:full': { bytes: number; limit: number }
  'buffer:drained': { bytes: number; limit: number }
  'group:moved': { group: string; from: string; to: string; cause?: Error }
  'partition:moved': { topic: string; partition: number; from: string; to: string }
  'fetch:sent': {
    broker: string
    /** How many the fetch is for, and how many of them it must name (KIP-227). */
    partitions: number
    told: number
    forgotten: number
    sessionId: number
    sessionEpoch: number
  }
  'fetch:received': { topic: string; partition: number; bytes: number; highWatermark: number }
  'offsets:committed': { group: string; partitions: number }
}

interface RequestFacts {
  broker: string
  api: string
  version: number
  correlationId: number
}

interface BatchFacts {
  topic: string
  partition: number
  /** Counts the batches of a client, so that one can be followed. */
  batch: number
  records: number
  bytes: number
  baseSequence: number
}

export type EventName = keyof Events

/** The payload of an event as its listeners get it. */
export type EventOf<Name extends EventName> = Events[Name] & {
  readonly source: EventSource
  /** The client's clock, in milliseconds; for the distance between events. */
  readonly at: number
}

const channels = new Map<EventName, Channel>()

function channelOf(name: EventName): Channel {
  let found = channels.get(name)
  if (!found) {
    found = channel(`posthaste:${name}`)
    channels.set(name, found)
  }
  return found
}

/**
 * Listens to one kind of event of every client in this process; what comes back ends it.
 *
 * @example
 * const stop = listen('batch:settled', batch => console.log(batch.topic, batch.records))
 */
export function listen<Name extends EventName>(
  name: Name,
  heard: (event: EventOf<Name>) => void,
): () => void {
  const found = channelOf(name)
  const listener = (message: unknown) => heard(message as EventOf<Name>)
  found.subscribe(listener)
  return () => void found.unsubscribe(listener)
}

/** One client's way to publish. Ask `heard` first where making the payload costs something. */
export class Publisher {
  readonly source: EventSource
  readonly #now: () => number

  constructor(source: EventSource, now: () => number) {
    this.source = source
    this.#now = now
  }

  heard(name: EventName): boolean {
    return channelOf(name).hasSubscribers
  }

  publish<Name extends EventName>(name: Name, payload: Events[Name]): void {
    const found = channelOf(name)
    if (found.hasSubscribers) found.publish({ ...payload, source: this.source, at: this.#now() })
  }
}

let instances = 0

/** The number that tells this client from others with the same `client.id` in this process. */
export function nextInstance(): number {
  return ++instances
}
