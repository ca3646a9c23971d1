import { type Clock, sleep } from '../../base/clock.ts'
import { type ErrorName, errorByName } from '../../protocol/errors.ts'
import type { AnyMessage, Context, Handler } from '../handler.ts'
import type { Place } from './places.ts'

/** Which requests a fault meets, and how often. */
export interface FaultTarget {
  /**
   * How many requests it meets before it is used up; with a `partition`, how many times it meets
   * one. Default: 1.
   */
  readonly times?: number
  /** Goes on for as long as this gives true; `times` then means nothing. */
  readonly while?: () => boolean
  /** The id of the broker. Default: any. */
  readonly broker?: number
  /** Requests that name this topic; an error goes to this topic alone. Default: any. */
  readonly topic?: string
  /**
   * Requests that name this partition, or a topic as a whole; an error goes to this partition
   * alone, whatever else the request names. Default: any.
   */
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
/** Stands for a topic as a whole in `FailureOf`: for whatever of it a fault has met. */
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
  /** Whether it is about a topic or partition, and not about the request as a whole. */
  readonly isPlaced: boolean
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
    let asked: readonly Place[] | undefined
    const meeting = (fault: Fault): Meeting | undefined => {
      if (fault.api !== api.name || !isOn(fault.target, broker)) return undefined
      // The one that another waits for must not wait, too.
      if (fault.action.is === 'reorder' && this.#held.has(api.name)) return undefined
      if (!isPlaced(fault.target)) return { fault, places: [] }
      asked ??= places()
      const met = placesMet(fault, asked)
      return met.length > 0 ? { fault, places: met } : undefined
    }
    const meetings = this.#waiting.flatMap(fault => meeting(fault) ?? [])
    const [first] = meetings
    if (!first) return undefined
    const together = isFailing(first) ? failingTogether(meetings) : [first]
    for (const each of together) this.#use(each)
    const { action, target } = first.fault
    return {
      action,
      isPlaced: isPlaced(target),
      failureOf: (topic, partition) => failureAmong(together, topic, partition),
      isMeant: (topic, partition) => isMeant(target, topic, partition),
      giveBack: () => this.#giveBack(first),
    }
  }

  #use({ fault, places }: Meeting): void {
    if (fault.target.while) return
    fault.left -= timesOf(fault.target, places)
    if (fault.left <= 0) this.#waiting = this.#waiting.filter(waiting => waiting !== fault)
  }

  #giveBack({ fault, places }: Meeting): void {
    if (!fault.target.while) fault.left += timesOf(fault.target, places)
    if (!this.#waiting.includes(fault)) this.#waiting.unshift(fault)
  }
}

/** A fault that fits a request, and the places in it that are meant, if it is about places. */
interface Meeting {
  readonly fault: Fault
  readonly places: readonly Place[]
}

function isOn(target: FaultTarget, broker: number): boolean {
  if (target.while && !target.while()) return false
  return target.broker === undefined || target.broker === broker
}

function isPlaced({ topic, partition }: FaultTarget): boolean {
  return topic !== undefined || partition !== undefined
}

/** Of the places asked for, those that are meant; no more than the fault has left. */
function placesMet({ target, left }: Fault, asked: readonly Place[]): Place[] {
  const met = asked.filter(({ topic, partition }) => isMeant(target, topic, partition))
  return target.partition === undefined || target.while ? met : met.slice(0, left)
}

function timesOf({ partition }: FaultTarget, places: readonly Place[]): number {
  return partition === undefined ? 1 : places.length
}

function isFailing({ fault: { action, target } }: Meeting): boolean {
  return action.is === 'fail' && isPlaced(target)
}

/** Errors that are meant for different places of one request come in it together. */
function failingTogether(meetings: readonly Meeting[]): Meeting[] {
  const taken = new Set<string>()
  return meetings.filter(meeting => {
    if (!isFailing(meeting)) return false
    const names = meeting.places.map(({ topic, partition }) => `${topic}-${partition}`)
    const isNew = names.some(name => !taken.has(name))
    for (const name of names) taken.add(name)
    return isNew
  })
}

function failureAmong(
  meetings: readonly Meeting[],
  topic: string,
  partition: number,
): ErrorName | undefined {
  for (const { fault, places } of meetings) {
    const { action, target } = fault
    if (action.is !== 'fail') continue
    const isMet =
      target.partition === undefined
        ? isMeant(target, topic, partition)
        : places.some(place => place.topic === topic && isWithin(place.partition, partition))
    if (isMet) return action.error
  }
  return undefined
}

function isWithin(met: number, asked: number): boolean {
  return asked === ANY_PARTITION || met === asked
}

function isMeant(target: FaultTarget, topic: string, partition: number): boolean {
  const isTopic = target.topic === undefined || target.topic === topic
  const isAny = target.partition === undefined || partition === ANY_PARTITION
  return isTopic && (isAny || target.partition === partition)
}

/** Throws for a name that is no error of Kafka's, which text from outside may hold. */
export function checkErrorName(name: string): void {
  const found: unknown = errorByName(name)
  if (!found) throw new RangeError(`${name} is not the name of an error of Kafka's`)
}
