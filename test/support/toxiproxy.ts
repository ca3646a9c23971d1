import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { freePorts } from './ports.ts'
import { runOrThrow } from './run.ts'
import { waitFor } from './wait.ts'

const VERSION = 'v2.12.0'

/** How a toxic treats the bytes of one direction; see Toxiproxy's own list of types. */
export interface Toxic {
  readonly type: 'latency' | 'slicer' | 'timeout' | 'reset_peer' | 'limit_data' | 'bandwidth'
  readonly stream: 'upstream' | 'downstream'
  readonly attributes: Readonly<Record<string, number>>
}

/** Toxiproxy, run as a program of its own: proxies whose connections can be made to suffer. */
export interface Toxiproxy {
  /** Passes a port of ours on to another. */
  proxy(name: string, listenPort: number, upstreamPort: number): Promise<void>
  poison(name: string, toxic: Toxic): Promise<void>
  heal(name: string): Promise<void>
  /** A proxy that is off refuses connections and breaks those that stand. */
  enable(name: string, enabled: boolean): Promise<void>
  stop(): void
}

export async function startToxiproxy(): Promise<Toxiproxy> {
  const folder = await cached(`toxiproxy-${VERSION}`, async into => {
    const module = `github.com/Shopify/toxiproxy/v2/cmd/server@${VERSION}`
    await runOrThrow('go', ['install', module], { env: { ...process.env, GOBIN: into } })
  })
  const [port] = await freePorts(1, '127.0.0.1')
  const server = spawn(join(folder, 'server'), ['-port', String(port)], { stdio: 'ignore' })
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`toxiproxy: ${response.status} ${await response.text()}`)
    return response.status === 204 ? undefined : response.json()
  }
  await waitFor('toxiproxy', () => call('GET', '/proxies').catch(() => undefined))
  return {
    async proxy(name, listenPort, upstreamPort) {
      const [listen, upstream] = [listenPort, upstreamPort].map(each => `127.0.0.1:${each}`)
      await call('POST', '/proxies', { name, listen, upstream, enabled: true })
    },
    async poison(name, toxic) {
      await call('POST', `/proxies/${name}/toxics`, { name: toxic.type, toxicity: 1, ...toxic })
    },
    async heal(name) {
      const toxics = (await call('GET', `/proxies/${name}/toxics`)) as { name: string }[]
      for (const toxic of toxics) await call('DELETE', `/proxies/${name}/toxics/${toxic.name}`)
    },
    async enable(name, enabled) {
      await call('POST', `/proxies/${name}`, { enabled })
    },
    stop: () => void server.kill(),
  }
}
