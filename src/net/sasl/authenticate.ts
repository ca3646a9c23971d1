import { type Clock, within } from '../../base/clock.ts'
import {
  AuthenticationError,
  asError,
  BrokerError,
  KafkaError,
  TimeoutError,
} from '../../errors.ts'
import { errorByCode } from '../../protocol/errors.ts'
import { SaslAuthenticate, SaslHandshake } from '../../protocol/index.ts'
import type { Connection } from '../connection.ts'
import type { Address } from '../transport.ts'
import { SaslFailure, type SaslMechanism } from './mechanism.ts'

const UNSUPPORTED_SASL_MECHANISM = 33
const ILLEGAL_SASL_STATE = 34
const NOT_IN_FRAMES = 0
const LAST_WORDS_MS = 100

/** What an authentication is made with. */
export interface SaslParts {
  readonly mechanism: SaslMechanism
  readonly clock: Clock
  /** Whether a refusal may pass: this client has been accepted before, and may have news. */
  mayHeal(): boolean
}

/**
 * Proves over a connection who we are, or proves it again. Gives how long the session lasts, in
 * milliseconds, or 0 where it has no end. Rejects with an AuthenticationError that says which
 * mechanisms the broker offers, what it refused, or what the mechanism lacked; with the reason why
 * the connection ended, where it did.
 */
export async function authenticate(
  connection: Connection,
  address: Address,
  parts: SaslParts,
): Promise<number> {
  const run = new Run(connection, address, parts)
  await run.handshake()
  return run.exchange()
}

class Run {
  readonly #connection: Connection
  readonly #address: Address
  readonly #parts: SaslParts
  readonly #startedAt: number
  /** Whether it is the broker who has to say something. */
  #waitsForBroker = false
  #lifetimeMs = 0

  constructor(connection: Connection, address: Address, parts: SaslParts) {
    this.#connection = connection
    this.#address = address
    this.#parts = parts
    this.#startedAt = parts.clock.now()
  }

  /** Agrees on the mechanism. */
  async handshake(): Promise<void> {
    const { name } = this.#parts.mechanism
    const version = this.#connection.versionOf(SaslHandshake)
    if (version === undefined || version === NOT_IN_FRAMES) throw this.#tooOld()
    const answer = await this.#connection.send(SaslHandshake, { mechanism: name })
    if (answer.errorCode === UNSUPPORTED_SASL_MECHANISM) throw this.#notOffered(answer.mechanisms)
    if (answer.errorCode === ILLEGAL_SASL_STATE) throw this.#notExpected()
    if (answer.errorCode !== 0) {
      throw new BrokerError(answer.errorCode, { api: 'SaslHandshake', ...this.#at })
    }
  }

  /** Lets the mechanism speak; it has as long as the connection lives. */
  async exchange(): Promise<number> {
    const { mechanism } = this.#parts
    const abort = new AbortController()
    const { host, port } = this.#address
    const send = (message: Uint8Array) => this.#send(message)
    const said = mechanism.authenticate({ host, port, signal: abort.signal, send })
    const cut = this.#connection.closed.then(cause => {
      abort.abort(cause)
      if (this.#waitsForBroker) throw cause
      // A mechanism that hears the signal knows best what it was waiting for.
      const late = () => this.#nothingToSend(cause)
      return within(this.#parts.clock, LAST_WORDS_MS, said, late)
    })
    try {
      await Promise.race([said, cut])
      return this.#lifetimeMs
    } catch (thrown) {
      throw this.#failure(asError(thrown))
    }
  }

  async #send(message: Uint8Array): Promise<Buffer> {
    const authBytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
    this.#waitsForBroker = true
    const answer = await this.#connection.send(SaslAuthenticate, { authBytes })
    this.#waitsForBroker = false
    if (answer.errorCode !== 0) throw this.#refused(answer.errorCode, answer.errorMessage)
    this.#lifetimeMs = answer.sessionLifetimeMs
    return answer.authBytes
  }

  get #at(): { broker: string } {
    return { broker: this.#connection.name }
  }

  #error(code: string, message: string, hint?: string, cause?: unknown): AuthenticationError {
    return new AuthenticationError({
      code,
      message: `broker ${this.#connection.name}: ${message}`,
      retriable: this.#parts.mayHeal(),
      hint,
      cause,
      at: this.#at,
    })
  }

  #notOffered(offered: readonly string[]): AuthenticationError {
    const { name } = this.#parts.mechanism
    const list = offered.join(', ') || 'no mechanism at all'
    return this.#error(
      'UNSUPPORTED_SASL_MECHANISM',
      `this listener offers ${list}, but sasl.mechanism is ${name}`,
      offered.length > 0 ? `set sasl.mechanism to one of ${list}` : undefined,
    )
  }

  #notExpected(): AuthenticationError {
    return this.#error(
      'ILLEGAL_SASL_STATE',
      'this listener does not authenticate by SASL',
      'set security.protocol to plaintext or ssl, or use the port of a SASL listener',
    )
  }

  #tooOld(): AuthenticationError {
    return this.#error(
      'UNSUPPORTED_VERSION',
      'does not speak SASL as Kafka has done since 1.0',
      'is it Kafka, in a version that is still maintained?',
    )
  }

  #refused(errorCode: number, brokersWords: string | null): AuthenticationError {
    const { name, hint } = this.#parts.mechanism
    const row = errorByCode(errorCode)
    const words = brokersWords ? ` (the broker says: ${brokersWords})` : ''
    return this.#error(row.name, `${name} was refused: ${row.text}${words}`, hint)
  }

  #nothingToSend(cause: Error): AuthenticationError {
    const { mechanism, clock } = this.#parts
    const ms = Math.round(clock.now() - this.#startedAt)
    return this.#error(
      'CREDENTIALS_TIMED_OUT',
      `${mechanism.name} had nothing to send after ${ms} ms, and time is up`,
      'does the function or service hang that gives the credentials?',
      cause,
    )
  }

  #failure(error: Error): Error {
    // What aborted a mechanism came to it as the reason of its signal.
    if (error instanceof TimeoutError && !this.#waitsForBroker) return this.#nothingToSend(error)
    if (error instanceof KafkaError) return error
    const code = error instanceof SaslFailure ? error.code : 'CREDENTIALS_UNAVAILABLE'
    const hint = error instanceof SaslFailure ? error.hint : undefined
    return this.#error(code, `${this.#parts.mechanism.name}: ${error.message}`, hint, error)
  }
}
