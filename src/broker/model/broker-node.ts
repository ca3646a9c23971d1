import type { Address } from '../../net/transport.ts'

/** A broker as clients see it. */
export interface BrokerNode {
  readonly id: number
  readonly rack: string | null
  /** Where clients are told to find it. */
  address: Address
  isAlive: boolean
}

/** As responses carry it. */
export function endpointOf({ id, rack, address }: BrokerNode) {
  return { nodeId: id, host: address.host, port: address.port, rack }
}
