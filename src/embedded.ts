import { EmbeddedCluster } from './broker/index.ts'
import { dialTcp, listenTcp } from './net/tcp.ts'
import type { Dial, Listen } from './net/transport.ts'

/** The clusters of this process, by their number of brokers. */
const clusters = new Map<number, Promise<EmbeddedCluster>>()

/**
 * Dials a cluster of as many brokers as the address's port says, which begins with the first dial
 * and ends with the process. All clients of the process share it; its data is in memory.
 */
export const dialEmbedded: Dial = async ({ port: brokers }, signal) => {
  let starting = clusters.get(brokers)
  if (!starting) {
    starting = EmbeddedCluster.start({ brokers, listen: listenIdly })
    clusters.set(brokers, starting)
  }
  const cluster = await starting
  return dialTcp(cluster.brokers[0]!.address, signal)
}

/** A cluster that nobody holds on to must not keep the program from ending. */
const listenIdly: Listen = async (address, accept) => {
  const listener = await listenTcp(address, transport => {
    transport.hold(false)
    accept(transport)
  })
  listener.hold(false)
  return listener
}
