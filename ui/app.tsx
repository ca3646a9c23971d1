import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type About, api } from './api.ts'
import { GroupsView } from './groups-view.tsx'
import { health, isConnected, listen } from './live.ts'
import { LiveView } from './live-view.tsx'
import { MessagesView } from './messages-view.tsx'
import { TraceView } from './trace-view.tsx'

const views = ['trace', 'live', 'messages', 'groups'] as const
type View = (typeof views)[number]

const about = signal<About | undefined>(undefined)
const problem = signal<string | undefined>(undefined)
/** What stands behind the `#`: a view, and what of it. */
const place = signal(placeNow())

function placeNow(): { readonly view: View; readonly detail: string } {
  const [name = '', detail = ''] = location.hash.slice(1).split('/')
  return { view: views.find(view => view === name) ?? 'trace', detail }
}

function begin(): void {
  addEventListener('hashchange', () => {
    place.value = placeNow()
  })
  listen()
  api.about().then(
    found => {
      about.value = found
    },
    error => {
      problem.value = error.message
    },
  )
}

const titles: Readonly<Record<View, string>> = {
  trace: 'Trace',
  live: 'Live',
  messages: 'Messages',
  groups: 'Groups',
}

export function App() {
  useEffect(begin, [])
  const { view, detail } = place.value
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <p class="brand">
          post<span>haste</span>
          {about.value?.title && <small>{about.value.title}</small>}
        </p>
        <nav aria-label="Views">
          {views.map(each => (
            <a key={each} href={`#${each}`} aria-current={each === view ? 'page' : undefined}>
              {titles[each]}
            </a>
          ))}
        </nav>
        <HealthMark />
      </header>
      <Trouble />
      <main id="main" tabIndex={-1}>
        <h1 class="hidden">{titles[view]}</h1>
        {view === 'trace' && about.value && (
          <TraceView scenarios={about.value.scenarios} name={detail} />
        )}
        {view === 'live' && <LiveView />}
        {view === 'messages' && <MessagesView />}
        {view === 'groups' && <GroupsView />}
      </main>
    </>
  )
}

function HealthMark() {
  const { is } = health.value
  const words = !isConnected.value ? 'page cut off' : is === 'unknown' ? 'asking' : `cluster ${is}`
  const mood = !isConnected.value || is === 'down' ? 'bad' : is === 'up' ? 'good' : ''
  return (
    <p class={`health ${mood}`} role="status">
      {words}
    </p>
  )
}

/** What is wrong, in words, as long as it is. */
function Trouble() {
  const state = health.value
  if (problem.value)
    return (
      <p class="trouble" role="alert">
        {problem.value}
      </p>
    )
  if (!isConnected.value) {
    return (
      <p class="trouble" role="alert">
        The process that serves this page does not answer. What is shown is the last that it told;
        the page goes on when it is there again.
      </p>
    )
  }
  if (state.is !== 'down') return null
  return (
    <p class="trouble" role="alert">
      The cluster has not answered since {new Date(state.since).toLocaleTimeString()}: {state.why}
    </p>
  )
}
