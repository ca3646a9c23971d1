import { isIP } from 'node:net'
import { connect, type TLSSocket, type ConnectionOptions as TlsOptions } from 'node:tls'
import { asError } from '../errors.ts'
import { Inlet, socketTransport } from './tcp.ts'
import { handshakeFailure, laterFailure, type TlsPlace } from './tls-diagnose.ts'
import { type Address, type Dial, formatAddress, type Transport } from './transport.ts'

export type { TlsOptions }

/** What one connection is made with. */
export interface TlsRecipe {
  readonly options: TlsOptions
  /** Whether a certificate of ours is in them, somewhere. */
  readonly showsCertificate: boolean
}

export interface TlsDialing {
  /** What to make a connection to that address with; asked at each connection. */
  recipeFor(address: Address, signal: AbortSignal): Promise<TlsRecipe>
  /** Whether a refusal may pass: this client has been accepted before. */
  mayHeal(): boolean
}

/**
 * TLS over TCP. The host's name is sent (SNI) unless it is an address, and looked for in the
 * certificate, unless the options say otherwise.
 */
export function tlsDial({ recipeFor, mayHeal }: TlsDialing): Dial {
  return async (address, signal) => {
    const { options, showsCertificate } = await recipeFor(address, signal)
    signal.throwIfAborted()
    const broker = formatAddress(address)
    const place = (): TlsPlace => ({ broker, showsCertificate, mayHeal: mayHeal() })
    const inlet = new Inlet()
    const recipe = { ...options, onread: inlet.onread }
    const socket = await shakeHands(address, recipe, signal).catch(thrown => {
      const error = asError(thrown)
      throw 'retriable' in error ? error : handshakeFailure(place(), error)
    })
    return explained(socketTransport(socket, broker, inlet), (cause, heard) =>
      cause && 'retriable' in cause ? cause : laterFailure(place(), cause, heard),
    )
  }
}

function shakeHands(
  { host, port }: Address,
  options: TlsOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const servername = isIP(host) ? {} : { servername: host }
    const socket = connect({ ...servername, ...options, host, port })
    socket.setNoDelay(true)
    socket.setKeepAlive(true)
    const abort = () => socket.destroy(asError(signal.reason))
    signal.addEventListener('abort', abort, { once: true })
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', abort)
      socket.removeListener('error', fail)
      resolve(socket)
    })
    function fail(error: Error) {
      signal.removeEventListener('abort', abort)
      reject(error)
    }
  })
}

/** The transport, whose end is explained by one who knows what was heard of the peer. */
function explained(
  transport: Transport,
  explain: (cause: Error | undefined, heard: boolean) => Error | undefined,
): Transport {
  return {
    ...transport,
    listen(events) {
      let heard = false
      transport.listen({
        drain: () => events.drain(),
        ...(events.room && { room: () => events.room!() }),
        data(chunk) {
          heard = true
          events.data(chunk)
        },
        closed: cause => events.closed(explain(cause, heard)),
      })
    },
  }
}
