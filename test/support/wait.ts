import { setTimeout as pause } from 'node:timers/promises'

export interface WaitOptions {
  /** When to give up, in milliseconds. Default: 60,000. */
  readonly limitMs?: number
  /** How long to wait between two looks, in milliseconds. Default: 50. */
  readonly everyMs?: number
}

/**
 * Looks again and again until `look` gives something truthy, and gives that. Rejects, naming
 * `what` was waited for, when the limit has passed. What `look` throws ends the wait at once.
 *
 * @example
 * await waitFor('the topic to exist', async () => (await kafka.topics()).includes('orders'))
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | false | undefined> | T | false | undefined,
  { limitMs = 60_000, everyMs = 50 }: WaitOptions = {},
): Promise<T> {
  const giveUpAt = performance.now() + limitMs
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (performance.now() > giveUpAt) throw new Error(`waited ${limitMs} ms in vain for ${what}`)
    await pause(everyMs)
  }
}
