import type { Clock, Timer } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import {
  asError,
  BrokerError,
  ConnectionError,
  type ErrorPlace,
  ProtocolError,
  TimeoutError,
} from '../errors.ts'
import type { Publisher } from '../events.ts'
import { encodeRequest, FrameSplitter, readResponse } from '../protocol/frame.ts'
import type { FrameMemory } from '../protocol/frame-memory.ts'
import {
  type Api,
  type RequestInput,
  type ResponseOf,
  SaslAuthenticate,
  SaslHandshake,
} from '../protocol/index.ts'
import { Reader } from '../wire/reader.ts'
import { closeFailure, dialFailure, foreignProtocol, tooLate } from './diagnose.ts'
import { isLong, readLong } from './long-answer.ts'
import { type BrokerVersions, negotiate, nothingKnown } from './negotiate.ts'
import { Parking } from './parking.ts'
import { type Pending, throttleOf } from './pending.ts'
import { type Address, type Dial, formatAddress, type Transport } from './transport.ts'

export interface ConnectionOptions {
  readonly address: Address
  /** The broker's id, where it is known already; for messages. */
  readonly nodeId?: number | undefined
  readonly clientId: string
  readonly clock: Clock
  readonly dial: Dial
  readonly publisher: Publisher
  /** `request.timeout.ms`: a request without an answer for so long closes the connection. */
  readonly requestTimeoutMs: number
  /** `socket.connection.setup.timeout.ms`: dialling, negotiating and authenticating together. */
  readonly setupTimeoutMs: number
  /** `receive.message.max.bytes`: a larger answer closes the connection before it is buffered. */
  readonly maxResponseBytes: number
  /** Where large answers are read to, if those before were given back to it. */
  readonly memory?: FrameMemory
  /**
   * Runs after the versions are known and before anything else is sent. Gives how long the session
   * lasts that it opened, in milliseconds, or 0 where it has no end (KIP-368).
   */
  readonly authenticate?: Authenticate | undefined
}

export type Authenticate = (connection: Connection) => Promise<number>

export interface SendOptions {
  /** How long the answer may take; `request.timeout.ms` by default. */
  readonly timeoutMs?: number | undefined
  /** Speak no later version than this. */
  readonly maxVersion?: number | undefined
  /** No answer will come (`acks=0`): done as soon as it is written. */
  readonly silent?: boolean
}

type Phase = 'negotiating' | 'authenticating' | 'ready' | 'closed'

/**
 * One connection to one broker. Requests are pipelined; a broker answers in the order in which it
 * was asked (KIP-98 relies on it), so the oldest pending request owns the next frame. Whatever goes
 * wrong ends the connection: nothing can be trusted of a stream that is out of step.
 */
export class Connection {
  readonly name: string
  readonly #options: ConnectionOptions
  readonly #transport: Transport
  readonly #splitter: FrameSplitter
  readonly #closed = deferred<Error>()
  readonly #parking = new Parking<Connection>()
  /** Who took over, when this one has retired. */
  #successor: Connection | undefined
  /** Told when nothing is in flight. */
  #quiet: (() => void) | undefined
  #sessionLifetimeMs = 0
  #answers = 0
  #phase: Phase = 'negotiating'
  #versions = nothingKnown
  #pending: Pending[] = []
  #correlationId = 0
  #receivedBytes = 0
  #timer: Timer | undefined
  #writable = true
  #lastUsedAt: number
  /** The broker asked for silence until then (KIP-219). */
  #throttledUntil = 0

  private constructor(options: ConnectionOptions, transport: Transport) {
    this.#options = options
    this.#transport = transport
    this.#splitter = new FrameSplitter(options.maxResponseBytes, options.memory)
    this.#lastUsedAt = options.clock.now()
    this.name = nameOf(options)
    transport.listen({
      data: chunk => this.#receive(chunk),
      room: () => this.#splitter.room(),
      drain: () => {
        this.#writable = true
      },
      closed: cause => this.#end(this.#closeError(cause)),
    })
  }

