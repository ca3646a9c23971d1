/**
 * The live page: what producers, consumers and an embedded cluster of this process do, as they do
 * it.
 *
 * @example
 * import { dashboard } from 'posthaste/dashboard'
 * const page = await dashboard(producer)
 * console.log(page.url)
 */
import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '../base/clock.ts'
import type { EmbeddedCluster } from '../broker/index.ts'
import { ConfigError } from '../errors.ts'
import { type AnyEvent, facts } from '../events.ts'
import type { Consumer, Producer } from '../index.ts'
import type { Theatre } from '../trace/index.ts'
import { pageAssets } from './assets.ts'
import { ClusterView } from './cluster-view.ts'
import { isLoopback } from './guard.ts'
import { Health } from './health.ts'
import { Live } from './live.ts'
import { Runs } from './runs.ts'
import { pageServer, type ServerParts } from './server.ts'

/** What a page can show: clients of this process, an embedded cluster, or several of them. */
export type Watched =
  | Producer<never, never>
  | Producer
  | Consumer<unknown, unknown>
  | EmbeddedCluster

/** Where a page is served, and for whom. */
export interface DashboardOptions {
  /** Where to listen. Default: 127.0.0.1; anything else takes a token, which is in the `url`. */
  readonly host?: string
  /** Default: 0, any free port. */
  readonly port?: number
  /** Default: a random one, where `host` is not this machine alone. */
  readonly token?: string
  /** The heading of the page. Default: the client ids. */
  readonly title?: string
  /** The folder of the page's files. Default: the one of this package. */
  readonly page?: string
}

/** A page that is served. */
export interface Dashboard extends AsyncDisposable {
  /** Its address, with the token where it takes one. */
  readonly url: string
  /** Stops serving; the clients and the cluster that it shows go on. */
  close(): Promise<void>
}

const TOKEN_BYTES = 16

/**
 * Serves a page that shows what these clients or this cluster do: records as they enter partitions,
 * batches, requests, retries, transactions, groups and lag, with a browser of messages. Whoever can
 * open it can read and produce records, with the rights of these clients.
 *
 * Throws a ConfigError if nothing is given to watch, a KafkaError PAGE_NOT_BUILT in a clone that
 * was not built, and the system's error for a port that is taken.
 */
export async function dashboard(
  watched: Watched | readonly Watched[],
  options: DashboardOptions = {},
): Promise<Dashboard> {
  const all = [watched].flat()
  const first = all[0]?.[facts]
  if (!first) throw new ConfigError('dashboard() was given nothing to watch')
  const instances = new Set(all.map(each => each[facts].source.instance))
  const names = all.map(each => each[facts].source.clientId.replace(/^cluster .*/, 'the cluster'))
  const title = [...new Set(names)].join(', ')
  return servePage({
    settings: first.settings,
    isMine: ({ source }) => instances.has(source.instance),
    title,
    ...options,
  })
}

/** What the command line serves beside: a page for a whole process and its stage. */
export interface PageOptions extends DashboardOptions {
  /** Settings by which the cluster is reached. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Which events are shown. */
  readonly isMine: (event: AnyEvent) => boolean
  /** Where scenarios are run. Default: on a cluster of three brokers that is begun for them. */
  readonly theatre?: Theatre
  readonly clock?: Clock
}

/** The page's own clients are not what it is to show. */
const OWN_CLIENT = 'posthaste-dashboard'

const isOwn = (event: AnyEvent) =>
  event.source.clientId === OWN_CLIENT ||
  (event.name === 'broker:answered' && event.client === OWN_CLIENT)

/** Serves a page. */
export async function servePage(options: PageOptions): Promise<Dashboard> {
  const { host = '127.0.0.1', port = 0, isMine, clock = systemClock } = options
  const token = isLoopback(host) ? options.token : (options.token ?? newToken())
  const settings = ownSettings(options.settings)
  const assets = pageAssets(options.page)
  const cluster = new ClusterView(settings, clock)
  const live = new Live(clock, event => !isOwn(event) && isMine(event))
  const health = new Health(clock, () => cluster.ask())
  const runs = new Runs(options.theatre)
  const title = options.title ?? ''
  const parts = { assets, cluster, live, health, runs, token, title }
  try {
    return await listening(parts, host, port)
  } catch (error) {
    await cluster.close()
    throw error
  }
}

async function listening(parts: ServerParts, host: string, port: number): Promise<Dashboard> {
  const { live, health, runs, cluster, token } = parts
  const server = pageServer(parts)
  const bound = await new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      const address = server.address()
      if (typeof address === 'object' && address) resolve(address.port)
    })
  })
  const shown = host.includes(':') ? `[${host}]` : host
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    live.close()
    health.close()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    await Promise.all([runs.close(), cluster.close()])
  }
  const stop = () => {
    closing ??= close()
    return closing
  }
  return {
    url: `http://${shown}:${bound}/${token === undefined ? '' : `?token=${token}`}`,
    close: stop,
    [Symbol.asyncDispose]: stop,
  }
}

const newToken = () => randomBytes(TOKEN_BYTES).toString('base64url')

/** How the page's own clients reach the cluster: as those that it watches, under their own name. */
function ownSettings(settings: Readonly<Record<string, unknown>>) {
  const dotted = Object.entries(settings).map(([name, value]) => [spelling(name), value] as const)
  const own = new Set(['transactional.id', 'client.id', 'group.id', 'group.instance.id'])
  const kept = dotted.filter(([name]) => !own.has(name))
  const map = new Map(kept)
  const servers = String(map.get('bootstrap.servers'))
  return { ...Object.fromEntries(kept), 'bootstrap.servers': servers, 'client.id': OWN_CLIENT }
}

/** Kafka's spelling of a setting's name: `linger.ms` for `lingerMs`. */
const spelling = (name: string) => name.replace(/[A-Z]/g, capital => `.${capital.toLowerCase()}`)
