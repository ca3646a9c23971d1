import { emptyModel, type Model, type ProducerModel, take } from './model.ts'
import type { PlainEvent } from './plain-event.ts'
import { wordsOf } from './words.ts'

/** What a recording holds, in order: what the program did, what came back, what the events said. */
export type Entry =
  | { readonly is: 'call'; readonly act: number; readonly code: string; readonly why: string }
  | { readonly is: 'return'; readonly act: number; readonly text: string; readonly at: number }
  | { readonly is: 'told'; readonly text: string; readonly at: number }
  | { readonly is: 'event'; readonly event: PlainEvent }

/** The variables of a run at one moment, by their names. */
export type Tracker = Readonly<Record<string, string | number>>

/** One step of a trace: what happened, how things stand inside, what came out. */
export interface Step {
  /** Counts from 1. */
  readonly step: number
  /** The program's own call to which it belongs; those count from 1 too. */
  readonly act: number
  readonly is: 'call' | 'return' | 'told' | 'event'
  /** Milliseconds since the first event. */
  readonly at: number
  readonly action: string
  readonly state: string
  readonly out: string
  readonly tracker: Tracker
  /** The event itself, where the step is one. */
  readonly event?: PlainEvent
}

/** Makes steps of entries, one after the other; the model is how things stand after the last. */
export class Stepper {
  readonly model: Model = emptyModel()
  #steps = 0
  #act = 0
  #began: number | undefined
  #at = 0

  /** The step that an entry makes; undefined for an event that is none for itself. */
  take(entry: Entry): Step | undefined {
    if (entry.is === 'event') return this.#event(entry.event)
    if (entry.is === 'call') {
      this.#act = entry.act
      return this.#step(entry.is, entry.code, entry.why)
    }
    this.#pass(entry.at)
    const action = entry.is === 'return' ? 'the call comes back' : 'the program is told'
    return this.#step(entry.is, action, entry.text)
  }

  #event(event: PlainEvent): Step | undefined {
    const words = wordsOf(event, this.model)
    take(this.model, event)
    this.#pass(event.at)
    return words && this.#step('event', words.action, words.out, event)
  }

  #pass(at: number): void {
    this.#began ??= at
    this.#at = Math.max(this.#at, at - this.#began)
  }

  #step(is: Step['is'], action: string, out: string, event?: PlainEvent): Step {
    return {
      step: ++this.#steps,
      act: this.#act,
      is,
      at: Math.round(this.#at * 100) / 100,
      action,
      state: stateOf(this.model),
      out,
      tracker: trackerOf(this.model),
      ...(event && { event }),
    }
  }
}

/** All steps of a recording. */
export function stepsOf(entries: Iterable<Entry>): Step[] {
  const stepper = new Stepper()
  return Array.from(entries, entry => stepper.take(entry)).filter(step => step !== undefined)
}

/** How things stand inside the producers and consumers, in a line. */
export function stateOf({ producers, consumers }: Model): string {
  const made = [
    ...Object.values(producers).map(producerState),
    ...Object.values(consumers).map(({ name, group, share, handed }) => {
      const has = group === '' ? '' : `has ${share.join(' ') || 'nothing'}, `
      return `${name}: ${has}${handed} read`
    }),
  ]
  return made.join(' · ') || 'nothing is there yet'
}

function producerState(producer: ProducerModel): string {
  const batches = unsettled(producer).map(({ batch, phase, records }) => {
    return `batch ${batch} ${phase === 'inFlight' ? 'in flight' : phase} (${records})`
  })
  const { name, state, queued, acknowledged, transaction } = producer
  const of = transaction === undefined ? '' : `, transaction ${transaction}`
  const held = batches.length > 0 ? `: ${batches.join(', ')}` : ''
  return `${name} ${state}${of}, ${queued} queued${held}, ${acknowledged} acknowledged`
}

/** What scenarios call the only producer that they have. */
const PLAIN_NAME = 'producer'

const unsettled = ({ batches }: ProducerModel) =>
  Object.values(batches).filter(({ phase }) => phase !== 'delivered' && phase !== 'failed')

/** The variables as they stand; those of a producer with a name of its own stand under that. */
export function trackerOf({ producers, consumers, logs }: Model): Tracker {
  const tracker: Record<string, string | number> = {}
  for (const producer of Object.values(producers)) {
    const prefix = producer.name === PLAIN_NAME ? '' : `${producer.name} `
    const put = (name: string, value: string | number) => {
      tracker[`${prefix}${name}`] = value
    }
    put('producer', producer.state)
    put('queue', producer.queued)
    put('batches', unsettled(producer).length)
    put('in flight', producer.inFlight)
    put('acknowledged', producer.acknowledged)
    if (producer.failed > 0) put('failed', producer.failed)
    if (producer.retries > 0) put('retries', producer.retries)
    if (producer.refused > 0) put('refused', producer.refused)
    if (producer.waited > 0) put('had to wait', producer.waited)
    if (producer.transaction !== undefined) put('transaction', producer.transaction)
  }
  for (const { name, group, share, handed } of Object.values(consumers)) {
    if (group !== '') tracker[`${name} owns`] = share.length
    tracker[`${name} read`] = handed
  }
  const stored = Object.values(logs).reduce((sum, { records }) => sum + records, 0)
  if (stored > 0) tracker.stored = stored
  const doubles = Object.values(logs).reduce((sum, { duplicates }) => sum + duplicates, 0)
  if (doubles > 0) tracker.duplicates = doubles
  return tracker
}
