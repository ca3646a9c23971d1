import type { Timer } from '../base/clock.ts'
import { asError } from '../errors.ts'
import { foreignClient } from '../net/diagnose.ts'
import type { Transport } from '../net/transport.ts'
import { decodeRequestHeader, encodeResponse, FrameSplitter } from '../protocol/frame.ts'
import { ApiVersions } from '../protocol/messages/index.ts'
import { Reader } from '../wire/reader.ts'
import { type Answer, dispatch, type Request, type SessionHost } from './dispatch.ts'
import type { ClientSoftware } from './handler.ts'
import { unsupportedApiVersions } from './handlers/18-api-versions.ts'
import { handlerByKey } from './handlers/index.ts'
import { Access } from './security/acl/authorizer.ts'
import { Authentication, type SaslReply } from './security/authentication.ts'

/** Requests, and bytes of them, that may wait in a connection before it is read no further. */
const MAX_WAITING_REQUESTS = 128
const MAX_WAITING_BYTES = 16 * 1024 * 1024
/** A connection on which nothing happens is closed after that long (`connections.max.idle.ms`). */
const MAX_IDLE_MS = 600_000
/** A request that has begun must be whole after that long, or its sender only holds us up. */
const MAX_FRAME_MS = 60_000

/** The place of an answer among those of its connection: they leave in order of the requests. */
interface Slot {
  answer: Answer | undefined
}

/**
 * One client's connection to a broker. As in Kafka, requests are handled one after the other and
 * answered in their order; only pipelined ones overlap. Nothing that a peer sends throws out of
 * here: what can't be understood closes the connection, with one log line and a count.
 */
export class Session {
  readonly #host: SessionHost
  readonly #transport: Transport
  readonly #splitter: FrameSplitter
  readonly #gone = new AbortController()
  readonly #software: ClientSoftware = { name: '', version: '' }
  readonly #authentication: Authentication
  readonly #onClosed: () => void
  #frames: Buffer[] = []
  #frameBytes = 0
  #slots: Slot[] = []
  /** A request is handled for whose answer the next one waits. */
  #isBusy = false
  /** The peer does not read what we wrote. */
  #isBlocked = false
  #isFrozen = false
  /** Until when nothing is taken from a client that used more than its quotas allow. */
  #mutedUntil = 0
  #unmuting: Timer | undefined
  #isPaused = false
  #isClosed = false
  #lastActivity: number
  #frameBegan: number | undefined
  #watchdog: Timer | undefined

