import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Clock } from '../../base/clock.ts'
import type { RegistryPlace } from '../../errors.ts'
import { notARegistry, tooSlow, unreachable } from './errors.ts'
import type { RegistryTls } from './options.ts'

export interface HttpRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** For errors: what the request was about. */
  readonly place: RegistryPlace
}

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** The largest answer that is read; a listing of a hundred thousand subjects is below it. */
const maxAnswerBytes = 32 * 1024 * 1024

/** One request at a time to one URL: no retries, no meaning. Connections are kept for the next. */
export class Http {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: 16 })
  readonly #secure: HttpsAgent

  constructor(clock: Clock, timeoutMs: number, tls: RegistryTls) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#secure = new HttpsAgent({ ...tls, keepAlive: true, maxSockets: 16 })
  }

  /** The answer, whatever its status. Rejects with a RegistryError when there is none in time. */
  send(request: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const secure = request.url.protocol === 'https:'
      const options = {
        method: request.method,
        headers: request.headers,
        agent: secure ? this.#secure : this.#plain,
      }
      const outgoing = (secure ? httpsRequest : httpRequest)(request.url, options)
      // A server that answers byte by byte is late too: the limit is on the whole answer.
      const timer = this.#clock.after(this.#timeoutMs, () => {
        fail(tooSlow(request.place, this.#timeoutMs))
      })
      const fail = (error: Error) => {
        timer.cancel()
        reject(error)
        outgoing.destroy()
      }
      outgoing.on('error', error => fail(unreachable(request.place, error)))
      outgoing.on('response', answer => {
        readAnswer(answer, request.place).then(found => {
          timer.cancel()
          resolve(found)
        }, fail)
      })
      outgoing.end(request.body)
    })
  }

  close(): void {
    this.#plain.destroy()
    this.#secure.destroy()
  }
}

function readAnswer(answer: IncomingMessage, place: RegistryPlace): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const status = answer.statusCode ?? 0
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxAnswerBytes) {
        reject(notARegistry({ ...place, status }, `more than ${maxAnswerBytes} bytes`))
      }
    })
    answer.on('end', () => resolve({ status, body: Buffer.concat(chunks).toString('utf8') }))
    answer.on('error', error => reject(unreachable(place, error)))
  })
}
