/** Where a broker of the test cluster listens. */
export interface Place {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly controllerPort: number
  /** Its own folder: server.properties, logs and data. */
  readonly folder: string
}

/** Broker settings by Kafka's own names. `undefined` removes a default of ours. */
export type BrokerConfig = Readonly<Record<string, string | number | boolean | undefined>>

/** The server.properties of one broker, in the roles of broker and controller. */
export function serverProperties(
  place: Place,
  all: readonly Place[],
  overrides: BrokerConfig,
): string {
  const settings = { ...identity(place, all), ...quickAndSmall(all.length), ...overrides }
  const lines = Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${String(value).replaceAll('\\', '\\\\')}\n`)
  return lines.join('')
}

function identity(place: Place, all: readonly Place[]): BrokerConfig {
  const client = `PLAINTEXT://${place.host}:${place.port}`
  const controller = `CONTROLLER://${place.host}:${place.controllerPort}`
  return {
    'process.roles': 'broker,controller',
    'node.id': place.id,
    'broker.rack': `rack-${place.id}`,
    listeners: `${client},${controller}`,
    'advertised.listeners': `${client},${controller}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL',
    'controller.quorum.bootstrap.servers': all.map(p => `${p.host}:${p.controllerPort}`).join(','),
    'log.dirs': `${place.folder}/data`,
  }
}

/** What lets several brokers start and fail over quickly on a small machine. */
function quickAndSmall(brokers: number): BrokerConfig {
  const replicas = Math.min(3, brokers)
  const inSync = replicas === 3 ? 2 : 1
  return {
    'auto.create.topics.enable': true,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 3,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 3,
    'group.initial.rebalance.delay.ms': 0,
    // Members of the new protocol learn of news by heartbeats: every 5 s would make tests wait.
    'group.consumer.min.heartbeat.interval.ms': 100,
    'group.consumer.heartbeat.interval.ms': 200,
    'broker.heartbeat.interval.ms': 1_000,
    'broker.session.timeout.ms': 6_000,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 4 * 1024 * 1024,
  }
}
