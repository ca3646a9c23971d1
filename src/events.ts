import { type Channel, channel } from 'node:diagnostics_channel'

/** Who an event is about: one client instance, by its number and `client.id`. */
export interface EventSource {
  readonly instance: number
  readonly clientId: string
}

/** By this a client or an embedded cluster says who it is, to tools of this package. */
export const facts = Symbol('posthaste facts')

/** What a tool must know of a client or an embedded cluster, to watch it and ask its cluster. */
export interface ClientFacts {
  readonly source: EventSource
  /** Settings by which another client reaches the same cluster. */
  readonly settings: Readonly<Record<string, unknown>>
}

/**
 * Everything that a client, or the embedded cluster, tells of itself while it works. Each is a
 * channel of `node:diagnostics_channel` named `posthaste:` + its name, and costs nothing while
 * nobody listens.
 */
export interface Events {
  /** A connection was made, got ready, or closed; `dialling` to `closed` where there came none. */
  'connection:moved': { broker: string; from: string; to: string; cause?: Error }
  /** A request of any API was handed to the system. */
  'request:sent': RequestFacts & { bytes: number }
  /** Its answer came. */
  'response:received': RequestFacts & { bytes: number; latencyMs: number; throttleMs: number }
  /** News of the cluster: its brokers, and the topics that are in use. */
  'metadata:updated': { brokers: number; topics: number }
  /** A producer was made, with the settings by which records are gathered and sent. */
  'producer:opened': ProducerFacts
  /** A producer goes from open by way of closing to closed. */
  'producer:moved': { from: string; to: string; records: number }
  /** A record was encoded into the open batch of its partition. */
  'record:appended': {
    topic: string
    partition: number
    batch: number
    /** As it was given to the producer, after its serializer. */
    key: string | Uint8Array | null
    /** What it takes in the batch, before compression. */
    bytes: number
    /** How many records, and bytes, the batch has now. */
    batchRecords: number
    batchBytes: number
    /** Records that were taken and have no outcome yet, this one too. */
    queued: number
  }
  /** A record waits, since nothing is known yet of its topic. */
  'record:waiting': {
    topic: string
    /** Records that were taken and have no outcome yet, this one too. */
    queued: number
  }
  /** There was no open batch for a record, or no room in it. */
  'batch:opened': BatchFacts
  /** A batch was closed, compressed, sent, or came back to be sent again. */
  'batch:moved': BatchFacts & {
    from: string
    to: string
    /** How often it has been sent. */
    sends: number
    /** Before compression. */
    plainBytes: number
    producerId?: bigint
    producerEpoch?: number
    /** Why it could not be delivered when it was last tried. */
    cause?: Error
  }
  /** The outcome of every record of a batch is known: stored from an offset on, or failed. */
  'batch:settled': BatchFacts & {
    baseOffset: number
    sends: number
    /** Before compression. */
    plainBytes: number
    error?: Error
    /** From its first record to its outcome, and until it was first sent: -1 if it never was. */
    latencyMs: number
    waitMs: number
  }
  /** A batch could not be delivered, and will be sent again. */
  'batch:retried': { topic: string; partition: number; batch: number; sends: number; error: Error }
  /** A batch was too large for the broker; its records go on in others (KIP-126). */
  'batch:split': { topic: string; partition: number; batch: number; into: number[] }
  /** A record that was taken failed before it came into a batch: its topic never became known. */
  'record:refused': { topic: string; error: Error }
  /** A Produce request left, with one batch for each of its partitions. */
  'produce:sent': {
    broker: string
    batches: number[]
    records: number
    bytes: number
    /** Requests to this broker that have no answer yet, this one too. */
    inFlight: number
  }
  /** flush() began; so many records have no outcome yet. */
  'flush:started': { records: number }
  /** flush() ended; so many of them still have none. */
  'flush:ended': { left: number }
  /** An idempotent producer got its producer id, or a new epoch. */
  'identity:moved': {
    from: string
    to: string
    producerId?: bigint
    producerEpoch?: number
    cause?: Error
  }
  /** A transactional producer moved on: see docs/states.md. */
  'transaction:moved': {
    from: string
    to: string
    transactionalId: string
    producerId?: bigint
    producerEpoch?: number
    cause?: Error
  }
  /** A record found no room: `produce()` refused it, or `send()` waits with it. */
  'buffer:full': { bytes: number; limit: number; then: 'refused' | 'waits' }
  /** The buffer had filled past its high-water mark, and has emptied again. */
  'buffer:drained': { bytes: number; limit: number }
  /** A member of a group moved on. */
  'group:moved': { group: string; from: string; to: string; cause?: Error }
  /** A member's share changed: it got partitions, gave them up, or lost them. */
  'share:changed': {
    group: string
    member: string
    generation: number
    change: 'assigned' | 'revoked' | 'lost'
    partitions: { topic: string; partition: number }[]
    /** All that it has then. */
    owned: { topic: string; partition: number }[]
  }
  /** A partition that a consumer reads moved on. */
  'partition:moved': { topic: string; partition: number; from: string; to: string }
  /** A Fetch request left. */
  'fetch:sent': {
    broker: string
    /** How many the fetch is for, and how many of them it must name (KIP-227). */
    partitions: number
    told: number
    forgotten: number
    sessionId: number
    sessionEpoch: number
  }
  /** Records of a partition came. */
  'fetch:received': {
    topic: string
    partition: number
    records: number
    bytes: number
    highWatermark: number
  }
  /** The program got records; the partition goes on at `nextOffset`. */
  'records:handed': { topic: string; partition: number; records: number; nextOffset: number }
  /** A group's coordinator stored offsets, each that of the next record to process. */
  'offsets:committed': {
    group: string
    partitions: number
    offsets: { topic: string; partition: number; offset: number }[]
    /** With all tries. */
    latencyMs: number
  }
  /** A commit failed for good. */
  'offsets:refused': { group: string; partitions: number; error: Error; latencyMs: number }
  /** A handler of `run()` is done with a record or a batch, or threw. */
  'handler:ended': {
    topic: string
    partition: number
    records: number
    attempt: number
    latencyMs: number
    error?: Error
  }
  /** A record failed for good and was taken by `onFailure.deadLetter`. */
  'record:dead': {
    topic: string
    partition: number
    offset: number
    attempts: number
    error: Error
  }
  /** A record can't be read or deserialized; by `on.bad.record` it is passed over, or thrown. */
  'record:bad': {
    topic: string
    partition: number
    offset: number
    error: Error
    then: 'skip' | 'throw'
  }
  /** A partition has not got on for `stall.timeout.ms`, and again after each time as long. */
  'partition:stalled': { topic: string; partition: number; waitsFor: string; forMs: number }
  /** The embedded cluster took a batch into a log, knew it already, or refused it. */
  'broker:appended': {
    broker: number
    topic: string
    partition: number
    outcome: 'appended' | 'duplicate' | 'refused'
    /** Kafka's name of the error, where it was refused. */
    error?: string
    baseOffset: number
    records: number
    bytes: number
    producerId: bigint
    producerEpoch: number
    baseSequence: number
  }
  /** The embedded cluster wrote the marker that ends a transaction in a partition. */
  'broker:marked': {
    topic: string
    partition: number
    committed: boolean
    offset: number
    producerId: bigint
    producerEpoch: number
  }
  /** The embedded cluster answered a request, or did not, where a fault was asked for. */
  'broker:answered': {
    broker: number
    api: string
    version: number
    client: string
    /** Topics and partitions that it named: `orders`, `orders-0`. */
    about: string[]
    latencyMs: number
    /** Kafka's names of the errors in the response. */
    errors: string[]
    how: 'response' | 'nothing' | 'close' | 'break'
  }
}

