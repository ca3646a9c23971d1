import { type Clock, systemClock } from '../base/clock.ts'
import { type Random, systemRandom } from '../base/random.ts'
import { ConfigError } from '../errors.ts'
import { consoleLogger, type Logger } from '../logger.ts'
import { listenTcp } from '../net/tcp.ts'
import { tlsListen } from '../net/tls-server.ts'
import type { Address, Listen } from '../net/transport.ts'
import { brokerConfigs } from './config/broker-configs.ts'
import { configProblem } from './config/config-table.ts'
import { isTopicConfig, topicConfigs } from './config/topic-configs.ts'
import { groupSettings } from './groups/settings.ts'
import type { ClusterSettings } from './model/cluster-state.ts'
import type { AuthorizerOptions } from './security/acl/authorizer.ts'
import { checkSecurity, type ListenerOptions, type ListenerSecurity } from './security/options.ts'

/** How an embedded cluster is to be. */
export interface ClusterOptions {
  /** How many brokers; their ids count from 1. Default: 1. */
  readonly brokers?: number
  /** The port of the first broker; the others take those behind it. Default: 0, any free ones. */
  readonly port?: number
  /** The address to listen on. Default: 127.0.0.1. */
  readonly host?: string
  /** What clients are told in place of where a broker listens, one for each broker. */
  readonly advertised?: readonly Address[]
  /** A folder that keeps everything across restarts. Default: none, all is kept in memory. */
  readonly dataDir?: string
  /** Whether an append counts only when it is on the disk (fsync). Default: false. */
  readonly fsync?: boolean
  /** Whether a topic comes into being when a client first asks for it. Default: true. */
  readonly autoCreateTopics?: boolean
  /** How many partitions a topic gets where nobody says. Default: 1. */
  readonly defaultPartitions?: number
  /** How many replicas it is shown to have. Default: 3, or all brokers if they are fewer. */
  readonly defaultReplicationFactor?: number
  /** Defaults of topics' settings by Kafka's names: `{ 'max.message.bytes': '4194304' }`. */
  readonly topicConfig?: Readonly<Record<string, string>>
  /**
   * Settings of groups by Kafka's names, such as `{ 'group.min.session.timeout.ms': '100' }`. One
   * default is not Kafka's: `group.initial.rebalance.delay.ms` is 0, so that tests need not wait.
   */
  readonly groupConfig?: Readonly<Record<string, string>>
  /**
   * Settings of the brokers by Kafka's names, where no other option has them:
   * `{ 'max.incremental.fetch.session.cache.slots': '10' }`.
   */
  readonly brokerConfig?: Readonly<Record<string, string>>
  /**
   * The level of the feature `transaction.version`: 2 gives each transaction an epoch of its own
   * (KIP-890), 1 and 0 are those of older clusters. Default: 2.
   */
  readonly transactionVersion?: 0 | 1 | 2
  /** The largest request, in bytes (`socket.request.max.bytes`). Default: 104,857,600. */
  readonly maxRequestBytes?: number
  /**
   * TLS and SASL of the brokers' listener. Default: neither, whoever comes is `User:ANONYMOUS`.
   *
   * @example
   * const users = { alice: 'secret' }
   * security: { tls: { key, cert }, sasl: { mechanisms: { PLAIN: { users } } } }
   */
  readonly security?: ListenerSecurity
  /** More listeners by name, at other ports and with security of their own. */
  readonly listeners?: Readonly<Record<string, ListenerOptions>>
  /** Enforces ACLs, as Kafka's StandardAuthorizer does. Default: everybody may do everything. */
  readonly authorizer?: AuthorizerOptions
  readonly clock?: Clock
  readonly random?: Random
  readonly logger?: Logger
  /** How to listen. Default: TCP. */
  readonly listen?: Listen
}

export interface ParsedClusterOptions {
  readonly settings: ClusterSettings
  readonly brokers: number
  readonly dataDir: string | undefined
  readonly listeners: readonly ParsedListener[]
  readonly host: string
}

/** The name of the listener that is always there. */
export const MAIN_LISTENER = 'main'

export interface ParsedListener extends ListenerSecurity {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly advertised: readonly Address[]
  readonly listen: Listen
}

