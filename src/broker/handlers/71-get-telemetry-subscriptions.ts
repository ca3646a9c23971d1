/**
 * GetTelemetrySubscriptions, version 0 (KIP-714).
 *
 * - Tells which metrics the cluster wants of a client: those of all subscriptions that match it,
 *   as often as the most eager of them asks. Subscriptions are resources of type CLIENT_METRICS
 *   (16), set by IncrementalAlterConfigs. Without any, the client is told to push nothing.
 * - The id zero is given an id. A client that asks again before its interval is over:
 *   THROTTLING_QUOTA_EXCEEDED.
 */
import { GetTelemetrySubscriptions } from '../../protocol/messages/index.ts'
import { codecs } from '../../records/compression/index.ts'
import { ZERO_UUID } from '../../wire/uuid.ts'
import { type Context, on } from '../handler.ts'
import { randomUuid } from '../model/topics.ts'
import type { ClientFacts } from '../telemetry/client-match.ts'
import { code } from './answers.ts'

/** The largest push, compressed and decompressed (`telemetry.max.bytes`). */
export const TELEMETRY_MAX_BYTES = 1_048_576

export const getTelemetrySubscriptions = on(
  GetTelemetrySubscriptions,
  [0, 0],
  async (request, context) => {
    const { cluster } = context
    const isNew = request.clientInstanceId === ZERO_UUID
    const clientInstanceId = isNew ? randomUuid(cluster.settings.random) : request.clientInstanceId
    const wanted = cluster.telemetry.ask(clientFacts(clientInstanceId, context))
    const isThrottled = typeof wanted === 'string'
    return {
      errorCode: isThrottled ? code(wanted) : 0,
      clientInstanceId,
      subscriptionId: isThrottled ? 0 : wanted.subscriptionId,
      // The best first; none is always possible and not named.
      acceptedCompressionTypes: codecs
        .map(({ id }) => id)
        .filter(id => id > 0)
        .reverse(),
      pushIntervalMs: isThrottled ? 0 : wanted.intervalMs,
      telemetryMaxBytes: TELEMETRY_MAX_BYTES,
      deltaTemporality: true,
      requestedMetrics: isThrottled ? [] : wanted.metrics,
    }
  },
)

/** What subscriptions can match in a client. */
export function clientFacts(instanceId: string, context: Context): ClientFacts {
  const { peer, software, clientId } = context
  const colon = Math.max(0, peer.lastIndexOf(':'))
  return {
    client_instance_id: instanceId,
    client_id: clientId ?? '',
    client_software_name: software.name,
    client_software_version: software.version,
    client_source_address: peer.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
    client_source_port: peer.slice(colon + 1),
  }
}
