import type { Address } from '../../net/transport.ts'
import type { FetchSessions } from '../fetch/session-cache.ts'

/** A broker as clients see it, and what it keeps for them while it runs. */
export interface BrokerNode {
  readonly id: number
  readonly rack: string | null
  /** Where clients are told to find it. */
  address: Address
  /** The same for the listeners beside the first one, by their names. */
  readonly otherAddresses: Map<string, Address>
  isAlive: boolean
  readonly fetchSessions: FetchSessions
}

/** Where clients of a listener find it. */
export function addressAt({ address, otherAddresses }: BrokerNode, listener: string): Address {
  return otherAddresses.get(listener) ?? address
}

/** As responses carry it, to a client of that listener. */
export function endpointOf(node: BrokerNode, listener: string) {
  const { host, port } = addressAt(node, listener)
  return { nodeId: node.id, host, port, rack: node.rack }
}
