import { afterAll, beforeAll, describe } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { describeWithKafka, freshName, sharedKafka } from '../support/kafka.ts'

/** A cluster of three brokers, as a contract test sees it. */
export interface ClusterUnderTest {
  readonly kind: 'embedded' | 'kafka'
  readonly bootstrapServers: string
}

/**
 * The same tests on the embedded cluster and on a real Kafka: what holds for one must hold for the
 * other. Names of topics must be fresh, since the real one is shared by the whole run.
 */
export function onBothClusters(title: string, tests: (cluster: () => ClusterUnderTest) => void) {
  describe(`${title}, embedded`, () => {
    let cluster: EmbeddedCluster
    beforeAll(async () => {
      cluster = await EmbeddedCluster.start({ brokers: 3, defaultPartitions: 3 })
    })
    afterAll(() => cluster.stop())
    tests(() => ({ kind: 'embedded', bootstrapServers: cluster.bootstrapServers }))
  })
  onRealKafka(`${title}, real Kafka`, tests)
}

/** The tests that only the real one can answer. */
export function onRealKafka(title: string, tests: (cluster: () => ClusterUnderTest) => void) {
  describeWithKafka(title, () => {
    let bootstrapServers: string
    beforeAll(async () => {
      bootstrapServers = (await sharedKafka()).bootstrapServers
    })
    tests(() => ({ kind: 'kafka', bootstrapServers }))
  })
}

export { freshName }
