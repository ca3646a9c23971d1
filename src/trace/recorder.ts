import { type AnyEvent, type EventName, listenTo } from '../events.ts'
import { type PlainEvent, plainEvent } from './plain-event.ts'
import type { Entry } from './steps.ts'

/** The events of which a trace is made; the others are about connections and requests at large. */
export const traced: readonly EventName[] = [
  'producer:opened',
  'producer:moved',
  'record:waiting',
  'record:appended',
  'batch:opened',
  'batch:moved',
  'batch:settled',
  'batch:split',
  'produce:sent',
  'flush:started',
  'flush:ended',
  'identity:moved',
  'transaction:moved',
  'buffer:full',
  'buffer:drained',
  'group:moved',
  'share:changed',
  'partition:moved',
  'fetch:received',
  'records:handed',
  'offsets:committed',
  'broker:appended',
  'broker:marked',
  'broker:answered',
]

/** Somebody who waits for an event to come. */
interface Waiting {
  readonly isIt: (event: PlainEvent) => boolean
  readonly came: (event: PlainEvent) => void
}

/** Writes down what the program does and what the events of its clients say, as it happens. */
export class Recorder {
  readonly entries: Entry[] = []
  readonly #heard: (entry: Entry) => void
  readonly #isMine: (event: AnyEvent) => boolean
  readonly #stop: () => void
  #waiting: Waiting[] = []

  /** Hears what `isMine` says belongs to it: others may work in the same process. */
  constructor(isMine: (event: AnyEvent) => boolean, heard: (entry: Entry) => void) {
    this.#isMine = isMine
    this.#heard = heard
    this.#stop = listenTo(traced, event => this.#take(event))
  }

  note(entry: Entry): void {
    this.entries.push(entry)
    this.#heard(entry)
  }

  /** Resolves with the next event of that kind which `isIt`, or with one that came already. */
  until(isIt: (event: PlainEvent) => boolean): Promise<PlainEvent> {
    for (const entry of this.entries) {
      if (entry.is === 'event' && isIt(entry.event)) return Promise.resolve(entry.event)
    }
    return new Promise(came => this.#waiting.push({ isIt, came }))
  }

  close(): void {
    this.#stop()
    this.#waiting = []
  }

  #take(heard: AnyEvent): void {
    if (!this.#isMine(heard)) return
    const event = plainEvent(heard)
    this.note({ is: 'event', event })
    const served = this.#waiting.filter(({ isIt }) => isIt(event))
    this.#waiting = this.#waiting.filter(each => !served.includes(each))
    for (const { came } of served) came(event)
  }
}
