import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'

/** A bearer token, and how long it is good for. */
export interface Token {
  readonly value: string
  /** Milliseconds since 1970 when it ends; unknown ones are asked for at each authentication. */
  readonly expiresAt?: number | undefined
  /** More for the broker to hear (KIP-342), such as `logicalCluster`. */
  readonly extensions?: Readonly<Record<string, string>> | undefined
}

// Of a token's life, when a new one is wanted: from 75 to 80 percent, so that the members of a
// fleet that started together don't all ask at once.
const REFRESH_AFTER = 0.8
const JITTER = 0.05
const LAST_WORDS_MS = 50

interface Held {
  readonly token: Token
  readonly refreshAt: number
}

/**
 * Keeps a token for all connections of a client: asked for once at a time, again before it ends.
 * Where no new one is to be had, the one that is still good will do.
 */
export class TokenCache {
  readonly #clock: Clock
  readonly #random: Random
  readonly #fetch: (signal: AbortSignal) => Promise<Token>
  #held: Held | undefined
  #asking: Promise<Token> | undefined

  constructor(clock: Clock, random: Random, fetch: (signal: AbortSignal) => Promise<Token>) {
    this.#clock = clock
    this.#random = random
    this.#fetch = fetch
  }

  async get(signal: AbortSignal): Promise<Token> {
    const held = this.#held
    if (held && this.#clock.epoch() < held.refreshAt) return held.token
    try {
      return await this.#ask(signal)
    } catch (error) {
      const isGood = held !== undefined && held === this.#held && this.#endOf(held) > 0
      if (isGood) return held.token
      throw error
    }
  }

  /** The broker did not take it: the next one must be new. */
  forget(token: Token): void {
    if (this.#held?.token === token) this.#held = undefined
  }

  /**
   * Whoever comes while a token is asked for gets that one. It is asked for under the signal of
   * the first; those who came later, and still have time when that one's is over, ask again.
   */
  async #ask(signal: AbortSignal): Promise<Token> {
    while (this.#asking) {
      const [outcome] = await Promise.allSettled([this.#asking])
      if (outcome.status === 'fulfilled') return outcome.value
      if (signal.aborted) throw outcome.reason
    }
    this.#asking = this.#renew(signal).finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #renew(signal: AbortSignal): Promise<Token> {
    const startedAt = this.#clock.epoch()
    const token = await this.#unlessAborted(signal, this.#fetch(signal))
    const { expiresAt } = token
    const share = REFRESH_AFTER - JITTER * this.#random()
    const refreshAt = expiresAt === undefined ? 0 : startedAt + (expiresAt - startedAt) * share
    this.#held = expiresAt === undefined ? undefined : { token, refreshAt }
    return token
  }

  /**
   * The promise's outcome, or the reason of the abort, since what we wait for may never come. A
   * provider that heard the signal too has a moment to say what it was waiting for.
   */
  #unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const give = () => reject(signal.reason)
      const abort = () => void this.#clock.after(LAST_WORDS_MS, give)
      if (signal.aborted) abort()
      signal.addEventListener('abort', abort, { once: true })
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    })
  }

  #endOf({ token }: Held): number {
    return (token.expiresAt ?? 0) - this.#clock.epoch()
  }
}
