import type { Address, Listen, Listener } from '../net/transport.ts'
import type { Faults } from './faults/faults.ts'
import type { BrokerNode } from './model/broker-node.ts'
import type { ClusterState } from './model/cluster-state.ts'
import { Session } from './session.ts'

export interface BrokerPlace {
  readonly cluster: ClusterState
  readonly node: BrokerNode
  readonly faults: Faults
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
  #listener: Listener | undefined
  #address: Address
  #isFrozen = false

  constructor(place: BrokerPlace) {
    this.#place = place
    this.#address = place.address
  }

  get id(): number {
    return this.#place.node.id
  }

  get isRunning(): boolean {
    return this.#listener !== undefined
  }

  /** Where clients find it. */
  get address(): Address {
    return this.#place.node.address
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#sessions.size
  }

  /** Starts, or starts again on the port that it had. Does nothing while it runs. */
  async start(): Promise<void> {
    if (this.#listener) return
    const { cluster, node, listen, advertised } = this.#place
    this.#listener = await listen(this.#address, transport => {
      cluster.counters.connections++
      const session = new Session(this.#place, transport, () => this.#sessions.delete(session))
      this.#sessions.add(session)
      if (this.#isFrozen) session.freeze()
    })
    this.#address = this.#listener.address
    node.address = advertised ?? this.#address
    cluster.brokerStarted(node)
  }

  /** Stops at once: connections break, and other replicas take over what it led. */
  async stop(): Promise<void> {
    const listener = this.#listener
    if (!listener) return
    this.#listener = undefined
    this.#isFrozen = false
    this.#place.cluster.brokerStopped(this.#place.node)
    const closing = listener.close()
    for (const session of this.#sessions) session.destroy()
    await closing
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
