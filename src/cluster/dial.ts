import { dialTcp } from '../net/tcp.ts'
import type { Dial } from '../net/transport.ts'

/** The host of an address that is a cluster in this process; its port says of how many brokers. */
export const EMBEDDED_HOST = 'embedded'

/**
 * How clients dial when nothing else is given: by TCP. `embedded:3` is answered by a cluster of
 * three brokers in this process, of which no line is loaded before somebody asks for it.
 */
export const dialAnywhere: Dial = async (address, signal) => {
  if (address.host !== EMBEDDED_HOST) return dialTcp(address, signal)
  const { dialEmbedded } = await import('../embedded.ts')
  return dialEmbedded(address, signal)
}
