import type { IncomingMessage, ServerResponse } from 'node:http'
import { asError, KafkaError } from '../errors.ts'

/** The page is built of files of this server alone, and may be shown in no frame of another. */
const security = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

const MOST_BODY_BYTES = 2 * 1024 * 1024

export function sendBytes(response: ServerResponse, type: string, bytes: Buffer): void {
  response.writeHead(200, { ...security, 'content-type': type, 'cache-control': 'no-cache' })
  response.end(bytes)
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const headers = { ...security, 'content-type': 'application/json', 'cache-control': 'no-store' }
  response.writeHead(status, headers)
  response.end(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}` : each)))
}

/** What went wrong, in words that the page shows. */
export function sendError(response: ServerResponse, status: number, thrown: unknown): void {
  const error = asError(thrown)
  const code = error instanceof KafkaError ? error.code : 'FAILED'
  sendJson(response, status, { error: { code, message: error.message } })
}

export function sendElsewhere(response: ServerResponse, path: string, cookie: string): void {
  response.writeHead(302, { ...security, location: path, 'set-cookie': cookie }).end()
}

/** Begins a stream of server-sent events. */
export function beginStream(response: ServerResponse): void {
  const type = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
  response.writeHead(200, { ...security, ...type })
  response.flushHeaders()
}

/** The JSON of a body. Rejects with a BadRequest for one that is too large, or no JSON. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MOST_BODY_BYTES) throw new BadRequest(`more than ${MOST_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new BadRequest('the body is no JSON')
  }
}

/** The page, or somebody else, asked for something that can't be. */
export class BadRequest extends KafkaError {
  constructor(message: string) {
    super({ code: 'BAD_REQUEST', message })
  }
}
