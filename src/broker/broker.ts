import type { Address, Listen, Listener, Transport } from '../net/transport.ts'
import type { Faults } from './faults/faults.ts'
import { addressAt, type BrokerNode } from './model/broker-node.ts'
import type { ClusterState } from './model/cluster-state.ts'
import { MAIN_LISTENER } from './options.ts'
import type { Gate } from './security/gate.ts'
import { hostOf, Session } from './session.ts'

export interface BrokerPlace {
  readonly cluster: ClusterState
  readonly node: BrokerNode
  readonly faults: Faults
  /** The first one is there always. */
  readonly listeners: readonly ListenerPlace[]
}

export interface ListenerPlace {
  readonly gate: Gate
  readonly listen: Listen
  /** Where to listen; port 0 for any free one. */
  readonly address: Address
  /** What clients are told instead of where it listens: behind a proxy, or in a container. */
  readonly advertised: Address | undefined
}

/**
 * One broker of an embedded cluster: a listener and the connections that it took. Stopping one is
 * like ending its process, freezing one like SIGSTOP.
 */
export class Broker {
  readonly #place: BrokerPlace
  readonly #sessions = new Set<Session>()
  #listeners: Listener[] | undefined
  /** Where each listener was when the broker ran last. */
  readonly #addresses = new Map<string, Address>()
  #isFrozen = false

  constructor(place: BrokerPlace) {
    this.#place = place
  }

  /** Its id: brokers count from 1. */
  get id(): number {
    return this.#place.node.id
  }

  /** Whether it serves: not before `start()`, and not after `stop()`. */
  get isRunning(): boolean {
    return this.#listeners !== undefined
  }

  /** Where clients find it. */
  get address(): Address {
    return this.#place.node.address
  }

  /** Where clients of a listener find it. */
  addressAt(listener: string): Address {
    return addressAt(this.#place.node, listener)
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#sessions.size
  }

  /** Starts, or starts again on the port that it had. Does nothing while it runs. */
  async start(): Promise<void> {
    if (this.#listeners) return
    const { cluster, node, listeners } = this.#place
    const opened: Listener[] = []
    try {
      for (const listener of listeners) opened.push(await this.#open(listener))
    } catch (error) {
      await Promise.all(opened.map(listener => listener.close()))
      throw error
    }
    this.#listeners = opened
    cluster.brokerStarted(node)
  }

  async #open({ gate, listen, address, advertised }: ListenerPlace): Promise<Listener> {
    const { node } = this.#place
    const name = gate.listener
    const at = this.#addresses.get(name) ?? address
    const listener = await listen(at, transport => this.#accept(transport, gate))
    this.#addresses.set(name, listener.address)
    const told = advertised ?? listener.address
    if (name === MAIN_LISTENER) node.address = told
    else node.otherAddresses.set(name, told)
    return listener
  }

  #accept(transport: Transport, gate: Gate): void {
    const { cluster, node, faults } = this.#place
    cluster.counters.connections++
    const host = { cluster, node, faults, gate }
    const session = new Session(host, transport, () => this.#sessions.delete(session))
    this.#sessions.add(session)
    const throttler = cluster.security.throttlerOf(node.id)
    const muteMs = throttler.connect(hostOf(transport.peer), cluster.clock.now())
    if (muteMs > 0) session.mute(muteMs)
    if (this.#isFrozen) session.freeze()
  }

  /** Stops at once: connections break, and other replicas take over what it led. */
  async stop(): Promise<void> {
    const listeners = this.#listeners
    if (!listeners) return
    this.#listeners = undefined
    this.#isFrozen = false
    this.#place.cluster.brokerStopped(this.#place.node)
    const closing = listeners.map(listener => listener.close())
    for (const session of this.#sessions) session.destroy()
    await Promise.all(closing)
  }

  /** Goes silent: connections stay open, new ones are taken, but nothing is read or answered. */
  freeze(): void {
    this.#isFrozen = true
    for (const session of this.#sessions) session.freeze()
  }

  /** Goes on after `freeze`, with what came meanwhile. */
  thaw(): void {
    this.#isFrozen = false
    for (const session of this.#sessions) session.thaw()
  }
}
