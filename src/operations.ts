import { type Channel, channel } from 'node:diagnostics_channel'
import { asError } from './errors.ts'
import type { EventSource } from './events.ts'

/** A header as a record has it. */
export interface OperationHeader {
  readonly key: string
  readonly value: string | Uint8Array | null
}

/** A message in work, as far as tools look at it. */
export interface MessageInWork {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly rawKey: Uint8Array | null
  readonly rawValue: Uint8Array | null
  readonly headers: readonly OperationHeader[]
}

/** Messages of one partition in work together. */
export interface BatchInWork extends Iterable<MessageInWork> {
  readonly topic: string
  readonly partition: number
  readonly count: number
}

/** What was stored of a record. */
export interface StoredAt {
  readonly partition: number
  /** -1 where the broker did not say (`acks=0`). */
  readonly offset: number
}

/**
 * What clients do that takes a while, and has a part of the program's own in it: unlike an event,
 * which tells what has happened, an operation lets tools take part while it lasts. Each is a
 * channel of `node:diagnostics_channel` named `posthaste:operation:` + its name, on which an
 * `Operation` is published as it begins, in the calling code's own context. It costs nothing while
 * nobody listens.
 */
export interface Operations {
  /** A record, from `produce()` or `send()` to its outcome. */
  produce: {
    readonly facts: {
      readonly source: EventSource
      readonly topic: string
      readonly partition: number | undefined
      /** As it was given, before any serializer. */
      readonly key: unknown
      readonly isTombstone: boolean
      /** As they were given; what is added goes behind them, and leaves the program's own alone. */
      readonly headers: readonly OperationHeader[]
      addHeader(key: string, value: string | Uint8Array): void
    }
    readonly outcome: { readonly error?: unknown; readonly stored?: StoredAt }
  }
  /** One try to get a batch of records to the leader of its partition. */
  publish: {
    readonly facts: {
      readonly source: EventSource
      readonly topic: string
      readonly partition: number
      readonly records: number
      /** 1 at the first try. */
      readonly attempt: number
      readonly broker: { readonly host: string; readonly port: number } | undefined
      /** Those of its records that are attended, each an operation of its own. */
      readonly produced: readonly Operation<'produce'>[]
    }
    readonly outcome: { readonly error?: unknown; readonly baseOffset?: number }
  }
  /** A transaction, from its begin to its commit or abort. */
  transaction: {
    readonly facts: { readonly source: EventSource; readonly transactionalId: string }
    readonly outcome: {
      /** `left`: the producer was closed, and could not tell the coordinator any more. */
      readonly end: 'committed' | 'aborted' | 'fatal' | 'left'
      /** Why it was aborted or ended, where that was not the program's wish. */
      readonly error?: unknown
    }
  }
  /** The program's work on a message or on a batch: a handler's, or what a loop does in a turn. */
  process: {
    readonly facts: {
      readonly source: EventSource
      readonly group: string | undefined
      readonly work: { readonly message: MessageInWork } | { readonly batch: BatchInWork }
      readonly by: 'handler' | 'loop'
      /** 1 at a handler's first try. */
      readonly attempt: number
    }
    /** `isLeft`: the loop was left (by break or an error) with it, so that it comes again. */
    readonly outcome: { readonly error?: unknown; readonly isLeft?: boolean }
  }
  /** A loop asked for a batch and has got it: published when it has. */
  receive: {
    readonly facts: {
      readonly source: EventSource
      readonly group: string | undefined
      readonly batch: BatchInWork
      /** When it asked, in milliseconds since 1970. */
      readonly askedAt: number
    }
    readonly outcome: Record<never, never>
  }
  /** Offsets on their way to the group's coordinator, within a transaction or without. */
  commit: {
    readonly facts: {
      readonly source: EventSource
      readonly group: string
      readonly offsets: readonly {
        readonly topic: string
        readonly partition: number
        readonly offset: number
      }[]
    }
    readonly outcome: { readonly error?: unknown }
  }
}

