import { connect, type Socket } from 'node:net'
import { encodeRequest, FrameSplitter, readResponse } from '../../src/protocol/frame.ts'
import type { Api, RequestInput, ResponseOf } from '../../src/protocol/schema/api.ts'
import { Reader } from '../../src/wire/reader.ts'

/**
 * A connection that sends what it is told, hostile bytes too: to look at a broker from outside,
 * without the client's good manners. Responses are given in the order in which they come.
 */
export class RawClient {
  readonly #socket: Socket
  readonly #splitter = new FrameSplitter(2 ** 30)
  readonly #frames: Buffer[] = []
  readonly #waiting: ((frame: Buffer | undefined) => void)[] = []
  #correlationId = 0
  /** Resolves when the connection is closed, whoever did it. */
  readonly closed: Promise<void>

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', chunk => {
      for (const frame of this.#splitter.push(chunk)) this.#deliver(frame)
    })
    socket.on('error', () => {})
    this.closed = new Promise(resolve => {
      socket.on('close', () => {
        for (const waiting of this.#waiting.splice(0)) waiting(undefined)
        resolve()
      })
    })
  }

  static open({ host, port }: { host: string; port: number }): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new RawClient(socket)))
    })
  }

  /** Sends bytes as they are. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** Sends a request, and gives its correlation id. */
  send<A extends Api>(api: A, version: number, message: RequestInput<A>): number {
    const correlationId = this.#correlationId++
    this.write(Buffer.concat(encodeRequest(api, version, correlationId, 'raw', message)))
    return correlationId
  }

  /** The next response's bytes; undefined if the connection closes first. */
  frame(): Promise<Buffer | undefined> {
    const frame = this.#frames.shift()
    if (frame || this.#socket.closed) return Promise.resolve(frame)
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** The next response, which must answer a request of that API and version. */
  async receive<A extends Api>(
    api: A,
    version: number,
  ): Promise<{ correlationId: number; message: ResponseOf<A> }> {
    const frame = await this.frame()
    if (!frame) throw new Error(`closed in place of an answer to ${api.name}`)
    const reader = new Reader(frame)
    return { correlationId: reader.int32(), message: readResponse(api, version, reader) }
  }

  /** Sends a request and gives the next response. */
  async call<A extends Api>(
    api: A,
    version: number,
    message: RequestInput<A>,
  ): Promise<ResponseOf<A>> {
    this.send(api, version, message)
    const response = await this.receive(api, version)
    return response.message
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroy()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #deliver(frame: Buffer): void {
    const waiting = this.#waiting.shift()
    if (waiting) waiting(frame)
    else this.#frames.push(frame)
  }
}
