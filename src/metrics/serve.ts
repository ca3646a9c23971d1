import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { asError, ConfigError } from '../errors.ts'
import { prometheus } from './prometheus.ts'

/** Where metrics are served. */
export interface MetricsServerOptions {
  /** 0 takes any free port. */
  readonly port: number
  /** Default: 127.0.0.1. Whoever can reach it can read names of topics, groups and clients. */
  readonly host?: string
}

/** An address that a Prometheus can scrape. */
export interface MetricsServer extends AsyncDisposable {
  readonly url: string
  /** Stops serving, and measuring. */
  close(): Promise<void>
}

const PATH = '/metrics'

/**
 * Measures every client of this process and serves that under `/metrics`, for programs that have no
 * HTTP server of their own. Throws a ConfigError where prom-client is not installed, or the address
 * can't be listened on.
 *
 * @example
 * await using server = await serveMetrics({ port: 9400 })
 * console.log(server.url)
 */
export async function serveMetrics({
  port,
  host = '127.0.0.1',
}: MetricsServerOptions): Promise<MetricsServer> {
  const { Registry } = await promClient()
  const register = new Registry()
  const server = createServer((request, response) => {
    void answer(request, response, register)
  })
  const bound = await new Promise<number>((resolve, reject) => {
    server.once('error', error => reject(notServed(error, host, port)))
    server.listen(port, host, () => {
      const address = server.address()
      if (typeof address === 'object' && address) resolve(address.port)
    })
  })
  const metrics = prometheus(undefined, { register })
  const close = async (): Promise<void> => {
    metrics.stop()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  const shown = host.includes(':') ? `[${host}]` : host
  return { url: `http://${shown}:${bound}${PATH}`, close, [Symbol.asyncDispose]: close }
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  register: { readonly contentType: string; metrics(): Promise<string> },
): Promise<void> {
  const say = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
    response.writeHead(status, { 'content-type': type })
    response.end(method === 'HEAD' ? undefined : text)
  }
  if (url.split('?')[0] !== PATH) return say(404, `see ${PATH}\n`)
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'only GET\n')
  try {
    say(200, await register.metrics(), register.contentType)
  } catch (error) {
    say(500, `${asError(error).message}\n`)
  }
}

async function promClient() {
  try {
    return await import('prom-client')
  } catch (thrown) {
    const error = asError(thrown)
    const isMissing = 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    if (!isMissing) throw error
    throw new ConfigError(
      'metrics need the package prom-client, which is not installed',
      'npm install prom-client, beside posthaste',
    )
  }
}

function notServed(error: Error, host: string, port: number): ConfigError {
  const code = 'code' in error ? String(error.code) : ''
  const why = reasons[code] ?? error.message
  return new ConfigError(`metrics can not be served on ${host}:${port}: ${why}`, hints[code])
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such name',
}

const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: 'choose another, or 0 for any that is free',
  EACCES: 'choose a port from 1024 on',
}
