import { type Backoff, backoffMs } from '../../base/backoff.ts'
import { type Clock, sleep } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { redact, type Secret } from '../../base/secret.ts'
import { asError } from '../../errors.ts'
import { type AssertionSettings, assertion } from './assertion.ts'
import { SaslFailure } from './mechanism.ts'
import { checkedToken } from './oauthbearer.ts'
import type { Token } from './token-cache.ts'

/** How we prove to the provider who we are, and by which grant a token is asked for. */
export type OidcGrant =
  /** `client_credentials` with a secret (KIP-768). */
  | { readonly is: 'secret'; readonly id: string; readonly secret: Secret }
  /** `client_credentials` with a signed assertion instead of a secret (KIP-1258). */
  | { readonly is: 'clientAssertion'; readonly id?: string; readonly by: AssertionSettings }
  /** The assertion is itself the grant (RFC 7523, KIP-1139). */
  | { readonly is: 'jwtBearer'; readonly by: AssertionSettings }

export interface OidcSettings {
  readonly url: string
  readonly grant: OidcGrant
  readonly scope?: string | undefined
  /** Encode id and secret as RFC 6749 wants it and some providers don't. */
  readonly encodesHeader: boolean
  readonly extensions?: Readonly<Record<string, string>> | undefined
}

const RETRY: Backoff = { initialMs: 100, maxMs: 10_000 }
const LARGEST_ANSWER = 1024 * 1024
const LONGEST_WORDS = 300
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const JWT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Worth another try: the provider is away or busy, rather than against us. */
class Passing extends Error {}

/**
 * Asks a token endpoint for an access token. Tries again, with growing rests, while the provider
 * can't be reached or is busy, until `signal` aborts; what it refuses is a SaslFailure at once.
 */
export async function oidcToken(
  settings: OidcSettings,
  clock: Clock,
  random: Random,
  signal: AbortSignal,
): Promise<Token> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(settings, clock, signal)
    } catch (error) {
      if (!(error instanceof Passing)) throw error
      await sleep(clock, backoffMs(RETRY, attempt, random), signal)
      if (signal.aborted) throw unreachable(settings.url, error.message)
    }
  }
}

async function askOnce(settings: OidcSettings, clock: Clock, signal: AbortSignal): Promise<Token> {
  const { url, extensions } = settings
  const { headers, form } = question(settings, clock)
  const startedAt = clock.epoch()
  const { status, text } = await post(url, headers, form, signal)
  if (status === 429 || status >= 500) throw new Passing(`it answered HTTP ${status}`)
  const answer = fieldsOf(text)
  if (status !== 200) throw refusal(settings, status, answer)
  const value = answer.access_token
  if (typeof value !== 'string') {
    throw new SaslFailure(
      'BAD_TOKEN_ANSWER',
      `${shown(url)} answered without an access_token`,
      'is sasl.oauthbearer.token.endpoint.url the token endpoint of the provider?',
    )
  }
  const seconds = Number(answer.expires_in)
  const expiresAt = seconds > 0 ? startedAt + seconds * 1000 : undefined
  return checkedToken({ value, expiresAt, extensions })
}

interface Question {
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string | undefined>>
}

function question({ grant, scope, encodesHeader }: OidcSettings, clock: Clock): Question {
  switch (grant.is) {
    case 'secret': {
      const parts = [grant.id, grant.secret.reveal()]
      const pair = parts.map(part => (encodesHeader ? encodeURIComponent(part) : part)).join(':')
      const authorization = `Basic ${Buffer.from(pair).toString('base64')}`
      return { headers: { authorization }, form: { grant_type: 'client_credentials', scope } }
    }
    case 'clientAssertion': {
      const client_assertion = assertion(grant.by, clock.epoch())
      const proof = { client_assertion_type: JWT_ASSERTION, client_assertion }
      const form = { grant_type: 'client_credentials', client_id: grant.id, scope, ...proof }
      return { headers: {}, form }
    }
    case 'jwtBearer': {
      const form = { grant_type: JWT_BEARER, assertion: assertion(grant.by, clock.epoch()), scope }
      return { headers: {}, form }
    }
  }
}

async function post(
  url: string,
  headers: Question['headers'],
  form: Question['form'],
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value)
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json', ...headers },
      body,
      // A redirect could take the secret to somebody else.
      redirect: 'error',
      signal,
    })
    return { status: answer.status, text: await limited(answer) }
  } catch (thrown) {
    if (thrown instanceof SaslFailure) throw thrown
    const error = asError(thrown)
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
    if (signal.aborted) throw unreachable(url, 'it gave no answer in time')
    throw new Passing(`${error.message}${cause}`)
  }
}

async function limited(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    const bytes: Uint8Array = chunk
    size += bytes.length
    if (size > LARGEST_ANSWER) {
      throw new SaslFailure('BAD_TOKEN_ANSWER', `the answer is larger than ${LARGEST_ANSWER} bytes`)
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** What the provider said, with what we told it taken out, should it repeat that. */
function refusal(
  { url, grant }: OidcSettings,
  status: number,
  answer: Readonly<Record<string, unknown>>,
): SaslFailure {
  const said = [answer.error, answer.error_description].filter(part => typeof part === 'string')
  const secrets = grant.is === 'secret' ? [grant.secret] : []
  const words = redact(said.join(': '), secrets).slice(0, LONGEST_WORDS)
  const hint =
    grant.is === 'secret'
      ? 'are sasl.oauthbearer.client.id and sasl.oauthbearer.client.secret right?'
      : "does the provider know the assertion's key, issuer, subject and audience?"
  const what = `${shown(url)} gave no token: HTTP ${status}${words && `, ${words}`}`
  return new SaslFailure('TOKEN_REFUSED', what, hint)
}

function unreachable(url: string, why: string): SaslFailure {
  return new SaslFailure(
    'TOKEN_ENDPOINT_UNREACHABLE',
    `${shown(url)} gave no token: ${why}`,
    'see sasl.oauthbearer.token.endpoint.url; a private authority goes into NODE_EXTRA_CA_CERTS',
  )
}

/** The address without what may be secret in it. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
