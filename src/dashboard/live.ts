import type { Clock, Timer } from '../base/clock.ts'
import { type AnyEvent, listenTo } from '../events.ts'
import { emptyModel, type PlainEvent, plainEvent, take } from '../trace/index.ts'
import { traced } from '../trace/recorder.ts'
import { Counting, type Figures } from './figures.ts'
import type { LiveFrame, LiveStart } from './views.ts'

const FRAME_MS = 200
const FRAMES_A_SECOND = 1000 / FRAME_MS
/** More than that nobody can read; what is left out is counted, and the page says so. */
const EVENTS_A_FRAME = 40
const SECONDS_KEPT = 300

/**
 * Folds events into a model from the beginning on, and hands out frames of it to the pages that are
 * open. All that it keeps is bounded.
 */
export class Live {
  readonly #clock: Clock
  readonly #isMine: (event: AnyEvent) => boolean
  readonly #pages = new Set<(frame: LiveFrame) => void>()
  readonly #model = emptyModel()
  readonly #history: Figures[] = []
  readonly #counting = new Counting()
  #events: PlainEvent[] = []
  #total = 0
  #frames = 0
  readonly #stop: () => void
  #timer: Timer | undefined

  constructor(clock: Clock, isMine: (event: AnyEvent) => boolean) {
    this.#clock = clock
    this.#isMine = isMine
    this.#stop = listenTo(traced, event => this.#take(event))
    this.#wait()
  }

  /** Sends frames to a page, until the returned function is called. */
  open(page: (frame: LiveFrame) => void): { readonly start: LiveStart; close(): void } {
    this.#pages.add(page)
    const start = { model: this.#model, history: this.#history }
    return { start, close: () => void this.#pages.delete(page) }
  }

  close(): void {
    this.#pages.clear()
    this.#stop()
    this.#timer?.cancel()
  }

  #take(heard: AnyEvent): void {
    if (!this.#isMine(heard)) return
    this.#counting.take(heard)
    const event = plainEvent(heard)
    take(this.#model, event)
    this.#total++
    if (this.#events.length < EVENTS_A_FRAME) this.#events.push(event)
  }

  #wait(): void {
    this.#timer = this.#clock.after(FRAME_MS, () => {
      this.#frame()
      this.#wait()
    })
    this.#timer.unref()
  }

  #frame(): void {
    const isSecond = ++this.#frames % FRAMES_A_SECOND === 0
    const figures = isSecond ? this.#read() : undefined
    if (this.#total === 0 && !figures) return
    const frame = { model: this.#model, events: this.#events, total: this.#total, figures }
    this.#events = []
    this.#total = 0
    for (const page of this.#pages) page(frame)
  }

  #read(): Figures {
    const producers = Object.values(this.#model.producers)
    const queued = producers.reduce((sum, producer) => sum + producer.queued, 0)
    const figures = this.#counting.read(this.#clock.epoch(), queued)
    this.#history.push(figures)
    if (this.#history.length > SECONDS_KEPT) this.#history.shift()
    return figures
  }
}
