import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { systemClock } from '../base/clock.ts'
import { asError, ConfigError } from '../errors.ts'
import { listenSockets, peerOf, socketTransport } from './tcp.ts'
import { distinguishedName } from './tls-subject.ts'
import type { Listen } from './transport.ts'

/** What a listener shows, and whether it wants to see who comes. All in PEM. */
export interface TlsServerOptions {
  readonly key: string | Buffer
  readonly cert: string | Buffer
  /** Whom to trust with certificates of clients. Default: the authorities that Node knows. */
  readonly ca?: string | Buffer
  /**
   * As Kafka's `ssl.client.auth`: `required` refuses clients without a certificate that `ca`
   * signed, `requested` takes them without one. Default: `none`.
   */
  readonly clientAuth?: 'none' | 'requested' | 'required'
  /** Other options of Node's own, such as `minVersion` and `ciphers`. */
  readonly options?: Omit<TlsOptions, 'key' | 'cert' | 'ca' | 'requestCert' | 'rejectUnauthorized'>
}

/** Told of each connection that came to nothing: plaintext, a certificate that is not trusted. */
export type HandshakeRefused = (peer: string, error: Error) => void

/** A peer that begins a handshake must end it within so long. */
const HANDSHAKE_TIMEOUT_MS = 10_000

/** The first byte of a TLS handshake. */
const HANDSHAKE = 0x16
/** The alert that what came was not expected, to a peer who does not know that this is TLS. */
const UNEXPECTED = Buffer.from([0x15, 3, 3, 0, 2, 2, 10])

/** Listens by TLS. Rejects with a ConfigError where key and certificate don't go. */
export function tlsListen(given: TlsServerOptions, refused: HandshakeRefused): Listen {
  return async (address, accept) => {
    const tls = serverOf(given)
    /** Connections that no one owns yet, since they have not shaken hands. */
    const shaking = new Map<string, Socket>()
    tls.on('tlsClientError', (error, socket) => refused(peerOf(socket), error))
    tls.on('secureConnection', socket => {
      const peer = peerOf(socket)
      shaking.delete(peer)
      const subject = subjectOf(socket, given.clientAuth)
      const transport = socketTransport(socket, peer)
      accept(subject === undefined ? transport : { ...transport, subject })
    })
    const listener = await listenSockets(address, socket => {
      const peer = peerOf(socket)
      shaking.set(peer, socket)
      socket.once('close', () => shaking.delete(peer))
      onFirstBytes(socket, first => {
        if (first[0] === HANDSHAKE) return tls.emit('connection', socket)
        socket.end(UNEXPECTED, () => socket.destroy())
        return refused(peer, new Error('it speaks plaintext, and this listener speaks TLS'))
      })
    })
    return {
      ...listener,
      close() {
        const closed = listener.close()
        for (const socket of shaking.values()) socket.destroy()
        return closed
      },
    }
  }
}

/** Tells the first bytes, which stay to be read. Whoever sends none in time is cut off. */
function onFirstBytes(socket: Socket, told: (first: Buffer) => void): void {
  const patience = systemClock.after(HANDSHAKE_TIMEOUT_MS, () => socket.destroy())
  patience.unref()
  socket.on('error', () => {})
  socket.once('close', () => patience.cancel())
  socket.once('data', chunk => {
    patience.cancel()
    socket.pause()
    socket.unshift(chunk)
    told(chunk)
  })
}

function serverOf({ key, cert, ca, clientAuth = 'none', options }: TlsServerOptions): Server {
  try {
    return createServer({
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ...options,
      key,
      cert,
      ...(ca !== undefined && { ca }),
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'required',
    })
  } catch (error) {
    const { message } = asError(error)
    throw new ConfigError(`the key and certificate of a listener can't be used: ${message}`)
  }
}

/** Of a certificate that was asked for and is trusted; without it, nobody in particular. */
function subjectOf(
  socket: TLSSocket,
  clientAuth: TlsServerOptions['clientAuth'] = 'none',
): string | undefined {
  if (clientAuth === 'none' || !socket.authorized) return undefined
  const certificate = socket.getPeerX509Certificate()
  return certificate && distinguishedName(certificate.subject)
}