/** Checks options and fills in the defaults. Throws a ConfigError for what can't be. */
export function parseClusterOptions(options: ClusterOptions): ParsedClusterOptions {
  const { brokers = 1, host = '127.0.0.1' } = options
  whole('brokers', brokers, 1, 1000)
  const main = listenerOf(MAIN_LISTENER, { ...options, ...options.security }, options)
  const others = Object.entries(options.listeners ?? {}).map(([name, listener]) => {
    if (name === MAIN_LISTENER) throw new ConfigError(`listeners: ${name} is the first one's name`)
    return listenerOf(name, listener, options)
  })
  return {
    settings: settingsOf(options, brokers),
    brokers,
    dataDir: options.dataDir,
    host,
    listeners: [main, ...others],
  }
}

function listenerOf(name: string, given: ListenerOptions, cluster: ClusterOptions): ParsedListener {
  const { brokers = 1, listen, logger = consoleLogger() } = cluster
  const { port = 0, host = cluster.host ?? '127.0.0.1', advertised = [], tls, sasl } = given
  const at = name === MAIN_LISTENER ? '' : `listeners.${name}.`
  whole(`${at}port`, port, 0, 65_536 - brokers)
  if (advertised.length !== 0 && advertised.length !== brokers) {
    const found = `${advertised.length} addresses for ${brokers} brokers`
    throw new ConfigError(`${at}advertised names ${found}`)
  }
  checkSecurity(given, name === MAIN_LISTENER ? 'security' : `listeners.${name}`)
  if (tls && listen) throw new ConfigError(`${at}tls needs TCP, and listen names something else`)
  const refused = (peer: string, error: Error) =>
    logger.log('warn', 'broker:handshake-refused', { listener: name, peer, error })
  const how = tls ? tlsListen(tls, refused) : (listen ?? listenTcp)
  return { name, host, port, advertised, listen: how, ...(sasl && { sasl }) }
}

function settingsOf(options: ClusterOptions, brokers: number): ClusterSettings {
  const defaultPartitions = options.defaultPartitions ?? 1
  const defaultReplicationFactor = options.defaultReplicationFactor ?? Math.min(3, brokers)
  const maxRequestBytes = options.maxRequestBytes ?? 100 * 1024 * 1024
  whole('defaultPartitions', defaultPartitions, 1, 100_000)
  whole('defaultReplicationFactor', defaultReplicationFactor, 1, brokers)
  const transactionVersion = options.transactionVersion ?? 2
  whole('maxRequestBytes', maxRequestBytes, 1024, 2 ** 31 - 1)
  whole('transactionVersion', transactionVersion, 0, 2)
  return {
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    logger: options.logger ?? consoleLogger(),
    autoCreateTopics: options.autoCreateTopics ?? true,
    defaultPartitions,
    defaultReplicationFactor,
    topicConfig: topicDefaults(options.topicConfig ?? {}),
    groupConfig: groupDefaults(options.groupConfig ?? {}),
    brokerConfig: brokerSettings(options.brokerConfig ?? {}),
    transactionVersion,
    fsync: options.fsync ?? false,
    maxRequestBytes,
    authorizer: options.authorizer,
  }
}

function topicDefaults(given: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  for (const [name, value] of Object.entries(given)) {
    if (!isTopicConfig(name)) throw new ConfigError(`topicConfig: unknown topic setting ${name}`)
    const problem = configProblem(name, topicConfigs[name], value)
    if (problem) throw new ConfigError(`topicConfig: ${problem}`)
  }
  return new Map(Object.entries(given))
}

function groupDefaults(given: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  groupSettings(given)
  return new Map(Object.entries(given))
}

function brokerSettings(given: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  for (const [name, value] of Object.entries(given)) {
    const row = Object.hasOwn(brokerConfigs, name) ? brokerConfigs[name] : undefined
    if (!row) throw new ConfigError(`brokerConfig: unknown broker setting ${name}`)
    const problem = configProblem(name, row, value)
    if (problem) throw new ConfigError(`brokerConfig: ${problem}`)
  }
  return new Map(Object.entries(given))
}

function whole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new ConfigError(`${name} must be a whole number from ${min} to ${max}, got ${value}`)
}
