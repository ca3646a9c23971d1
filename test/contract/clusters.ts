import { afterAll, beforeAll, describe } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/index.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
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
      cluster = await EmbeddedCluster.start({
        brokers: 3,
        defaultPartitions: 3,
        // As the real one has it: every 5 s would make tests wait.
        groupConfig: {
          'group.consumer.heartbeat.interval.ms': '200',
        },
      })
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

/** The same on clusters whose transactions are of the first protocol, of one broker each. */
export function onFirstProtocol(title: string, tests: (cluster: () => ClusterUnderTest) => void) {
  describe(`${title}, first protocol, embedded`, () => {
    let cluster: EmbeddedCluster
    beforeAll(async () => {
      cluster = await EmbeddedCluster.start({ transactionVersion: 1, logger: silentLogger })
    })
    afterAll(() => cluster.stop())
    tests(() => ({ kind: 'embedded', bootstrapServers: cluster.bootstrapServers }))
  })
  describeWithKafka(`${title}, first protocol, real Kafka`, () => {
    let kafka: KafkaCluster
    beforeAll(async () => {
      const format = ['--feature', 'transaction.version=1']
      const config = { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200' }
      kafka = await startKafka({ format, config })
    })
    afterAll(() => kafka.stop())
    tests(() => ({ kind: 'kafka', bootstrapServers: kafka.bootstrapServers }))
  })
}

export { freshName }
