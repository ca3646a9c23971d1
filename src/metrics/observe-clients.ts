import { errorLabel, Hearing, type IsWatched, memo } from './hearing.ts'
import type { Sink } from './sink.ts'

/** What every client does: requests, connections, metadata. */
export function observeClients(sink: Sink, isWatched: IsWatched): Hearing<ClientInstruments> {
  const hearing = new Hearing(isWatched, clientId => instruments(sink, clientId))
  hearing.on('response:received', (client, { broker, api, latencyMs, throttleMs }) => {
    const at = client.broker(broker)
    at.latency(api).record(latencyMs / 1000)
    if (throttleMs > 0) at.throttle().add(throttleMs / 1000)
    if (api === 'Fetch') client.fetchLatency().record(latencyMs / 1000)
  })
  hearing.on('connection:moved', (client, { broker, from, to, cause }) => {
    const at = client.broker(broker)
    if (from === 'ready') {
      if (to === 'closed') at.closed().add(1)
      else {
        at.renewing++
        at.renewed().add(1)
      }
    } else if (to === 'ready') {
      // Of a connection that was ready before, and has proved once more who we are.
      if (from === 'authenticating' && at.renewing > 0) at.renewing--
      else at.opened().add(1)
    } else if (to === 'closed') {
      if (from === 'authenticating' && at.renewing > 0) {
        at.renewing--
        at.closed().add(1)
      } else at.failed(errorLabel(cause)).add(1)
    }
  })
  hearing.on('metadata:updated', client => client.refreshed.add(1))
  return hearing
}

type ClientInstruments = ReturnType<typeof instruments>

function instruments(sink: Sink, client_id: string) {
  const broker = (name: string) => brokerInstruments(sink, { client_id, broker: name })
  const fetch = memo(() =>
    sink.histogram('posthaste_consumer_fetch_latency_seconds', { client_id }),
  )
  return {
    broker: memo(broker),
    fetchLatency: () => fetch(''),
    refreshed: sink.counter('posthaste_client_metadata_refreshes_total', { client_id }),
  }
}

function brokerInstruments(sink: Sink, labels: { client_id: string; broker: string }) {
  return {
    /** Connections that are being authenticated again. */
    renewing: 0,
    latency: memo(api =>
      sink.histogram('posthaste_client_request_latency_seconds', { ...labels, api }),
    ),
    throttle: () => sink.counter('posthaste_client_throttle_seconds_total', labels),
    opened: () => sink.counter('posthaste_client_connections_opened_total', labels),
    closed: () => sink.counter('posthaste_client_connections_closed_total', labels),
    renewed: () => sink.counter('posthaste_client_reauthentications_total', labels),
    failed: (error: string) =>
      sink.counter('posthaste_client_connection_failures_total', { ...labels, error }),
  }
}
