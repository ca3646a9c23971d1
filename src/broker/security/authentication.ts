import { type Clock, sleep } from '../../base/clock.ts'
import { errorByName } from '../../protocol/errors.ts'
import { decodeRequestHeader, encodeResponse } from '../../protocol/frame.ts'
import { ApiVersions, SaslAuthenticate, SaslHandshake } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { Reader } from '../../wire/reader.ts'
import type { SaslGate } from './gate.ts'
import { ANONYMOUS, formatPrincipal, isSame, type Principal, userNamed } from './principal.ts'
import {
  LONGEST_SASL_MESSAGE,
  refused,
  type SaslStep,
  type ServerExchange,
  type ServerMechanism,
} from './sasl/mechanism.ts'

/** What a connection answers to a frame of its authentication. */
export interface SaslReply {
  readonly chunks?: readonly Buffer[]
  /** Why the connection ends with it. */
  readonly refusal?: string
}

/** Somebody who is known, until the session ends. */
interface Session {
  readonly principal: Principal
  readonly mechanism: string
  /** On the clock's `now`; Infinity if it does not end. */
  readonly endsAt: number
}

type State =
  /** Who does not ask takes everybody. */
  | { readonly is: 'open'; readonly principal: Principal }
  | { readonly is: 'greeting'; readonly knowsVersions: boolean }
  | {
      readonly is: 'talking'
      readonly mechanism: ServerMechanism
      readonly exchange: ServerExchange
      /** Messages come bare, without a Kafka header (SaslHandshake version 0). */
      readonly isBare: boolean
      /** The session that is to be renewed. */
      readonly before: Session | undefined
    }
  | { readonly is: 'mismatched'; readonly message: string }
  | { readonly is: 'known'; readonly session: Session }
  | { readonly is: 'over' }

interface Header {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
}

type Handshake = ResponseInput<typeof SaslHandshake>
type Authenticated = ResponseInput<typeof SaslAuthenticate>

/** A session can't be renewed more often. */
const MIN_RENEWAL_MS = 1000
const LATEST = { handshake: 1, authenticate: 2 } as const

/**
 * Finds out who is at the other end of a connection, as Kafka's SaslServerAuthenticator does:
 * before that, nothing is answered but ApiVersions. Sessions end, and can be renewed by the same
 * user over the same connection (KIP-368).
 */
export class Authentication {
  readonly #gate: SaslGate | undefined
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #state: State
  #renewedAt = Number.NEGATIVE_INFINITY

  /** `signal` aborts when the connection is gone. */
  constructor(
    gate: SaslGate | undefined,
    subject: string | undefined,
    clock: Clock,
    signal: AbortSignal,
  ) {
    this.#gate = gate
    this.#clock = clock
    this.#signal = signal
    this.#state = gate
      ? { is: 'greeting', knowsVersions: false }
      : { is: 'open', principal: subject === undefined ? ANONYMOUS : userNamed(subject) }
  }

  /** Who they are; ANONYMOUS until that is known. */
  get principal(): Principal {
    const state = this.#state
    if (state.is === 'known') return state.session.principal
    return state.is === 'open' ? state.principal : ANONYMOUS
  }

  /** Takes a frame that belongs to the authentication; undefined for any other. */
  take(frame: Buffer): Promise<SaslReply> | undefined {
    const state = this.#state
    switch (state.is) {
      case 'open':
        return undefined
      case 'known':
        return this.#whileKnown(frame, state.session)
      case 'greeting':
        return this.#greet(frame, state)
      case 'talking':
        return this.#talk(frame, state)
      case 'mismatched': {
        const { version, correlationId } = headerOf(frame)
        return this.#refuse({ version, correlationId }, state.message)
      }
      case 'over':
        return this.#end('it was refused before')
    }
  }

