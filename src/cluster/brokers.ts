import type { Clock } from '../base/clock.ts'
import { type Random, randomBelow } from '../base/random.ts'
import { AuthenticationError, asError, ConnectionError, KafkaError } from '../errors.ts'
import type { Publisher } from '../events.ts'
import type { Logger } from '../logger.ts'
import { Connection } from '../net/connection.ts'
import { type Address, formatAddress } from '../net/transport.ts'
import { FrameMemory } from '../protocol/frame-memory.ts'
import { Link } from './link.ts'
import type { ClusterView } from './metadata.ts'
import type { ClientConfig } from './options.ts'
import type { Security } from './security.ts'

/**
 * Requests that may wait long in the broker get a connection of their own, since a broker answers
 * one connection in order: a long fetch must not hold up a heartbeat.
 */
export type Lane = 'main' | 'fetch' | 'group'

export interface BrokersOptions {
  readonly config: ClientConfig
  readonly bootstrap: readonly Address[]
  readonly view: ClusterView
  readonly clock: Clock
  readonly random: Random
  readonly publisher: Publisher
  readonly logger: Logger
  readonly security: Security
  changed(): void
}

interface Way {
  readonly address: Address
  readonly link: Link
}

/** The connections to all brokers: by id and lane, and to the addresses that we began with. */
export class Brokers {
  /** The cluster's finalized features, as the broker that we reached last told them. */
  features: ReadonlyMap<string, number> = new Map()
  /** Where large answers are read to; whoever is done with all of one gives it back here. */
  readonly memory = new FrameMemory()
  readonly #options: BrokersOptions
  readonly #ways = new Map<string, Way>()
  #refusal: AuthenticationError | undefined
  #closed = false

