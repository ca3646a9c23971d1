import { createServer } from 'node:net'

// Below the range from which systems take the local ports of outgoing connections (32768 on
// Linux), so that nobody takes the port of a broker which is down for a moment.
const first = 15_000
const last = 32_000

/** `count` neighbouring ports that nobody listens on at this moment. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  for (let tries = 0; tries < 200; tries++) {
    const start = first + Math.floor(Math.random() * (last - first - count))
    const ports = Array.from({ length: count }, (_, i) => start + i)
    const free = await Promise.all(ports.map(port => isFree(port, host)))
    if (free.every(Boolean)) return ports
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