/** The name of a kind of operation: `produce`, `process` … */
export type OperationName = keyof Operations
/** What is known of an operation as it begins. */
export type OperationFacts<Name extends OperationName> = Operations[Name]['facts']
/** What is known of it at its end. */
export type OperationOutcome<Name extends OperationName> = Operations[Name]['outcome']

/** Who takes part in an operation. What it throws becomes a warning of the process. */
export interface Attendant<Name extends OperationName> {
  /** Runs what the program does within the operation, as in a context of its own. */
  around?<Result>(work: () => Result): Result
  /** Hears of its end, once. */
  ended?(outcome: OperationOutcome<Name>): void
}

/** Something that a client does, for as long as it does it. */
export class Operation<Name extends OperationName> {
  /** What it is about. */
  readonly facts: OperationFacts<Name>
  #attendants: Attendant<Name>[] = []

  constructor(facts: OperationFacts<Name>) {
    this.facts = facts
  }

  /** Whether anybody takes part. */
  get isAttended(): boolean {
    return this.#attendants.length > 0
  }

  /** Takes part: to be called as it begins. */
  attend(attendant: Attendant<Name>): void {
    this.#attendants.push(attendant)
  }

  /** Runs what the program does within it, with each attendant around it. */
  run<Result>(work: () => Result): Result {
    return this.#attendants.reduceRight<() => Result>(
      (inner, attendant) => () => (attendant.around ? attendant.around(inner) : inner()),
      work,
    )()
  }

  /** It is over; a second call does nothing. */
  end(outcome: OperationOutcome<Name>): void {
    const attendants = this.#attendants
    this.#attendants = []
    for (const attendant of attendants) safely(() => attendant.ended?.(outcome))
  }
}

/** A tool that fails must not harm what it looks on at. */
function safely(work: () => void): void {
  try {
    work()
  } catch (error) {
    process.emitWarning(asError(error))
  }
}

const channels = new Map<OperationName, Channel>()

function channelOf(name: OperationName): Channel {
  let found = channels.get(name)
  if (!found) {
    found = channel(`posthaste:operation:${name}`)
    channels.set(name, found)
  }
  return found
}

/** Whether somebody listens, for what happens once a record: costs a nanosecond. */
export function tapOperation(name: OperationName): Pick<Channel, 'hasSubscribers'> {
  return channelOf(name)
}

/**
 * Calls `begun` with each operation of that name, of any client of this process, as it begins and
 * in the context of the call; what comes back ends it.
 *
 * @example
 * const stop = listenToOperation('produce', ({ facts }) => facts.addHeader('sent-by', 'billing'))
 */
export function listenToOperation<Name extends OperationName>(
  name: Name,
  begun: (operation: Operation<Name>) => void,
): () => void {
  const found = channelOf(name)
  const listener = (operation: unknown) => safely(() => begun(operation as Operation<Name>))
  found.subscribe(listener)
  return () => void found.unsubscribe(listener)
}

/** Begins an operation; undefined where nobody takes part. */
export function beginOperation<Name extends OperationName>(
  name: Name,
  facts: OperationFacts<Name>,
): Operation<Name> | undefined {
  const found = channelOf(name)
  if (!found.hasSubscribers) return undefined
  const operation = new Operation<Name>(facts)
  found.publish(operation)
  return operation.isAttended ? operation : undefined
}

/** Ends an operation as a promise ends. */
export function endWith<Name extends OperationName>(
  operation: Operation<Name & ('commit' | 'process')>,
  promise: Promise<unknown>,
): void {
  promise.then(
    () => operation.end({}),
    error => operation.end({ error }),
  )
}

/** The work that is being done on a message or a batch that a loop handed out. */
const inWork = new WeakMap<object, Operation<'process'>>()

/** Begins the work on a message or a batch. */
export function beginProcess(facts: OperationFacts<'process'>): Operation<'process'> | undefined {
  const operation = beginOperation('process', facts)
  const { work } = facts
  if (operation) inWork.set('batch' in work ? work.batch : work.message, operation)
  return operation
}

/** Runs something that belongs to the work on a message or a batch that a loop handed out. */
export function runWithin<Result>(handedOut: object, work: () => Result): Result {
  const operation = inWork.get(handedOut)
  return operation ? operation.run(work) : work()
}