interface ProducerFacts {
  acks: string
  idempotent: boolean
  transactionalId?: string
  lingerMs: number
  batchSize: number
  bufferMemory: number
  compression: string
  maxInFlight: number
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

/** The name of an event: docs/events.md has them all. */
export type EventName = keyof Events

/** The payload of an event as its listeners get it. */
export type EventOf<Name extends EventName> = Events[Name] & Readonly<Told>

interface Told {
  source: EventSource
  /** The client's clock, in milliseconds; for the distance between events. */
  at: number
}

/** Any event, told apart by its name. */
export type AnyEvent = { [Name in EventName]: EventOf<Name> & { readonly name: Name } }[EventName]

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

/** Listens to several kinds of events at once; what comes back ends it. */
export function listenTo(
  names: readonly EventName[],
  heard: (event: AnyEvent) => void,
): () => void {
  const stops = names.map(name => listen(name, event => heard({ ...event, name } as AnyEvent)))
  return () => {
    for (const stop of stops) stop()
  }
}

/**
 * Whether somebody listens to a kind of event, in the cheapest way there is: for what happens once
 * a record. `if (appended.hasSubscribers) …` costs a nanosecond.
 */
export function tap(name: EventName): Pick<Channel, 'hasSubscribers'> {
  return channelOf(name)
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
    if (!found.hasSubscribers) return
    // Set on the payload, which is nobody else's: of payloads of many shapes a copy takes ten times
    // as long, and all that listeners then read of it.
    const event: Events[Name] & Partial<Told> = payload
    event.source = this.source
    event.at = this.#now()
    found.publish(event)
  }
}

let instances = 0

/** The number that tells this client from others with the same `client.id` in this process. */
export function nextInstance(): number {
  return ++instances
}
