/**
 * PushTelemetry, version 0 (KIP-714).
 *
 * - Takes a client's metrics and hands them, decompressed, to who listens at the cluster.
 * - UNKNOWN_SUBSCRIPTION_ID when the subscriptions have changed; THROTTLING_QUOTA_EXCEEDED when it
 *   comes too soon; INVALID_REQUEST after the push by which the client said that it ends, or for
 *   the id zero; TELEMETRY_TOO_LARGE, UNSUPPORTED_COMPRESSION_TYPE, and INVALID_RECORD for what
 *   can't be decompressed.
 */

import type { ErrorName } from '../../protocol/errors.ts'
import { PushTelemetry, type PushTelemetryRequest } from '../../protocol/messages/index.ts'
import { codecs } from '../../records/compression/index.ts'
import { RecordsError } from '../../records/index.ts'
import { ZERO_UUID } from '../../wire/uuid.ts'
import { type Context, on } from '../handler.ts'
import { clientFacts, TELEMETRY_MAX_BYTES } from './71-get-telemetry-subscriptions.ts'
import { code } from './answers.ts'

export const pushTelemetry = on(PushTelemetry, [0, 0], async (request, context) => {
  const error = await take(request, context)
  return { errorCode: error ? code(error) : 0 }
})

async function take(
  request: PushTelemetryRequest,
  context: Context,
): Promise<ErrorName | undefined> {
  const { clientInstanceId, terminating: isTerminating } = request
  const { telemetry } = context.cluster
  if (clientInstanceId === ZERO_UUID) return 'INVALID_REQUEST'
  const error = telemetry.admit(clientFacts(clientInstanceId, context), request)
  if (error) return error
  const metrics = await unpacked(request)
  if (typeof metrics === 'string') return metrics
  const { clientId, peer, node } = context
  telemetry.pushed({ broker: node.id, clientInstanceId, clientId, peer, isTerminating, metrics })
  return undefined
}

async function unpacked({
  compressionType,
  metrics,
}: PushTelemetryRequest): Promise<Buffer | ErrorName> {
  if (metrics.length > TELEMETRY_MAX_BYTES) return 'TELEMETRY_TOO_LARGE'
  const codec = codecs.find(({ id }) => id === compressionType)
  if (!codec) return 'UNSUPPORTED_COMPRESSION_TYPE'
  if (codec.id === 0) return metrics
  try {
    await codec.ready()
    return await codec.decompress(metrics, TELEMETRY_MAX_BYTES)
  } catch (error) {
    if (error instanceof RecordsError) return 'INVALID_RECORD'
    throw error
  }
}
