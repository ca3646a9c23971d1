import type { Random } from './random.ts'

export interface Backoff {
  /** The first wait, in milliseconds. */
  readonly initialMs: number
  /** No wait is longer than this, jitter apart. */
  readonly maxMs: number
}

/** What a client's settings say of it: `retry.backoff.ms` and `retry.backoff.max.ms`. */
export function retryBackoff(config: {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}): Backoff {
  return { initialMs: config.retryBackoffMs, maxMs: config.retryBackoffMaxMs }
}

/**
 * How long to wait before try number `attempt` (1 is the first retry): doubling from `initialMs`
 * up to `maxMs`, spread by 20 percent either way lest clients come back in step (KIP-580).
 */
export function backoffMs(backoff: Backoff, attempt: number, random: Random): number {
  const exponent = Math.min(Math.max(attempt, 1) - 1, 30)
  const plain = Math.min(backoff.initialMs * 2 ** exponent, backoff.maxMs)
  return plain * (0.8 + 0.4 * random())
}
