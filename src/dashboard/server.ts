import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { version } from '../version.ts'
import { messageQuery, newMessage, scenarioName } from './asked.ts'
import type { Asset } from './assets.ts'
import type { ClusterView } from './cluster-view.ts'
import { COOKIE, guard } from './guard.ts'
import type { Health } from './health.ts'
import type { Live } from './live.ts'
import { BadRequest, bodyOf, sendBytes, sendElsewhere, sendError, sendJson } from './responses.ts'
import type { Runs } from './runs.ts'
import { streamTo } from './stream.ts'

export interface ServerParts {
  readonly assets: ReadonlyMap<string, Asset>
  readonly cluster: ClusterView
  readonly live: Live
  readonly health: Health
  readonly runs: Runs
  /** What every request must show, where others than this machine can ask. */
  readonly token: string | undefined
  /** What is watched, for the page's heading. */
  readonly title: string
}

type Route = (request: IncomingMessage, url: URL) => Promise<unknown>

/** The page and what it asks for, over HTTP. */
export function pageServer(parts: ServerParts): Server {
  const routes = routesOf(parts)
  const server = createServer((request, response) => {
    response.on('error', () => {})
    serve(parts, routes, portOf(server), request, response).catch(error => {
      if (!response.headersSent) sendError(response, 500, error)
      else response.destroy()
    })
  })
  return server
}

function routesOf({ cluster, runs, title }: ServerParts): ReadonlyMap<string, Route> {
  const scenarios = runs.scenarios.map(({ name, title, about }) => ({ name, title, about }))
  return new Map<string, Route>([
    ['GET /api/about', async () => ({ version, title, scenarios })],
    ['POST /api/trace', async request => runs.run(scenarioName(await bodyOf(request)))],
    ['GET /api/topics', () => cluster.topics()],
    ['GET /api/groups', () => cluster.groups()],
    ['GET /api/messages', (_, url) => cluster.messages(messageQuery(url.searchParams))],
    ['POST /api/messages', async request => cluster.produce(newMessage(await bodyOf(request)))],
  ])
}

async function serve(
  parts: ServerParts,
  routes: ReadonlyMap<string, Route>,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', headers } = request
  const path = request.url ?? '/'
  if (!URL.canParse(path, 'http://page')) {
    return sendError(response, 400, new BadRequest(`${path} is no address`))
  }
  const url = new URL(path, 'http://page')
  const { host, origin, cookie, authorization } = headers
  const contentType = headers['content-type']
  const token = url.searchParams.get('token')
  const asked = { method, host, origin, cookie, authorization, contentType, token }
  const verdict = guard(asked, { port, token: parts.token })
  if (verdict.is === 'refuse') {
    return sendJson(response, verdict.status, { error: { code: 'REFUSED', message: verdict.why } })
  }
  if (verdict.is === 'welcome') {
    const kept = `${COOKIE}=${parts.token}; HttpOnly; SameSite=Strict; Path=/`
    return sendElsewhere(response, url.pathname, kept)
  }
  if (method === 'GET' && url.pathname === '/api/live') {
    return streamTo(response, parts.live, parts.health)
  }
  const route = routes.get(`${method} ${url.pathname}`)
  if (route) return answer(route, request, url, response)
  const asset = method === 'GET' ? parts.assets.get(url.pathname) : undefined
  if (asset) return sendBytes(response, asset.type, asset.bytes)
  sendJson(response, 404, { error: { code: 'NOT_FOUND', message: `no ${url.pathname} here` } })
}

async function answer(
  route: Route,
  request: IncomingMessage,
  url: URL,
  response: ServerResponse,
): Promise<void> {
  try {
    sendJson(response, 200, await route(request, url))
  } catch (error) {
    // Whatever else fails is the cluster's doing, or a broker that is not there.
    sendError(response, error instanceof BadRequest ? 400 : 502, error)
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : -1
}
