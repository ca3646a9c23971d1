import type { EventOf } from '../events.ts'

/** Partitions that a line names; a request may be about thousands. */
const MOST_NAMED = 8

/**
 * A request to the embedded cluster as one line: broker, API and version, client, what it was
 * about, how long it took, and the errors in the answer, or how else it ended.
 *
 * @example
 * // 1 Produce v13 orders-app orders-0 orders-2 148 µs NOT_LEADER_OR_FOLLOWER
 */
export function requestLine(told: EventOf<'broker:answered'>): string {
  const { broker, api, version, client, about, latencyMs, errors, how } = told
  const more = about.length - MOST_NAMED
  const named = more > 0 ? [...about.slice(0, MOST_NAMED), `and ${more} more`] : about
  const ended = how === 'response' ? errors : [`(${ENDINGS[how]})`]
  const took = `${Math.round(latencyMs * 1000)} µs`
  return [broker, api, `v${version}`, client || '-', ...named, took, ...ended].join(' ')
}

const ENDINGS = { nothing: 'no answer', close: 'closed', break: 'broken off' } as const
