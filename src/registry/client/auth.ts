import type { Clock } from '../../base/clock.ts'
import { RegistryError } from '../../errors.ts'
import type { Http } from './http.ts'
import type { RegistrySettings, TokenSource } from './options.ts'

/** The headers that say who we are. `refresh` is true after the last ones were refused. */
export type Credentials = (refresh: boolean) => Promise<Readonly<Record<string, string>>>

/** A token is renewed when this part of its life has passed. */
const renewAfter = 0.8

export function credentialsOf(settings: RegistrySettings, http: Http, clock: Clock): Credentials {
  const cloud = {
    ...(settings.bearerAuthLogicalCluster && {
      'target-sr-cluster': settings.bearerAuthLogicalCluster,
    }),
    ...(settings.bearerAuthIdentityPoolId && {
      'Confluent-Identity-Pool-Id': settings.bearerAuthIdentityPoolId,
    }),
  }
  if (settings.basicAuthUserInfo !== undefined) {
    const authorization = basic(settings.basicAuthUserInfo)
    return async () => ({ authorization })
  }
  if (settings.bearerAuthToken !== undefined) {
    const token = givenToken(settings.bearerAuthToken)
    return async refresh => ({ authorization: `Bearer ${await token(refresh)}`, ...cloud })
  }
  if (settings.bearerAuthIssuerEndpointUrl !== undefined) {
    const token = oauthToken(settings, http, clock)
    return async refresh => ({ authorization: `Bearer ${await token(refresh)}`, ...cloud })
  }
  return async () => ({})
}

export function basic(userInfo: string): string {
  return `Basic ${Buffer.from(userInfo).toString('base64')}`
}

function givenToken(source: TokenSource): (refresh: boolean) => Promise<string> {
  if (typeof source === 'string') return async () => source
  let last: Promise<string> | undefined
  return refresh => {
    if (refresh) last = undefined
    last ??= Promise.resolve(source()).catch(error => {
      last = undefined
      throw error
    })
    return last
  }
}

/** OAuth 2 client credentials (RFC 6749, 4.4): one exchange at a time, kept until it grows old. */
function oauthToken(
  settings: RegistrySettings,
  http: Http,
  clock: Clock,
): (refresh: boolean) => Promise<string> {
  const url = new URL(settings.bearerAuthIssuerEndpointUrl!)
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (settings.bearerAuthScope !== undefined) form.set('scope', settings.bearerAuthScope)
  const secret = [settings.bearerAuthClientId!, settings.bearerAuthClientSecret!]
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
    authorization: basic(secret.map(encodeURIComponent).join(':')),
  }
  let last: Promise<{ token: string; until: number }> | undefined
  const exchange = async () => {
    const place = { method: 'POST', url: url.href }
    const answer = await http.send({ method: 'POST', url, headers, body: `${form}`, place })
    const { token, lifeMs } = readToken(answer.status, answer.body, url)
    return { token, until: clock.now() + lifeMs * renewAfter }
  }
  return async refresh => {
    const known = await last
    if (refresh || (known && known.until <= clock.now())) last = undefined
    last ??= exchange().catch(error => {
      last = undefined
      throw error
    })
    return (await last).token
  }
}

function readToken(status: number, body: string, url: URL): { token: string; lifeMs: number } {
  const answer = parseObject(body)
  const token = answer?.access_token
  if (status === 200 && typeof token === 'string') {
    const seconds = Number(answer?.expires_in ?? 3600)
    return { token, lifeMs: Number.isFinite(seconds) ? seconds * 1000 : 3_600_000 }
  }
  const words = answer?.error_description ?? answer?.error ?? 'no access_token'
  throw new RegistryError({
    code: 'UNAUTHORIZED',
    message: `POST ${url.href}: no token for the registry (status ${status}): ${String(words)}`,
    retriable: status >= 500,
    hint: 'check bearer.auth.client.id, bearer.auth.client.secret and bearer.auth.scope',
    where: { url: url.href, method: 'POST', status },
  })
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
