import { errorByCode } from '../protocol/errors.ts'

/** How long to wait where a broker has not said how often it wants to hear. */
export const DEFAULT_INTERVAL_MS = 300_000

/** What no other try could mend. */
const hopeless = new Set(['INVALID_REQUEST', 'INVALID_RECORD', 'UNSUPPORTED_VERSION'])
/** What asking anew mends. */
const stale = new Set(['UNKNOWN_SUBSCRIPTION_ID', 'UNSUPPORTED_COMPRESSION_TYPE'])

/**
 * In how many milliseconds to ask a broker anew what it wants, after an error of its (KIP-714) and
 * at the interval that it asked for; undefined is never.
 */
export function askAgainMs(errorCode: number, intervalMs: number): number | undefined {
  const { name } = errorByCode(errorCode)
  if (hopeless.has(name)) return undefined
  if (stale.has(name)) return 0
  return intervalMs > 0 ? intervalMs : DEFAULT_INTERVAL_MS
}
