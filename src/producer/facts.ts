import type { Events } from '../events.ts'
import type { ProducerConfig } from './options.ts'

/** What a producer tells of its settings when it is made. */
export function openedFacts(config: ProducerConfig): Events['producer:opened'] {
  const { acks, lingerMs, batchSize, bufferMemory, transactionalId } = config
  return {
    acks,
    idempotent: config.enableIdempotence,
    ...(transactionalId !== undefined && { transactionalId }),
    lingerMs,
    batchSize,
    bufferMemory,
    compression: config.compressionType,
    maxInFlight: config.maxInFlightRequestsPerConnection,
  }
}