  #whileKnown(frame: Buffer, session: Session): Promise<SaslReply> | undefined {
    const now = this.#clock.now()
    const { apiKey } = headerOf(frame)
    if (apiKey === SaslHandshake.key && now - this.#renewedAt >= MIN_RENEWAL_MS) {
      this.#renewedAt = now
      return this.#shakeHands(frame, session)
    }
    if (now < session.endsAt) return undefined
    return this.#end(`the session of ${formatPrincipal(session.principal)} has ended`)
  }

  #greet(
    frame: Buffer,
    { knowsVersions }: State & { is: 'greeting' },
  ): Promise<SaslReply> | undefined {
    const { apiKey, version } = headerOf(frame)
    if (apiKey === SaslHandshake.key) return this.#shakeHands(frame, undefined)
    if (apiKey !== ApiVersions.key || knowsVersions) {
      return this.#end(`unexpected request of API ${apiKey} during SASL handshake`)
    }
    // A version that we don't know may be followed by another try (KIP-511).
    const isKnown = version <= ApiVersions.versions[1]
    this.#state = { is: 'greeting', knowsVersions: isKnown }
    return undefined
  }

  async #shakeHands(frame: Buffer, before: Session | undefined): Promise<SaslReply> {
    const { version, correlationId } = headerOf(frame)
    if (version > LATEST.handshake) return this.#end(`SaslHandshake ${version} is not served`)
    const reader = new Reader(frame)
    decodeRequestHeader(reader)
    const { mechanism: wanted } = SaslHandshake.request.at(version).read(reader)
    const offered = this.#gate?.mechanisms ?? new Map<string, ServerMechanism>()
    const answer = (errorCode: number): Handshake => ({
      errorCode,
      mechanisms: [...offered.keys()],
    })
    const encode = (message: Handshake) =>
      encodeResponse(SaslHandshake, version, correlationId, message)
    const mechanism = offered.get(wanted)
    if (!mechanism) {
      const chunks = encode(answer(errorByName('UNSUPPORTED_SASL_MECHANISM').code))
      return this.#fail(chunks, 'a mechanism that is not offered')
    }
    this.#state =
      before && before.mechanism !== wanted
        ? { is: 'mismatched', message: mismatch(wanted, before.mechanism) }
        : {
            is: 'talking',
            mechanism,
            exchange: mechanism.begin(),
            isBare: version === 0,
            before,
          }
    return { chunks: encode(answer(0)) }
  }

  async #talk(frame: Buffer, state: State & { is: 'talking' }): Promise<SaslReply> {
    if (state.isBare) return this.#talkBare(frame, state)
    const header = headerOf(frame)
    if (header.apiKey !== SaslAuthenticate.key || header.version > LATEST.authenticate) {
      return this.#end(`unexpected request of API ${header.apiKey} during SASL authentication`)
    }
    const reader = new Reader(frame)
    decodeRequestHeader(reader)
    const { authBytes } = SaslAuthenticate.request.at(header.version).read(reader)
    const step = this.#settled(await respond(state.exchange, authBytes), state)
    if (step.is === 'refused') {
      return this.#refuse(header, step.message ?? invalidCredentials(state))
    }
    const sessionLifetimeMs = step.is === 'done' ? this.#begin(step, state) : 0
    const { challenge } = step
    return {
      chunks: authenticated(header, {
        errorCode: 0,
        errorMessage: null,
        authBytes: challenge,
        sessionLifetimeMs,
      }),
    }
  }

  /** As before Kafka 1.0: each message with its length, and a refusal is an end without words. */
  async #talkBare(frame: Buffer, state: State & { is: 'talking' }): Promise<SaslReply> {
    const step = this.#settled(await respond(state.exchange, frame), state)
    if (step.is === 'refused') return this.#fail([], step.message ?? invalidCredentials(state))
    if (step.is === 'done') this.#begin(step, state)
    const length = Buffer.alloc(4)
    length.writeInt32BE(step.challenge.length)
    return { chunks: [length, step.challenge] }
  }

  /** Who renews a session must be who began it. */
  #settled(step: SaslStep, { before }: State & { is: 'talking' }): SaslStep {
    if (step.is !== 'done' || !before || isSame(before.principal, userNamed(step.user))) return step
    const [from, to] = [before.principal, userNamed(step.user)].map(
      ({ type, name }) => `${type}.${name}`,
    )
    return refused(`Cannot change principals during re-authentication from ${from}: ${to}`)
  }

  /** Gives how long the session lasts; 0 for one that does not end. */
  #begin(step: SaslStep & { is: 'done' }, { mechanism }: State & { is: 'talking' }): number {
    const { expiresAt = Number.POSITIVE_INFINITY } = step
    const maxMs = this.#gate?.maxReauthMs ?? Number.POSITIVE_INFINITY
    const lastsMs = Math.max(0, Math.min(expiresAt - this.#clock.epoch(), maxMs))
    const session: Session = {
      principal: userNamed(step.user),
      mechanism: mechanism.name,
      endsAt: this.#clock.now() + lastsMs,
    }
    this.#state = { is: 'known', session }
    return Number.isFinite(lastsMs) ? Math.floor(lastsMs) : 0
  }

  #refuse(header: Pick<Header, 'version' | 'correlationId'>, message: string): Promise<SaslReply> {
    const errorCode = errorByName('SASL_AUTHENTICATION_FAILED').code
    return this.#fail(
      authenticated(header, { errorCode, errorMessage: message, authBytes: Buffer.alloc(0) }),
      message,
    )
  }

  /** The answer to a failure is late, so that passwords can't be tried one after the other. */
  async #fail(chunks: readonly Buffer[], refusal: string): Promise<SaslReply> {
    this.#state = { is: 'over' }
    await sleep(this.#clock, this.#gate?.failureDelayMs ?? 0, this.#signal)
    return { chunks, refusal }
  }

  async #end(refusal: string): Promise<SaslReply> {
    this.#state = { is: 'over' }
    return { refusal }
  }
}

/** What a mechanism throws is no more than a refusal: its words may hold what was said. */
async function respond(exchange: ServerExchange, message: Buffer): Promise<SaslStep> {
  if (message.length > LONGEST_SASL_MESSAGE) return refused()
  try {
    return await exchange.respond(message)
  } catch {
    return refused()
  }
}

function authenticated(
  { version, correlationId }: Pick<Header, 'version' | 'correlationId'>,
  message: Authenticated,
): Buffer[] {
  return encodeResponse(SaslAuthenticate, version, correlationId, message)
}

/** The part of a header that all versions share. */
function headerOf(frame: Buffer): Header {
  const reader = new Reader(frame)
  return { apiKey: reader.int16(), version: reader.int16(), correlationId: reader.int32() }
}

function mismatch(wanted: string, before: string): string {
  const ofWhat = `re-authentication of mechanism '${before}'`
  return `SASL mechanism '${wanted}' requested by client is not supported for ${ofWhat}`
}

function invalidCredentials({ mechanism, before }: State & { is: 'talking' }): string {
  const what = before ? 're-authentication' : 'authentication'
  const how = `SASL mechanism ${mechanism.name}`
  return `Authentication failed during ${what} due to invalid credentials with ${how}`
}
