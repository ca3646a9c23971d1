import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isDeeper } from '../../base/depth.ts'
import { InvalidSchemaError } from '../compatibility/index.ts'
import { Refusal, refusals } from './problems.ts'
import type { Registry } from './registry.ts'
import { RawAnswer, type Route, routes, segmentsOf } from './routes.ts'

/** The registry's own content type, which says "JSON" and the version of the API. */
const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
/** A schema is a message of Kafka's in Confluent's registry, and may be as large: 1 MiB. */
const MAX_BODY = 1_048_576
/** Deeper than any body that the API knows; a schema is a text in it. */
const MAX_NESTING = 200

/** An HTTP server for a registry; it is not listening yet. */
export function serverFor(registry: Registry): Server {
  return createServer((request, response) => {
    answer(registry, request)
      .then(
        value => send(request, response, 200, value),
        error => sendError(request, response, error),
      )
      .catch(() => response.destroy())
  })
}

/** Listens, and gives the port. */
export async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address: AddressInfo | string | null = server.address()
  return address !== null && typeof address === 'object' ? address.port : port
}

/** Ends all connections: those that wait, and those that are being answered. */
export async function shut(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}

async function answer(registry: Registry, request: IncomingMessage): Promise<unknown> {
  const url = urlOf(request)
  const { route, path } = routeFor(request.method ?? 'GET', url.pathname)
  const hasBody = route.method === 'POST' || route.method === 'PUT'
  const body = hasBody ? parsed(await read(request)) : undefined
  return route.answer({ registry, path, query: url.searchParams, body })
}

function urlOf({ url = '/' }: IncomingMessage): URL {
  // `//x` would be read as a host's name.
  const path = url.replace(/^\/+/, '/')
  if (!URL.canParse(path, 'http://registry')) throw refusals.unknownPath()
  return new URL(path, 'http://registry')
}

function routeFor(method: string, path: string): { route: Route; path: Record<string, string> } {
  const segments = segmentsOf(path).map(decoded)
  const fitting = routes.filter(({ pattern }) => fits(pattern, segments))
  if (fitting.length === 0) throw refusals.unknownPath()
  const route = fitting.find(each => each.method === method)
  if (!route) throw refusals.unknownMethod()
  const names = route.pattern.flatMap((part, i) => {
    return part.startsWith('{') ? [[part.slice(1, -1), segments[i] ?? '']] : []
  })
  return { route, path: Object.fromEntries(names) }
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false
  return pattern.every((part, i) => {
    if (part === '{id}') return /^\d{1,10}$/.test(segments[i] ?? '')
    return part.startsWith('{') || part === segments[i]
  })
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw refusals.badRequest('The path is not encoded as a URL should be')
  }
}

/** A body, or a refusal as soon as it is too large. */
async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BODY) throw refusals.tooLarge(MAX_BODY)
    chunks.push(bytes)
  }
  return String(Buffer.concat(chunks))
}

/** What is deeper could be kept, and would break whoever asks for it afterwards. */
function parsed(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw refusals.badRequest(`The body is not JSON: ${String(error)}`)
  }
  if (!isDeeper(value, MAX_NESTING)) return value
  throw refusals.badRequest(`The body is nested more than ${MAX_NESTING} deep`)
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  value: unknown,
): void {
  const text = value instanceof RawAnswer ? value.text : JSON.stringify(value)
  // Who asks for plain JSON and nothing else gets it.
  const plain = request.headers.accept?.trim() === 'application/json'
  response.setHeader('content-type', plain ? 'application/json' : CONTENT_TYPE)
  response.writeHead(status).end(text)
  // What still comes of a body is thrown away. Were the connection closed on it, the system would
  // reset it, and whoever is sending would see a broken pipe in place of the answer.
  if (!request.complete) request.resume()
}

function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const { status, errorCode, message } = refusalFrom(error)
  send(request, response, status, { error_code: errorCode, message })
}

function refusalFrom(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof InvalidSchemaError) return refusals.invalidSchema(error.message)
  return new Refusal(500, `The registry met an error of its own: ${String(error)}`)
}
