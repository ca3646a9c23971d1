import type { ServerResponse } from 'node:http'
import type { Health } from './health.ts'
import type { Live } from './live.ts'
import { beginStream } from './responses.ts'

/** A page that reads slower than we write misses frames, and costs no more memory than this. */
const MOST_WAITING_BYTES = 1024 * 1024

/** Streams how things go to one page, until it is closed. */
export function streamTo(response: ServerResponse, live: Live, health: Health): void {
  beginStream(response)
  const send = (event: string, value: unknown) => {
    if (response.writableLength > MOST_WAITING_BYTES) return
    response.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`)
  }
  const { start, close } = live.open(frame => send('frame', frame))
  send('start', start)
  const unwatch = health.watch(state => send('health', state))
  response.on('error', () => {})
  response.on('close', () => {
    close()
    unwatch()
  })
}
