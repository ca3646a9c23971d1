import { signal } from '@preact/signals'
import type { Figures } from '../src/dashboard/figures.ts'
import type { HealthState } from '../src/dashboard/health.ts'
import type { LiveFrame, LiveStart } from '../src/dashboard/views.ts'
import { emptyModel, type Model } from '../src/trace/model.ts'
import type { PlainEvent } from '../src/trace/plain-event.ts'

const EVENTS_KEPT = 200
const SECONDS_KEPT = 300

/** A line of the list of events; numbered, so that it keeps its place on the page. */
export interface Heard {
  readonly number: number
  readonly event: PlainEvent
}

/** What the server streams, as it stands now. */
export const model = signal<Model>(emptyModel())
export const history = signal<readonly Figures[]>([])
export const heard = signal<readonly Heard[]>([])
/** How many events came in the last frame, and how many of them are shown. */
export const sampling = signal({ total: 0, shown: 0 })
export const health = signal<HealthState>({ is: 'unknown' })
export const isConnected = signal(true)
/** While it is paused the page stands still; what comes meanwhile is not kept. */
export const isPaused = signal(false)

let number = 0

/** Begins to listen; the browser connects again by itself where the connection breaks. */
export function listen(): void {
  const source = new EventSource('/api/live')
  source.onopen = () => {
    isConnected.value = true
  }
  source.onerror = () => {
    isConnected.value = false
  }
  source.addEventListener('start', message => {
    const start: LiveStart = JSON.parse(message.data)
    model.value = start.model
    history.value = start.history
  })
  source.addEventListener('frame', message => {
    if (!isPaused.value) took(JSON.parse(message.data))
  })
  source.addEventListener('health', message => {
    health.value = JSON.parse(message.data)
  })
}

function took({ model: now, events, total, figures }: LiveFrame): void {
  model.value = now
  if (total > 0) sampling.value = { total, shown: events.length }
  const fresh = events.map(event => ({ number: ++number, event }))
  if (fresh.length > 0) heard.value = [...heard.value, ...fresh].slice(-EVENTS_KEPT)
  if (figures) history.value = [...history.value, figures].slice(-SECONDS_KEPT)
}
