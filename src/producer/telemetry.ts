import type { Cluster } from '../cluster/cluster.ts'
import { Telemetry } from '../telemetry/telemetry.ts'
import type { ProducerConfig } from './options.ts'

/** A producer's metrics for brokers that ask for them. */
export function producerTelemetry(cluster: Cluster, config: ProducerConfig): Telemetry {
  return new Telemetry({
    cluster,
    kind: 'producer',
    enabled: config.enableMetricsPush,
    labels: () => ({ client_rack: config.clientRack, transactional_id: config.transactionalId }),
  })
}
