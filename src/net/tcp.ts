import { connect, createServer, type Socket } from 'node:net'
import {
  type Address,
  type Dial,
  formatAddress,
  type Listen,
  type Listener,
  type Transport,
  type TransportEvents,
} from './transport.ts'

/** Plain TCP. `TCP_NODELAY` is on: our batches are large already, and answers should not wait. */
export const dialTcp: Dial = (address, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const inlet = new Inlet()
    const socket = connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      keepAlive: true,
      onread: inlet.onread,
    })
    const abort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort)
      socket.removeListener('error', fail)
      resolve(socketTransport(socket, formatAddress(address), inlet))
    })
    socket.once('error', fail)
    function fail(error: Error) {
      signal.removeEventListener('abort', abort)
      reject(error)
    }
  })

export const listenTcp: Listen = (address, accept) =>
  listenSockets(address, socket => accept(socketTransport(socket, peerOf(socket))))

/** Who is at the other end of a socket. */
export function peerOf({ remoteAddress: host = 'unknown', remotePort: port = 0 }: Socket): string {
  return formatAddress({ host, port })
}

/** Listens for bare sockets. Rejects with the system's error. */
export function listenSockets(
  address: Address,
  accept: (socket: Socket) => void,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true, keepAlive: true }, accept)
    server.once('error', reject)
    server.listen({ host: address.host, port: address.port }, () => {
      server.removeListener('error', reject)
      const bound = server.address()
      const port = typeof bound === 'object' && bound ? bound.port : address.port
      resolve({
        address: { host: address.host, port },
        hold: busy => void (busy ? server.ref() : server.unref()),
        close: () => new Promise(done => server.close(() => done())),
      })
    })
  })
}

/**
 * Brings what a socket reads straight to where its reader wants it, in place of chunks that the
 * socket allocates and the reader then copies: a fetched megabyte comes in a few reads.
 */
export class Inlet {
  #events: TransportEvents | undefined

  /** What to give the socket as its option `onread`. */
  readonly onread = {
    buffer: (): Buffer => this.#events?.room?.() ?? Buffer.allocUnsafeSlow(FIRST_READ_BYTES),
    callback: (size: number, buffer: Uint8Array): boolean => {
      this.#events?.data(Buffer.from(buffer.buffer, buffer.byteOffset, size))
      return true
    },
  }

  listen(events: TransportEvents): void {
    this.#events = events
  }
}

/** Before anybody listens; also the first answer, which is small. */
const FIRST_READ_BYTES = 16_384

/** A socket of `node:net` or `node:tls` as a transport; with the inlet that it was made with. */
export function socketTransport(socket: Socket, peer: string, inlet?: Inlet): Transport {
  let failure: Error | undefined
  return {
    peer,
    listen(events) {
      if (inlet) inlet.listen(events)
      else socket.on('data', events.data)
      socket.on('drain', events.drain)
      socket.on('error', error => {
        failure ??= error
      })
      socket.once('close', () => events.closed(failure))
    },
    write(chunks) {
      if (chunks.length === 1) return socket.write(chunks[0]!)
      socket.cork()
      let room = true
      for (const chunk of chunks) room = socket.write(chunk)
      socket.uncork()
      return room
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    hold: busy => void (busy ? socket.ref() : socket.unref()),
    close: () => void socket.end(() => socket.destroy()),
    destroy(cause) {
      failure ??= cause
      socket.destroy()
    },
  }
}
