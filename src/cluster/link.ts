import { type Backoff, backoffMs } from '../base/backoff.ts'
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { asError, ConnectionError } from '../errors.ts'
import type { Connection } from '../net/connection.ts'

/** Where a link stands; the data of a state exists only there. */
type LinkState =
  | { readonly is: 'down'; readonly cause?: Error }
  | { readonly is: 'connecting'; readonly done: Promise<Connection> }
  | { readonly is: 'up'; readonly connection: Connection }
  | { readonly is: 'resting'; readonly until: number; readonly cause: Error }

export interface LinkOptions {
  readonly clock: Clock
  readonly random: Random
  readonly backoff: Backoff
  /** Dials; must give a new connection at each call. */
  open(): Promise<Connection>
  /** Told whenever the link came up, broke, or may be tried again. */
  changed(): void
}

/**
 * The way to one broker: at most one connection, dialled when first wanted and again after it
 * broke, with a rest between failures that grows (KIP-144).
 */
export class Link {
  #state: LinkState = { is: 'down' }
  #failures = 0
  readonly #options: LinkOptions

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** The open connection, or undefined. */
  get connection(): Connection | undefined {
    return this.#state.is === 'up' && this.#state.connection.isOpen
      ? this.#state.connection
      : undefined
  }

  /** Why the link is down, if it is known to be. */
  get problem(): Error | undefined {
    return this.#state.is === 'resting' || this.#state.is === 'down' ? this.#state.cause : undefined
  }

  /** The open connection, or one as soon as it stands. Rejects at once while the link rests. */
  connect(): Promise<Connection> {
    const state = this.#state
    if (state.is === 'up') return Promise.resolve(state.connection)
    if (state.is === 'connecting') return state.done
    if (state.is === 'resting' && state.until > this.#options.clock.now()) {
      return Promise.reject(state.cause)
    }
    const done = this.#dial()
    this.#state = { is: 'connecting', done }
    return done
  }

  /** Milliseconds until `connect` would dial again; 0 where it would at once. */
  restMs(): number {
    const state = this.#state
    return state.is === 'resting' ? Math.max(0, state.until - this.#options.clock.now()) : 0
  }

  async #dial(): Promise<Connection> {
    try {
      const connection = await this.#options.open()
      this.#state = { is: 'up', connection }
      void connection.closed.then(cause => this.#broken(connection, cause))
      this.#failures = 0
      this.#options.changed()
      return connection
    } catch (error) {
      throw this.#rest(asError(error))
    }
  }

  #broken(connection: Connection, cause: Error): void {
    if (this.#state.is !== 'up' || this.#state.connection !== connection) return
    this.#state = { is: 'down', cause }
    this.#options.changed()
  }

  #rest(cause: Error): Error {
    this.#failures++
    const { clock, random, backoff, changed } = this.#options
    const ms = backoffMs(backoff, this.#failures, random)
    this.#state = { is: 'resting', until: clock.now() + ms, cause }
    clock.after(ms, changed).unref()
    changed()
    return cause
  }

  close(): void {
    const state = this.#state
    const cause = new ConnectionError({ code: 'CLOSED', message: 'this client was closed' })
    this.#state = { is: 'resting', until: Number.POSITIVE_INFINITY, cause }
    if (state.is === 'up') state.connection.close()
    if (state.is === 'connecting') {
      void state.done.then(
        connection => connection.close(),
        () => {},
      )
    }
  }
}