  /** Dials, negotiates versions, authenticates. Rejects with a ConnectionError that says why. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const at = formatAddress(options.address)
    const abort = new AbortController()
    const late = tooLate(at, options)
    let connection: Connection | undefined
    const timer = options.clock.after(options.setupTimeoutMs, () => {
      abort.abort(late)
      connection?.destroy(late)
    })
    try {
      const transport = await options.dial(options.address, abort.signal)
      connection = new Connection(options, transport)
      await connection.#setUp()
      return connection
    } catch (error) {
      const isTold = error instanceof Error && 'retriable' in error
      const cause = isTold ? error : dialFailure(at, error, options.nodeId)
      const facts = { broker: nameOf(options), from: 'dialling', to: 'closed', cause }
      if (connection) connection.destroy(asError(error))
      else options.publisher.publish('connection:moved', facts)
      throw cause
    } finally {
      timer.cancel()
    }
  }

  async #setUp(): Promise<void> {
    this.#moved('dialling', 'negotiating')
    this.#versions = await negotiate(this)
    const { authenticate } = this.#options
    if (authenticate) {
      this.#become('authenticating')
      this.#sessionLifetimeMs = await authenticate(this)
    }
    // Closed while that ran, and only this remembers why.
    if (!this.isOpen) throw await this.#closed.promise
    this.#become('ready')
  }

  /** How long the session lasts from when it was opened, in milliseconds; 0 where it has no end. */
  get sessionLifetimeMs(): number {
    return this.#sessionLifetimeMs
  }