  constructor(host: SessionHost, transport: Transport, onClosed: () => void) {
    this.#host = host
    this.#transport = transport
    this.#onClosed = onClosed
    this.#splitter = new FrameSplitter(host.cluster.settings.maxRequestBytes)
    this.#lastActivity = host.cluster.clock.now()
    this.#authentication = new Authentication(
      host.gate.sasl,
      transport.subject,
      host.cluster.clock,
      this.#gone.signal,
    )
    this.#watch()
    transport.listen({
      data: chunk => this.#received(chunk),
      drain: () => this.#drained(),
      closed: () => this.#closed(),
    })
  }

  /** Stands still, as a process that was stopped: the peer notices nothing but silence. */
  freeze(): void {
    this.#isFrozen = true
    this.#regulate()
  }

  thaw(): void {
    this.#isFrozen = false
    this.#goOn()
  }

  /** Takes nothing from the client for that long; what it is owed still goes out (KIP-219). */
  mute(ms: number): void {
    const { clock } = this.#host.cluster
    this.#mutedUntil = Math.max(this.#mutedUntil, clock.now() + ms)
    this.#unmuting?.cancel()
    this.#unmuting = clock.after(this.#mutedUntil - clock.now(), () => {
      this.#unmuting = undefined
      // A frame that has begun could not go on meanwhile.
      this.#frameBegan &&= clock.now()
      this.#goOn()
    })
    this.#unmuting.unref()
    this.#regulate()
  }

  get #isMuted(): boolean {
    return this.#unmuting !== undefined
  }

  /** Closes at once. */
  destroy(): void {
    this.#transport.destroy()
  }

  #received(chunk: Buffer): void {
    if (this.#isClosed) return
    this.#lastActivity = this.#host.cluster.clock.now()
    try {
      for (const frame of this.#splitter.push(chunk)) {
        this.#frames.push(frame)
        this.#frameBytes += frame.length
      }
    } catch (error) {
      return this.#reject(foreignClient(this.#splitter.header) ?? asError(error).message)
    }
    const began = this.#frameBegan
    this.#frameBegan = this.#splitter.pending === 0 ? undefined : (began ?? this.#lastActivity)
    if (began === undefined && this.#frameBegan !== undefined) this.#watch()
    this.#goOn()
  }

  #drained(): void {
    this.#isBlocked = false
    this.#goOn()
  }

  /** Does whatever can be done now: sends, handles, reads. */
  #goOn(): void {
    this.#flush()
    while (this.#frames.length > 0 && this.#mayHandle()) this.#begin(this.#frames.shift()!)
    this.#regulate()
  }

  #mayHandle(): boolean {
    const isHeldUp =
      this.#isBusy || this.#isBlocked || this.#isFrozen || this.#isMuted || this.#isClosed
    return !isHeldUp && this.#slots.length < MAX_WAITING_REQUESTS
  }

  #begin(frame: Buffer): void {
    this.#frameBytes -= frame.length
    try {
      const reply = this.#authentication.take(frame)
      if (reply) return void this.#authenticate(reply)
      // The part of the header that is the same in all versions comes first: of a version that we
      // don't know, nothing else can be read.
      const peek = new Reader(frame)
      const [apiKey, version, correlationId] = [peek.int16(), peek.int16(), peek.int32()]
      const handler = handlerByKey.get(apiKey)
      if (!handler) return this.#reject(`API ${apiKey} is not served`)
      const [min, max] = handler.versions
      if (version < min || version > max) {
        if (apiKey === ApiVersions.key) return this.#tellVersions(correlationId)
        return this.#reject(`version ${version} of ${handler.api.name} is not served`)
      }
      const reader = new Reader(frame)
      const { clientId } = decodeRequestHeader(reader)
      const call = handler.open(reader, version)
      const software = this.#software
      const { peer } = this.#transport
      const { signal } = this.#gone
      void this.#handle({
        handler,
        call,
        version,
        correlationId,
        clientId,
        bytes: frame.length,
        software,
        access: this.#access(),
        peer,
        signal,
      })
    } catch (error) {
      this.#reject(asError(error).message)
    }
  }

  /** Who is at the other end, and what they may do. */
  #access(): Access {
    const { authorizer } = this.#host.cluster.security
    const host = hostOf(this.#transport.peer)
    return new Access(authorizer, { principal: this.#authentication.principal, host })
  }

  async #authenticate(replying: Promise<SaslReply>): Promise<void> {
    const slot: Slot = { answer: undefined }
    this.#slots.push(slot)
    this.#isBusy = true
    try {
      const { chunks, refusal } = await replying
      slot.answer = chunks ? { is: 'response', chunks, message: {} } : { is: 'nothing' }
      if (refusal !== undefined) this.#refused(refusal)
    } catch (error) {
      slot.answer = { is: 'close' }
      this.#refused(asError(error).message)
    }
    this.#isBusy = false
    this.#lastActivity = this.#host.cluster.clock.now()
    this.#goOn()
  }

  /** Closes the connection once the refusal has left. */
  #refused(reason: string): void {
    if (this.#isClosed) return
    const { cluster, node, gate } = this.#host
    cluster.counters.failedAuthentications++
    const { peer } = this.#transport
    const facts = { broker: node.id, listener: gate.listener, peer, reason }
    cluster.logger.log('warn', 'broker:authentication-failed', facts)
    this.#slots.push({ answer: { is: 'close' } })
  }

  /** A client newer than we are must learn what we speak, in words of version 0 (KIP-511). */
  #tellVersions(correlationId: number): void {
    const handler = handlerByKey.get(ApiVersions.key)!
    const message = unsupportedApiVersions(handler)
    const chunks = encodeResponse(ApiVersions, 0, correlationId, message)
    this.#slots.push({ answer: { is: 'response', chunks, message } })
    this.#flush()
  }

  async #handle(request: Request): Promise<void> {
    const slot: Slot = { answer: undefined }
    this.#slots.push(slot)
    // Under quotas, an answer may say that the next request has to wait.
    const hasQuotas = !this.#host.cluster.security.quotas.isEmpty
    const holdsOthersUp = hasQuotas || !request.handler.isPipelined
    if (holdsOthersUp) this.#isBusy = true
    const answer = await dispatch(this.#host, request)
    slot.answer = answer
    if ('muteMs' in answer && answer.muteMs) this.mute(answer.muteMs)
    if (holdsOthersUp) this.#isBusy = false
    this.#lastActivity = this.#host.cluster.clock.now()
    this.#goOn()
  }

  /** Sends the answers that are ready, as far as no earlier one is missing. */
  #flush(): void {
    while (this.#slots[0]?.answer && !this.#isFrozen && !this.#isClosed) {
      const { answer } = this.#slots.shift()!
      if (answer?.is === 'response') {
        if (!this.#transport.write(answer.chunks)) this.#isBlocked = true
      } else if (answer?.is === 'close') this.#close()
      else if (answer?.is === 'break') this.destroy()
    }
  }

  /** Reads on, or stops reading so that the peer feels it. */
  #regulate(): void {
    const isFull =
      this.#frames.length >= MAX_WAITING_REQUESTS || this.#frameBytes >= MAX_WAITING_BYTES
    const shouldPause = this.#isFrozen || this.#isBlocked || this.#isMuted || isFull
    if (shouldPause === this.#isPaused || this.#isClosed) return
    this.#isPaused = shouldPause
    if (shouldPause) this.#transport.pause()
    else this.#transport.resume()
  }

  /** Closes a connection whose peer does not speak Kafka, or another Kafka. */
  #reject(reason: string): void {
    const { cluster, node } = this.#host
    cluster.counters.rejectedConnections++
    const facts = { broker: node.id, peer: this.#transport.peer, reason }
    cluster.logger.log('warn', 'broker:connection-rejected', facts)
    this.#close()
  }

  /** Answers that are on their way still arrive. */
  #close(): void {
    this.#isClosed = true
    this.#frames = []
    this.#transport.close()
  }

  #closed(): void {
    this.#isClosed = true
    this.#frames = []
    this.#slots = []
    this.#watchdog?.cancel()
    this.#unmuting?.cancel()
    this.#gone.abort()
    this.#onClosed()
  }

  /** One timer a connection, set anew only when it fires: an idle broker has nothing to do. */
  #watch(): void {
    this.#watchdog?.cancel()
    const { clock } = this.#host.cluster
    this.#watchdog = clock.after(Math.max(1, this.#patienceEnds() - clock.now()), () => {
      if (this.#patienceEnds() <= clock.now()) this.#expire()
      else this.#watch()
    })
    this.#watchdog.unref()
  }

  /**
   * When the connection is to be closed unless something happens: never while it waits for us, but
   * in time where we wait for a peer that does not read.
   */
  #patienceEnds(): number {
    const waitsForUs = this.#slots.length > 0 && !this.#isBlocked && !this.#isClosed
    if (waitsForUs || this.#isFrozen || this.#isMuted) {
      return this.#host.cluster.clock.now() + MAX_IDLE_MS
    }
    const idle = this.#lastActivity + MAX_IDLE_MS
    return this.#frameBegan === undefined ? idle : Math.min(idle, this.#frameBegan + MAX_FRAME_MS)
  }

  #expire(): void {
    const { cluster, node } = this.#host
    cluster.counters.expiredConnections++
    const facts = { broker: node.id, peer: this.#transport.peer }
    cluster.logger.log('info', 'broker:connection-expired', facts)
    this.destroy()
  }
}

/** The address of a peer without its port, as ACLs name it. */
export function hostOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}
