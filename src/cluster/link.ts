import { type Backoff, backoffMs } from '../base/backoff.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { asError, ConnectionError } from '../errors.ts'
import type { Connection } from '../net/connection.ts'

/** Where a link stands; the data of a state exists only there. */
type LinkState =
  | { readonly is: 'down'; readonly cause?: Error }
  | { readonly is: 'connecting'; readonly done: Promise<Connection> }
  | { readonly is: 'up'; readonly connection: Connection; readonly session: Timer | undefined }
  | { readonly is: 'renewing'; readonly connection: Connection; readonly done: Promise<Connection> }
  | { readonly is: 'resting'; readonly until: number; readonly cause: Error }

// Of a session's life, when to authenticate again: from 85 to 95 percent, as the Java client does.
const RENEW_AFTER = 0.85
const RENEW_JITTER = 0.1

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
 * broke, with a rest between failures that grows (KIP-144). A session that comes to its end is
 * renewed (KIP-368), and a connection replaced, between requests: whoever wants to send meanwhile
 * waits for the connection, and those in flight are answered first, so that none overtakes another.
 */
export class Link {
  #state: LinkState = { is: 'down' }
  #failures = 0
  readonly #options: LinkOptions

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** The open connection, over which requests may go at once, or undefined. */
  get connection(): Connection | undefined {
    return this.#state.is === 'up' ? this.standing : undefined
  }

  /** The connection that stands, also while its session is renewed and nothing may be sent. */
  get standing(): Connection | undefined {
    const state = this.#state
    return (state.is === 'up' || state.is === 'renewing') && state.connection.isOpen
      ? state.connection
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
    if (state.is === 'connecting' || state.is === 'renewing') return state.done
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

  /**
   * Puts a new connection in the place of the open one, which ends when all that it has in flight
   * is answered. Rejects, and leaves all as it was, where there is no new one to be had.
   */
  async replace(): Promise<void> {
    if (this.#state.is === 'renewing') await this.#state.done.catch(() => {})
    const before = this.#state
    if (before.is !== 'up') return
    const next = await this.#options.open()
    if (this.#state !== before) return next.close()
    await this.#renew(before.connection, async old => {
      old.handOver(next)
      return next
    })
  }

  async #dial(): Promise<Connection> {
    try {
      return this.#up(await this.#options.open())
    } catch (error) {
      throw this.#rest(asError(error))
    }
  }

  #up(connection: Connection, before?: Connection): Connection {
    if (this.#isClosed) {
      connection.close()
      return connection
    }
    this.#state = { is: 'up', connection, session: this.#sessionOf(connection) }
    if (connection !== before || !connection.isOpen) {
      void connection.closed.then(cause => this.#broken(connection, cause))
    }
    this.#failures = 0
    this.#options.changed()
    return connection
  }

  get #isClosed(): boolean {
    return this.#state.is === 'resting' && this.#state.until === Number.POSITIVE_INFINITY
  }

  #broken(connection: Connection, cause: Error): void {
    if (this.#state.is !== 'up' || this.#state.connection !== connection) return
    this.#state.session?.cancel()
    this.#state = { is: 'down', cause }
    this.#options.changed()
  }

  #sessionOf(connection: Connection): Timer | undefined {
    const { sessionLifetimeMs } = connection
    if (sessionLifetimeMs === 0) return undefined
    const { clock, random } = this.#options
    const share = RENEW_AFTER + RENEW_JITTER * random()
    const timer = clock.after(sessionLifetimeMs * share, () => {
      this.#renew(connection, old => this.#reauthenticate(old)).catch(() => {})
    })
    timer.unref()
    return timer
  }

  /** Where the broker refuses, as when our name has changed, a new connection takes over. */
  async #reauthenticate(connection: Connection): Promise<Connection> {
    try {
      await connection.reauthenticate()
      return connection
    } catch (error) {
      if (this.#isClosed) throw error
      const next = await this.#options.open()
      connection.handOver(next)
      return next
    }
  }

  /** Goes on with what `work` makes of the connection, when that has nothing in flight. */
  async #renew(
    connection: Connection,
    work: (connection: Connection) => Promise<Connection>,
  ): Promise<void> {
    const state = this.#state
    if (state.is !== 'up' || state.connection !== connection) return
    state.session?.cancel()
    const done = connection.quiet().then(() => work(connection))
    this.#state = { is: 'renewing', connection, done }
    try {
      this.#up(await done, connection)
    } catch (error) {
      connection.handOver(asError(error))
      if (!this.#isClosed) this.#rest(asError(error))
    }
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
    if (state.is === 'up') {
      state.session?.cancel()
      state.connection.close()
    }
    if (state.is === 'renewing') state.connection.handOver(cause)
    if (state.is === 'connecting' || state.is === 'renewing') {
      void state.done.then(
        connection => connection.close(),
        () => {},
      )
    }
  }
}
