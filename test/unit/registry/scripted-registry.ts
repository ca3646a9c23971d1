import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

/** What to answer; undefined never answers. */
export interface Reply {
  readonly status?: number
  readonly json?: unknown
  readonly text?: string
}

/** An HTTP server that answers as a test says, and remembers what it was asked. */
export class ScriptedRegistry {
  readonly asked: Asked[] = []
  readonly url: string
  readonly #server: Server

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  static async start(
    answer: (asked: Asked) => Reply | undefined | Promise<Reply | undefined>,
    tls?: ServerOptions,
  ): Promise<ScriptedRegistry> {
    const server = tls ? createSecureServer(tls) : createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const registry = new ScriptedRegistry(server, `${tls ? 'https' : 'http'}://127.0.0.1:${port}`)
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const text = Buffer.concat(chunks).toString()
      const { method = '', url: path = '', headers } = request
      const isJson = headers['content-type']?.includes('json') ?? false
      const asked = { method, path, headers, body: isJson ? JSON.parse(text) : text }
      registry.asked.push(asked)
      const reply = await answer(asked)
      if (reply === undefined) return
      response.statusCode = reply.status ?? 200
      response.end(reply.text ?? JSON.stringify(reply.json))
    })
    return registry
  }

  /** `GET /subjects`, one line a request. */
  get lines(): string[] {
    return this.asked.map(({ method, path }) => `${method} ${path}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