  /**
   * Holds back new requests and resolves when those in flight are answered, or the connection is
   * gone. `reauthenticate` or `handOver` lets those that were held back go on.
   */
  quiet(): Promise<void> {
    this.#parking.hold()
    if (this.#pending.length === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#quiet = resolve
    })
  }

  /**
   * Proves once more who we are, over a connection that is quiet (KIP-368). When it rejects,
   * requests are still held back: `handOver` says what becomes of them.
   */
  async reauthenticate(): Promise<void> {
    const { authenticate, clock, setupTimeoutMs, address } = this.#options
    if (!authenticate || !this.isOpen) throw this.#closeError(undefined)
    const late = tooLate(formatAddress(address), this.#options)
    const timer = clock.after(setupTimeoutMs, () => this.destroy(late))
    this.#become('authenticating')
    try {
      this.#sessionLifetimeMs = await authenticate(this)
    } finally {
      timer.cancel()
    }
    if (!this.isOpen) throw await this.#closed.promise
    this.#become('ready')
    this.#parking.release(this)
  }

  /** Retires: what was held back, and what still comes, goes over `successor`, or fails. */
  handOver(successor: Connection | Error): void {
    if (successor instanceof Error) {
      this.destroy(successor)
      this.#parking.giveUp(successor)
      return
    }
    this.#successor = successor
    this.close()
    this.#parking.release(successor)
  }

  /** Resolves with the reason once the connection is gone, for whatever reason. */
  get closed(): Promise<Error> {
    return this.#closed.promise
  }

  get isOpen(): boolean {
    return this.#phase !== 'closed'
  }

  get inFlight(): number {
    return this.#pending.length + this.#parking.size
  }

  /** False while much that was written waits to leave: better not to write more just now. */
  get writable(): boolean {
    return this.#writable
  }

  /** When the last request was sent or answered, by the client's clock. */
  get lastUsedAt(): number {
    return this.#lastUsedAt
  }

  get throttledUntil(): number {
    return this.#throttledUntil
  }

  get versions(): BrokerVersions {
    return this.#versions
  }

  /** The highest version of an API that both sides speak, or undefined where there is none. */
  versionOf(api: Api, maxVersion = api.versions[1]): number | undefined {
    const theirs = this.#versions.apis.get(api.key)
    if (!theirs) return undefined
    const version = Math.min(api.versions[1], theirs.max, maxVersion)
    return version < Math.max(api.versions[0], theirs.min) ? undefined : version
  }

  /**
   * Sends a request in the highest version that both sides speak. Rejects with a ConnectionError
   * when the connection breaks first, a TimeoutError when no answer comes in time; after either,
   * what became of the request is not known.
   */
  send<A extends Api>(
    api: A,
    request: RequestInput<A>,
    options: SendOptions = {},
  ): Promise<ResponseOf<A>> {
    const version = this.versionOf(api, options.maxVersion)
    if (version === undefined) return Promise.reject(this.#unsupported(api))
    return this.sendAs(api, version, request, options)
  }

  /** The same in a version that is given, which only the negotiation itself needs. */
  sendAs<A extends Api>(
    api: A,
    version: number,
    request: RequestInput<A>,
    options: SendOptions = {},
  ): Promise<ResponseOf<A>> {
    if (this.#successor) return this.#successor.sendAs(api, version, request, options)
    if (this.#parking.holds && !authenticates(api)) {
      return new Promise((resolve, reject) => {
        const go = (over: Connection) =>
          over.sendAs(api, version, request, options).then(resolve, reject)
        this.#parking.add({ go, giveUp: reject })
      })
    }
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(this.#closeError(undefined))
      const correlationId = this.#nextCorrelationId()
      const chunks = encodeRequest(api, version, correlationId, this.#options.clientId, request)
      this.#write(api, version, correlationId, chunks)
      if (options.silent) return resolve({} as ResponseOf<A>)
      const sentAt = this.#options.clock.now()
      const deadline = sentAt + (options.timeoutMs ?? this.#options.requestTimeoutMs)
      const settle = resolve as (response: object) => void
      if (this.#pending.length === 0) this.#transport.hold(true)
      this.#pending.push({ api, version, correlationId, sentAt, deadline, resolve: settle, reject })
      this.#watch(deadline)
    })
  }

  /** Lets what was written leave, then closes; pending requests are rejected. */
  close(): void {
    this.#transport.close()
    this.#end(this.#closeError(new Error('closed by this client')))
  }

  destroy(cause: Error): void {
    this.#transport.destroy(cause)
    this.#end(cause)
  }

  #write(api: Api, version: number, correlationId: number, chunks: readonly Buffer[]): void {
    this.#writable = this.#transport.write(chunks)
    // Proving again who we are is no use that should keep an idle connection alive.
    if (this.#phase !== 'authenticating') this.#lastUsedAt = this.#options.clock.now()
    const { publisher } = this.#options
    if (!publisher.heard('request:sent')) return
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const facts = { broker: this.name, api: api.name, version, correlationId, bytes }
    publisher.publish('request:sent', facts)
  }

  #nextCorrelationId(): number {
    this.#correlationId = (this.#correlationId + 1) & 0x7fffffff
    return this.#correlationId
  }

  #receive(chunk: Buffer): void {
    try {
      if (this.#receivedBytes === 0) this.#refuseForeign(chunk)
      this.#receivedBytes += chunk.length
      for (const frame of this.#splitter.push(chunk)) {
        if (!this.isOpen) return
        this.#answer(frame)
      }
    } catch (error) {
      this.destroy(this.#nonsense(asError(error)))
    }
  }

  #refuseForeign(chunk: Buffer): void {
    const foreign = foreignProtocol(chunk)
    if (foreign === undefined) return
    throw new ConnectionError({
      code: 'NOT_KAFKA',
      message: `${this.name} does not answer as a Kafka broker`,
      retriable: true,
      hint: foreign,
      at: { broker: this.name },
    })
  }

  #answer(frame: Buffer): void {
    const reader = new Reader(frame)
    const correlationId = reader.int32()
    const pending = this.#pending[0]
    if (!pending || pending.correlationId !== correlationId) {
      throw new Error(`answer ${correlationId} came, ${pending?.correlationId ?? 'none'} expected`)
    }
    const isPatient = isLong(pending.api, frame.length)
    // If that fails, the connection ends, and with it whatever is pending.
    const response = isPatient ? undefined : readResponse(pending.api, pending.version, reader)
    this.#pending.shift()
    if (response) this.#deliver(pending, response, frame.length)
    else void this.#deliverLong(pending, reader, frame.length)
  }

  async #deliverLong(pending: Pending, reader: Reader, bytes: number): Promise<void> {
    const { api, version } = pending
    try {
      const response = await readLong(this.#options.clock, api, version, reader)
      this.#deliver(pending, response, bytes)
    } catch (error) {
      const nonsense = this.#nonsense(asError(error), pending)
      pending.reject(nonsense)
      this.destroy(nonsense)
    }
  }

  #deliver(pending: Pending, response: object, bytes: number): void {
    this.#answers++
    if (this.#pending.length === 0) this.#rest()
    const now = this.#options.clock.now()
    if (this.#phase !== 'authenticating') this.#lastUsedAt = now
    const throttleMs = throttleOf(response)
    if (throttleMs > 0) this.#throttledUntil = now + throttleMs
    const { publisher } = this.#options
    if (publisher.heard('response:received')) {
      const { api, version, correlationId, sentAt } = pending
      publisher.publish('response:received', {
        broker: this.name,
        api: api.name,
        version,
        correlationId,
        bytes,
        latencyMs: now - sentAt,
        throttleMs,
      })
    }
    pending.resolve(response)
  }

  /** Nothing is in flight. */
  #rest(): void {
    this.#transport.hold(false)
    this.#quiet?.()
    this.#quiet = undefined
  }

  /** One timer serves all pending requests: it fires at the earliest deadline known when armed. */
  #watch(deadline: number): void {
    if (this.#timer) return
    this.#timer = this.#options.clock.after(deadline - this.#options.clock.now(), () => {
      this.#timer = undefined
      // Timers come before I/O: after a pause of this process the answer may be here, unread.
      this.#options.clock.soon(() => this.#checkDeadlines())
    })
    // What waits for an answer is held by the transport; the timer may outlive the last of it.
    this.#timer.unref()
  }

  #checkDeadlines(): void {
    if (this.#pending.length === 0) return
    const now = this.#options.clock.now()
    const late = this.#pending.find(pending => pending.deadline <= now)
    if (!late) {
      this.#watch(Math.min(...this.#pending.map(pending => pending.deadline)))
      return
    }
    this.destroy(
      new TimeoutError({
        code: 'REQUEST_TIMED_OUT',
        message: `broker ${this.name} gave no answer to ${late.api.name} within ${Math.round(
          late.deadline - late.sentAt,
        )} ms`,
        retriable: true,
        at: this.#place(late),
      }),
    )
  }

  #end(cause: Error): void {
    if (this.#phase === 'closed') return
    this.#become('closed', cause)
    this.#timer?.cancel()
    this.#timer = undefined
    const pending = this.#pending
    this.#pending = []
    for (const each of pending) each.reject(cause)
    this.#quiet?.()
    this.#quiet = undefined
    this.#closed.resolve(cause)
  }

  #become(next: Phase, cause?: Error): void {
    const from = this.#phase
    this.#phase = next
    this.#moved(from, next, cause)
  }

  #moved(from: string, to: string, cause?: Error): void {
    const facts = { broker: this.name, from, to, ...(cause && { cause }) }
    this.#options.publisher.publish('connection:moved', facts)
  }

  #closeError(cause: Error | undefined): Error {
    if (cause && 'retriable' in cause) return cause
    const phase = this.#phase === 'closed' ? 'ready' : this.#phase
    const silence = {
      receivedBytes: this.#receivedBytes,
      onlyNegotiated: this.#answers <= 1 && this.#options.authenticate === undefined,
      phase,
    }
    return closeFailure(this.#place(), silence, cause)
  }

  #nonsense(error: Error, pending = this.#pending[0]): Error {
    if ('retriable' in error) return error
    return new ProtocolError({
      code: 'BAD_ANSWER',
      message: `broker ${this.name} sent what is not an answer: ${error.message}`,
      retriable: true,
      cause: error,
      at: this.#place(pending),
    })
  }

  #unsupported(api: Api): Error {
    const theirs = this.#versions.apis.get(api.key)
    const range = theirs ? `${theirs.min} to ${theirs.max}` : 'none'
    return new BrokerError(
      35,
      { api: api.name, broker: this.name },
      null,
      `we speak versions ${api.versions.join(' to ')} of it, this broker ${range}`,
    )
  }

  #place(pending?: Pending): ErrorPlace {
    if (!pending) return { broker: this.name }
    const { api, version, correlationId } = pending
    return { broker: this.name, api: api.name, version, correlationId }
  }
}

/** As messages and events call a broker: its id, where that is known, and its address. */
function nameOf({ address, nodeId }: ConnectionOptions): string {
  const at = formatAddress(address)
  return nodeId === undefined ? at : `${nodeId} (${at})`
}

/** The requests that prove who we are, which go first while others are held back. */
function authenticates(api: Api): boolean {
  return api === SaslHandshake || api === SaslAuthenticate
}
