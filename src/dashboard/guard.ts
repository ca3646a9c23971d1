import { createHash, timingSafeEqual } from 'node:crypto'

/** What of a request says whether it may be served. */
export interface Asked {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly cookie: string | undefined
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  /** The `token` of its address. */
  readonly token: string | null
}

export interface GuardRules {
  readonly port: number
  /** What every request must show; undefined on loopback, where only this machine can ask. */
  readonly token: string | undefined
}

export type GuardVerdict =
  | { readonly is: 'pass' }
  /** The token came with the address: it is kept in a cookie, and leaves the address. */
  | { readonly is: 'welcome' }
  | { readonly is: 'refuse'; readonly status: 401 | 403 | 415; readonly why: string }

export const COOKIE = 'posthaste-token'

/**
 * Whether a request may be served. On loopback its Host must be a name of this machine: a page of
 * somebody else whose name was made to point here (DNS rebinding) comes under its own. Elsewhere it
 * must show the token. A request that changes something must come from the page itself.
 */
export function guard(asked: Asked, { port, token }: GuardRules): GuardVerdict {
  if (token === undefined && !isHere(asked.host, port)) {
    return { is: 'refuse', status: 403, why: `not served under the name ${asked.host}` }
  }
  if (asked.origin !== undefined && asked.origin !== `http://${asked.host}`) {
    return { is: 'refuse', status: 403, why: 'not served to other pages' }
  }
  if (asked.method === 'POST' && !asked.contentType?.startsWith('application/json')) {
    return { is: 'refuse', status: 415, why: 'send application/json' }
  }
  if (token === undefined) return { is: 'pass' }
  if (asked.token !== null && isSame(asked.token, token)) return { is: 'welcome' }
  const shown = cookieIn(asked.cookie) ?? asked.authorization?.replace(/^Bearer /, '')
  if (shown !== undefined && isSame(shown, token)) return { is: 'pass' }
  const why = 'open the address that was printed, with its token'
  return { is: 'refuse', status: 401, why }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function isHere(host: string | undefined, port: number): boolean {
  const match = /^(?:\[([\da-f:.]+)\]|([^:]+))(?::(\d+))?$/i.exec(host ?? '')
  const name = match?.[1] ?? match?.[2] ?? ''
  return isLoopback(name.toLowerCase()) && Number(match?.[3] ?? 80) === port
}

function cookieIn(header: string | undefined): string | undefined {
  const pairs = (header ?? '').split(/;\s*/).map(pair => pair.split('='))
  return pairs.find(([name]) => name === COOKIE)?.[1]
}

/** Compared as hashes, in a time that says nothing of how far they agree. */
function isSame(shown: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(shown), digest(token))
}
