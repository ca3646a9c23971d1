import { emptyModel } from '../src/trace/model.ts'
import type { PlainEvent } from '../src/trace/plain-event.ts'
import { wordsOf } from '../src/trace/words.ts'
import { Chart } from './chart.tsx'
import { heard, history, isPaused, model, sampling } from './live.ts'
import { Stage } from './stage.tsx'

const FRAMES_A_SECOND = 5

/** What goes on in the process that serves this page, as it happens. */
export function LiveView() {
  const { total, shown } = sampling.value
  return (
    <div class="live">
      <fieldset class="controls" aria-label="Live">
        <button
          type="button"
          class="main"
          aria-pressed={isPaused.value}
          onClick={() => {
            isPaused.value = !isPaused.value
          }}
        >
          {isPaused.value ? 'Go on' : 'Pause'}
        </button>
        <p class="small" role="status">
          {isPaused.value
            ? 'Standing still; what comes meanwhile is counted on the server.'
            : shown < total
              ? `Sampled: ${shown} of ${total} events shown, about ${(total * FRAMES_A_SECOND).toLocaleString('en-US')} a second. All are counted.`
              : 'Every event is shown.'}
        </p>
      </fieldset>
      <Charts />
      <Stage model={model.value} isLive />
      <section aria-label="Events">
        <h2>Events</h2>
        {heard.value.length === 0 && <p class="nothing">Nothing has happened yet.</p>}
        <ol class="events" aria-live="off" aria-label="The latest events" tabIndex={0}>
          {heard.value.toReversed().map(({ number, event }) => {
            const words = wordsOf(event, emptyModel())
            return (
              <li key={number}>
                <code>{event.name}</code> {words?.action ?? besides(event)}
                {words?.out && <small> → {words.out}</small>}
              </li>
            )
          })}
        </ol>
      </section>
    </div>
  )
}

/** What stands for an event that a trace would pass over. */
function besides(event: PlainEvent): string {
  if (event.name === 'batch:moved') return `batch ${event.batch}: ${event.from} → ${event.to}`
  if (event.name !== 'broker:answered') return event.source.clientId
  const { broker, api, version, client } = event
  return `broker ${broker} answers ${api} (version ${version}) of ${client || 'a client'}`
}

function Charts() {
  const figures = history.value
  const times = figures.map(({ time }) => time / 1000)
  const latency = (values: readonly number[]) => values.map(each => (each < 0 ? null : each))
  return (
    <section aria-label="Charts" class="charts">
      <Chart
        title="Throughput"
        unit="/s"
        times={times}
        lines={[
          { name: 'taken', values: figures.map(each => each.appended) },
          { name: 'acknowledged', values: figures.map(each => each.acknowledged) },
          { name: 'stored', values: figures.map(each => each.stored) },
          { name: 'read', values: figures.map(each => each.handed) },
        ]}
      />
      <Chart
        title="Latency of a batch"
        unit="ms"
        times={times}
        lines={[
          { name: 'p50', values: latency(figures.map(each => each.p50)) },
          { name: 'p90', values: latency(figures.map(each => each.p90)) },
          { name: 'p99', values: latency(figures.map(each => each.p99)) },
        ]}
      />
      <Chart
        title="Queue"
        unit="records"
        times={times}
        lines={[{ name: 'queued', values: figures.map(each => each.queued) }]}
      />
      <Chart
        title="Batch size"
        unit="records"
        times={times}
        lines={[{ name: 'mean', values: figures.map(each => each.batchRecords) }]}
      />
      <Chart
        title="Compressed to"
        unit="of what it was"
        times={times}
        lines={[{ name: 'ratio', values: figures.map(each => each.ratio) }]}
      />
    </section>
  )
}
