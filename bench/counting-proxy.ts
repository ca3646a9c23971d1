import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Hands requests on to an HTTP server, and counts them. */
export class CountingProxy {
  requests = 0
  readonly #server: Server

  private constructor(target: string) {
    this.#server = createServer(async (request, response) => {
      this.requests++
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const { method = 'GET', url = '/', headers } = request
      const type = headers['content-type']
      const answer = await fetch(target + url, {
        method,
        ...(type !== undefined && { headers: { 'content-type': type } }),
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      })
      response.statusCode = answer.status
      response.setHeader('content-type', answer.headers.get('content-type') ?? 'text/plain')
      response.end(Buffer.from(await answer.arrayBuffer()))
    })
  }

  static async start(target: string): Promise<CountingProxy> {
    const proxy = new CountingProxy(target)
    await new Promise<void>(resolve => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
