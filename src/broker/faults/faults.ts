import { type Clock, sleep } from '../../base/clock.ts'
import { type ErrorName, errorByName } from '../../protocol/errors.ts'
import type { AnyMessage, Context, Handler } from '../handler.ts'
import type { Place } from './places.ts'

/** Which requests a fault meets, and how often. */
export interface FaultTarget {
  /** How many requests it meets before it is used up. Default: 1. */
  readonly times?: number
  /** Goes on for as long as this gives true; `times` then means nothing. */
  readonly while?: () => boolean
  /** The id of the broker. Default: any. */
  readonly broker?: number
  /** Requests that name this topic; an error goes to this topic alone. Default: any. */
  readonly topic?: string
  readonly partition?: number
}

/** What an interceptor may do with a request: answer it, pass it on, or harm its connection. */
export type Verdict<Response> = { readonly reply: Response } | 'pass' | 'disconnect' | 'drop'

export type FaultAction =
  | { readonly is: 'fail'; readonly error: ErrorName }
  | { readonly is: 'delay'; readonly ms: number }
  | { readonly is: 'disconnect' }
  | { readonly is: 'drop' }
  | { readonly is: 'lose' }
  | { readonly is: 'throttle'; readonly ms: number }
  | { readonly is: 'corrupt' }
  /** Waits for the next request of the API, but no longer than `ms`. */
  | { readonly is: 'reorder'; readonly ms: number }
  | {
      readonly is: 'intercept'
      answer(request: AnyMessage, context: Context): Promise<Verdict<AnyMessage>>
    }

/** The error that is to be answered for a partition; undefined to go on as usual. */
export type FailureOf = (topic: string, partition: number) => ErrorName | undefined

export const NO_FAILURE: FailureOf = () => undefined
/** Stands for a topic as a whole in `FailureOf`. */
export const ANY_PARTITION = -1

interface Fault {
  readonly api: string
  readonly action: FaultAction
  readonly target: FaultTarget
  left: number
}

/** A fault that has met its request. */
export interface Met {
  readonly action: FaultAction
  readonly failureOf: FailureOf
  /** Whether a partition of the request is meant. */
  isMeant(topic: string, partition: number): boolean
  /** It did not happen, and is to meet the next request. */
  giveBack(): void
}

/** The faults that wait for their requests: first in, first out, each used up after its times. */
export class Faults {
  #waiting: Fault[] = []
  /** Requests that let the next one of their API go first. */
  readonly #held = new Map<string, () => void>()

  /** How many faults are not used up. */
  get pending(): number {
    return this.#waiting.length
  }

  add(api: string, action: FaultAction, target: FaultTarget = {}): void {
    this.#waiting.push({ api, action, target, left: target.times ?? 1 })
  }

  clear(): void {
    this.#waiting = []
    for (const release of this.#held.values()) release()
  }

  /** Resolves when another request of the API has been handled, or `ms` have passed. */
  async letPass(api: string, ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    const passed = new AbortController()
    this.#held.set(api, () => passed.abort())
    await sleep(clock, ms, AbortSignal.any([signal, passed.signal]))
    this.#held.delete(api)
  }

  /** A request of the API was handled. */
  handled(api: string): void {
    if (this.#held.size > 0) this.#held.get(api)?.()
  }

  /** The fault that meets a request, if any; it is counted as used. */
  take(
    { api }: Pick<Handler, 'api'>,
    places: () => readonly Place[],
    broker: number,
  ): Met | undefined {
    if (this.#waiting.length === 0) return undefined
    const fault = this.#waiting.find(
      waiting =>
        waiting.api === api.name &&
        // The one that another waits for must not wait, too.
        !(waiting.action.is === 'reorder' && this.#held.has(api.name)) &&
        meets(waiting.target, places, broker),
    )
    if (!fault) return undefined
    if (!fault.target.while && --fault.left <= 0) {
      this.#waiting = this.#waiting.filter(waiting => waiting !== fault)
    }
    return {
      action: fault.action,
      failureOf: failureOf(fault),
      isMeant: (topic, partition) => isMeant(fault.target, topic, partition),
      giveBack: () => this.#giveBack(fault),
    }
  }

  #giveBack(fault: Fault): void {
    fault.left++
    if (!this.#waiting.includes(fault)) this.#waiting.unshift(fault)
  }
}

function meets(target: FaultTarget, places: () => readonly Place[], broker: number): boolean {
  if (target.while && !target.while()) return false
  if (target.broker !== undefined && target.broker !== broker) return false
  if (target.topic === undefined && target.partition === undefined) return true
  return places().some(({ topic, partition }) => isMeant(target, topic, partition))
}

function isMeant(target: FaultTarget, topic: string, partition: number): boolean {
  const isTopic = target.topic === undefined || target.topic === topic
  const isAny = target.partition === undefined || partition === ANY_PARTITION
  return isTopic && (isAny || target.partition === partition)
}

function failureOf({ action, target }: Fault): FailureOf {
  if (action.is !== 'fail') return NO_FAILURE
  const { error } = action
  return (topic, partition) => (isMeant(target, topic, partition) ? error : undefined)
}

/** Throws for a name that is no error of Kafka's, which text from outside may hold. */
export function checkErrorName(name: string): void {
  const found: unknown = errorByName(name)
  if (!found) throw new RangeError(`${name} is not the name of an error of Kafka's`)
}
