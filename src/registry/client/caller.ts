import { backoffMs } from '../../base/backoff.ts'
import { type Clock, sleep } from '../../base/clock.ts'
import { isDeeper } from '../../base/depth.ts'
import type { Random } from '../../base/random.ts'
import { RegistryError, type RegistryPlace } from '../../errors.ts'
import { basic, type Credentials, credentialsOf } from './auth.ts'
import { notARegistry, refused } from './errors.ts'
import { Http, type HttpAnswer } from './http.ts'
import { type RegistrySettings, tlsOf } from './options.ts'

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** The path below the registry's URL, each part encoded already. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  /** For errors: the subject, version or id that the call is about. */
  readonly about?: RegistryPlace
}

/** No answer of a registry's API is nested even ten deep. */
const MAX_NESTING = 200
const mediaType = 'application/vnd.schemaregistry.v1+json'

/**
 * The one owner of retries: sends a call to the URL that answered last, and after a fault that may
 * pass to the next one, with a growing wait after each round through all of them.
 */
export class Caller {
  readonly #settings: RegistrySettings
  readonly #clock: Clock
  readonly #random: Random
  readonly #http: Http
  readonly #credentials: Credentials
  readonly #urls: readonly URL[]
  #good = 0

  constructor(settings: RegistrySettings, clock: Clock, random: Random) {
    this.#settings = settings
    this.#clock = clock
    this.#random = random
    this.#http = new Http(clock, settings.requestTimeoutMs, tlsOf(settings))
    this.#credentials = credentialsOf(settings, this.#http, clock)
    this.#urls = settings.schemaRegistryUrl.map(url => new URL(url))
  }

  /** The registry's URL that errors name when no request was made for them. */
  get url(): string {
    return shownUrl(this.#urls[this.#good]!).replace(/\/$/, '')
  }

  /** What the registry answered, as parsed JSON. Rejects with a RegistryError. */
  async call(call: Call): Promise<unknown> {
    const backoff = {
      initialMs: this.#settings.retryBackoffMs,
      maxMs: this.#settings.retryBackoffMaxMs,
    }
    for (let tries = 0; ; tries++) {
      const at = (this.#good + tries) % this.#urls.length
      try {
        const answer = await this.#once(call, this.#urls[at]!)
        this.#good = at
        return answer
      } catch (error) {
        const again = error instanceof RegistryError && error.retriable
        if (!again || tries >= Math.max(this.#settings.retries, this.#urls.length - 1)) throw error
      }
      // A URL that was not tried yet needs no wait: that is what it is there for.
      const rounds = Math.floor((tries + 1) / this.#urls.length)
      const endOfRound = (tries + 1) % this.#urls.length === 0
      if (endOfRound) await sleep(this.#clock, backoffMs(backoff, rounds, this.#random))
    }
  }

  close(): void {
    this.#http.close()
  }

  async #once(call: Call, base: URL): Promise<unknown> {
    const method = call.method ?? 'GET'
    const url = this.#urlOf(call, base)
    const place = { ...call.about, method, url: shownUrl(url) }
    let answer = await this.#send(call, url, place, false)
    // A token may have been withdrawn before its time: fetch another, once.
    if (answer.status === 401) answer = await this.#send(call, url, place, true)
    return meaning(answer, place)
  }

  async #send(call: Call, url: URL, place: RegistryPlace, refresh: boolean): Promise<HttpAnswer> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body)
    const headers = {
      accept: `${mediaType}, application/json`,
      ...(body !== undefined && {
        'content-type': mediaType,
        'content-length': String(Buffer.byteLength(body)),
      }),
      ...(url.username && {
        authorization: basic(decodeURIComponent(`${url.username}:${url.password}`)),
      }),
      ...(await this.#credentials(refresh)),
    }
    const method = call.method ?? 'GET'
    return this.#http.send({ method, url, headers, place, ...(body !== undefined && { body }) })
  }

  #urlOf(call: Call, base: URL): URL {
    const url = new URL(base)
    url.pathname = `${base.pathname.replace(/\/$/, '')}/${call.path}`
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    return url
  }
}

/** The JSON of a good answer; a RegistryError in the registry's own words of a bad one. */
function meaning(answer: HttpAnswer, place: RegistryPlace): unknown {
  const { status } = answer
  const here = { ...place, status }
  const json = parse(answer.body)
  if (isDeeper(json, MAX_NESTING)) {
    throw notARegistry(here, `JSON nested more than ${MAX_NESTING} deep`)
  }
  if (status >= 200 && status < 300) {
    if (json === undefined) throw notARegistry(here, shown(answer.body))
    return json
  }
  // Apicurio answers an unknown GUID with a 404 and no body at all.
  if (answer.body === '') throw refused(here, 'the answer has no words')
  if (typeof json !== 'object' || json === null) throw notARegistry(here, shown(answer.body))
  const { error_code: number, message } = json as { error_code?: unknown; message?: unknown }
  const errorCode = typeof number === 'number' && number !== 0 ? number : undefined
  const words = typeof message === 'string' ? message : ''
  throw refused({ ...here, ...(errorCode !== undefined && { errorCode }) }, words)
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** The beginning of an answer, on one line; a page's title says more than its first tag. */
function shown(body: string): string {
  if (body === '') return 'nothing'
  const title = /<title>([^<]{1,80})/i.exec(body)?.[1]
  const start = body.slice(0, 80).replace(/\s+/g, ' ').trim()
  return title === undefined ? `"${start}"` : `an HTML page titled "${title.trim()}"`
}

/** A URL for people: without a password. */
function shownUrl(url: URL): string {
  if (url.username === '') return url.href
  const safe = new URL(url)
  safe.username = ''
  safe.password = ''
  return safe.href
}
