import { createServer } from 'node:net'

// Below the range from which systems take the local ports of outgoing connections (32768 on
// Linux), so that nobody takes the port of a broker which is down for a moment.
const first = 15_000
const last = 32_000
/** Each of vitest's workers has a share of its own: what is free now may be meant for another. */
const SHARES = 8
const share = Math.floor((last - first) / SHARES)
const begin = first + (Number(process.env.VITEST_POOL_ID ?? 0) % SHARES) * share
/** What was given is not listened on yet, and yet not free. */
const given = new Set<number>()

/** `count` neighbouring ports that nobody listens on at this moment. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  for (let tries = 0; tries < 200; tries++) {
    const start = begin + Math.floor(Math.random() * (share - count))
    const ports = Array.from({ length: count }, (_, i) => start + i)
    if (ports.some(port => given.has(port))) continue
    const free = await Promise.all(ports.map(port => isFree(port, host)))
    if (!free.every(Boolean)) continue
    for (const port of ports) given.add(port)
    return ports
  }
  throw new Error(`found no ${count} free ports in a row on ${host}`)
}

/** Whether one can listen there now. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
