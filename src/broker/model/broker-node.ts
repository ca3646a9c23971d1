import type { Address } from '../../net/transport.ts'
import type { FetchSessions } from '../fetch/session-cache.ts'

/** A broker as clients see it, and what it keeps for them while it runs. */
export interface BrokerNode {
  readonly id: number
  readonly rack: string | null
  /** Where clients are told to find it. */
  address: Address
  isAlive: boolean
  readonly fetchSessions: FetchSessions
}

/** As responses carry it. */
export function endpointOf({ id, rack, address }: BrokerNode) {
  return { nodeId: id, host: address.host, port: address.port, rack }
}
