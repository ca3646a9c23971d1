import { afterAll, beforeAll, describe } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/index.ts'
import { runKafkaTool, startKafka } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { freePorts } from '../support/ports.ts'
import type { Outcome } from '../support/run.ts'

/** One broker with an authorizer, real or embedded, whose second listener asks for passwords. */
export interface GuardedCluster {
  readonly kind: 'embedded' | 'kafka'
  /** Where everybody may do everything. */
  readonly bootstrapServers: string
  /** Where users log in by SCRAM. */
  readonly guarded: string
  /** Runs one of Kafka's own programs against it. */
  tool(name: string, args: readonly string[]): Promise<Outcome>
  stop(): Promise<void>
}

/** The same tests on both: what holds for one must hold for the other. */
export function onGuardedClusters(
  title: string,
  tests: (cluster: () => GuardedCluster, kind: GuardedCluster['kind']) => void,
) {
  const started = (kind: GuardedCluster['kind'], start: () => Promise<GuardedCluster>) => () => {
    let cluster: GuardedCluster | undefined
    beforeAll(async () => {
      cluster = await start()
    })
    afterAll(() => cluster?.stop())
    tests(() => cluster!, kind)
  }
  describe(`${title}, embedded`, started('embedded', startEmbedded))
  describeWithKafka(`${title}, real Kafka`, started('kafka', startReal))
}

const superUsers = 'User:ANONYMOUS'

async function startEmbedded(): Promise<GuardedCluster> {
  const mechanisms = { 'SCRAM-SHA-256': {}, 'SCRAM-SHA-512': {} }
  const cluster = await EmbeddedCluster.start({
    listeners: { guarded: { sasl: { mechanisms } } },
    authorizer: { superUsers: [superUsers] },
    logger: silentLogger,
  })
  const { bootstrapServers } = cluster
  return {
    kind: 'embedded',
    bootstrapServers,
    guarded: cluster.bootstrapServersAt('guarded'),
    tool: (name, args) => runKafkaTool(bootstrapServers, name, args),
    stop: () => cluster.stop(),
  }
}

// The broker itself logs in nowhere.
const LOGIN = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'

async function startReal(): Promise<GuardedCluster> {
  const [port] = await freePorts(1)
  const guarded = `127.0.0.1:${port}`
  const kafka = await startKafka({
    config: place => ({
      listeners: listenersOf(place.port, place.controllerPort, guarded),
      'advertised.listeners': listenersOf(place.port, place.controllerPort, guarded),
      'listener.security.protocol.map':
        'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,GUARDED:SASL_PLAINTEXT',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.guarded.scram-sha-256.sasl.jaas.config': LOGIN,
      'listener.name.guarded.scram-sha-512.sasl.jaas.config': LOGIN,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': superUsers,
      // So that a transaction can be made to hang, as on brokers of before Kafka 3.6.
      'transaction.partition.verification.enable': false,
    }),
  })
  return {
    kind: 'kafka',
    bootstrapServers: kafka.bootstrapServers,
    guarded,
    tool: (name, args) => kafka.tool(name, args),
    stop: () => kafka.stop(),
  }
}

function listenersOf(port: number, controllerPort: number, guarded: string): string {
  const open = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`
  return `${open},GUARDED://${guarded}`
}