  constructor(options: BrokersOptions) {
    this.#options = options
    options.security.watch(() => void this.#replaceAll())
  }

  /**
   * Why no broker accepts us, once all were asked and none did: trying again would only get the
   * same answer. Gone as soon as one accepts.
   */
  get refusal(): AuthenticationError | undefined {
    return this.#refusal
  }

  /** The open connection to a broker, or undefined; does not dial. */
  ready(nodeId: number, lane: Lane = 'main'): Connection | undefined {
    return this.#ways.get(`${nodeId}/${lane}`)?.link.connection
  }

  /** A connection to a broker: the open one, or a new one. Rejects at once while it rests. */
  connect(nodeId: number, lane: Lane = 'main'): Promise<Connection> {
    const link = this.#linkTo(nodeId, lane)
    if (link) return link.connect()
    return Promise.reject(
      new ConnectionError({
        code: 'BROKER_NOT_AVAILABLE',
        message: `broker ${nodeId} is not in the cluster's metadata`,
        retriable: true,
      }),
    )
  }

  /** Why a broker can't be reached now, if that is known. */
  problem(nodeId: number, lane: Lane = 'main'): Error | undefined {
    return this.#ways.get(`${nodeId}/${lane}`)?.link.problem
  }

  /** Milliseconds until a broker that could not be reached may be dialled again. */
  restMs(nodeId: number, lane: Lane = 'main'): number {
    return this.#ways.get(`${nodeId}/${lane}`)?.link.restMs() ?? 0
  }

  /**
   * A connection to whatever broker answers: one that is open and least busy, else the brokers that
   * are known and then the bootstrap addresses, each in random order (KIP-899). When all fail, the
   * error names every address and what happened there.
   */
  async any(): Promise<Connection> {
    const open = this.#leastBusy()
    if (open) return open
    const { view, random } = this.#options
    const ids = shuffled([...view.brokers.keys()], random)
    const failures = new Map<string, Error>()
    const links = [
      ...ids.flatMap(id => this.#linkTo(id, 'main') ?? []),
      ...shuffled(this.#options.bootstrap, random).map(at => this.#bootstrapLink(at)),
    ]
    // What failed last time may cost a whole connection time-out again: it comes last.
    const wellFirst = [
      ...links.filter(each => !each.problem),
      ...links.filter(each => each.problem),
    ]
    for (const link of wellFirst) {
      try {
        return await link.connect()
      } catch (error) {
        const cause = asError(error)
        failures.set(cause.message, cause)
      }
    }
    const error = noBroker([...failures.values()], this.#options.bootstrap)
    if (error instanceof AuthenticationError && !error.retriable) this.#refusal = error
    throw error
  }

  /** The connections that are open now, and how many requests wait in each for an answer. */
  open(): { readonly broker: string; readonly inFlight: number }[] {
    return [...this.#ways.values()].flatMap(({ link: { standing } }) =>
      standing ? [{ broker: standing.name, inFlight: standing.inFlight }] : [],
    )
  }

  /** Closes connections that have had no traffic since `since`. */
  closeIdle(since: number): void {
    for (const { link } of this.#ways.values()) {
      const { connection } = link
      if (connection && connection.inFlight === 0 && connection.lastUsedAt < since) {
        connection.close()
      }
    }
  }

  close(): void {
    this.#closed = true
    this.#options.security.close()
    for (const { link } of this.#ways.values()) link.close()
  }

  #leastBusy(): Connection | undefined {
    let best: Connection | undefined
    for (const [name, { link }] of this.#ways) {
      const { connection } = link
      if (!connection || !(name.endsWith('/main') || name.endsWith('/bootstrap'))) continue
      if (!best || connection.inFlight < best.inFlight) best = connection
    }
    return best
  }

  #linkTo(nodeId: number, lane: Lane): Link | undefined {
    const broker = this.#options.view.brokers.get(nodeId)
    if (!broker) return undefined
    const mapper = this.#options.config.brokerAddressMapper
    const advertised = { host: broker.host, port: broker.port }
    return this.#way(`${nodeId}/${lane}`, mapper ? mapper(advertised) : advertised, nodeId)
  }

  #bootstrapLink(address: Address): Link {
    return this.#way(`${formatAddress(address)}/bootstrap`, address)
  }

  /** The way under that name; made anew when its broker has moved to another address. */
  #way(name: string, address: Address, nodeId?: number): Link {
    const known = this.#ways.get(name)
    if (known?.address.host === address.host && known.address.port === address.port) {
      return known.link
    }
    known?.link.close()
    const { config, clock, random, changed } = this.#options
    const link = new Link({
      clock,
      random,
      changed,
      backoff: { initialMs: config.reconnectBackoffMs, maxMs: config.reconnectBackoffMaxMs },
      open: () => this.#open(address, nodeId),
    })
    if (this.#closed) link.close()
    this.#ways.set(name, { address, link })
    return link
  }

  /** One after the other, so that a cluster's clients don't all come anew at the same moment. */
  async #replaceAll(): Promise<void> {
    const { logger } = this.#options
    for (const { link } of [...this.#ways.values()]) {
      try {
        await link.replace()
      } catch (error) {
        logger.log('warn', 'connection.not-replaced', { error })
      }
    }
  }

  async #open(address: Address, nodeId: number | undefined): Promise<Connection> {
    const { config, clock, publisher, security, logger } = this.#options
    const { dial, authenticate } = security
    const opening = Connection.open({
      address,
      nodeId,
      clientId: config.clientId,
      clock,
      dial,
      publisher,
      authenticate: authenticate && (connection => authenticate(connection, address)),
      requestTimeoutMs: config.requestTimeoutMs,
      setupTimeoutMs: config.socketConnectionSetupTimeoutMs,
      maxResponseBytes: config.receiveMessageMaxBytes,
      memory: this.memory,
    })
    const connection = await opening.catch(error => {
      // Whoever waits may wait long for a thing that the program can put right.
      if (error instanceof AuthenticationError) {
        logger.log('warn', 'connection.refused', { error })
      }
      throw error
    })
    security.accepted()
    this.#refusal = undefined
    this.features = connection.versions.features
    return connection
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = randomBelow(random, i + 1)
    const swapped = result[i]!
    result[i] = result[j]!
    result[j] = swapped
  }
  return result
}

function noBroker(failures: readonly Error[], bootstrap: readonly Address[]): Error {
  const isLast = (failure: Error) =>
    failure.name === 'AuthenticationError' ||
    (failure instanceof KafkaError && failure.code === 'CLOSED')
  const last = failures.find(isLast)
  if (last) return last
  const [first] = failures
  const explained = failures.some(failure => failure instanceof KafkaError && failure.hint)
  if (first && explained && failures.length === 1) return first
  const tried = failures.map(failure => failure.message).join('; ')
  return new ConnectionError({
    code: 'NO_BROKER',
    message: `no broker could be reached: ${tried || bootstrap.map(formatAddress).join(', ')}`,
    retriable: true,
    hint: explained ? undefined : 'is bootstrap.servers right, and does a broker run there?',
    cause: failures.length > 1 ? new AggregateError(failures) : failures[0],
  })
}
