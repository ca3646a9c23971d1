import { sleep } from '../base/clock.ts'
import { asError } from '../errors.ts'
import { tap } from '../events.ts'
import { errorByName } from '../protocol/errors.ts'
import { Fetch } from '../protocol/messages/index.ts'
import { cutShort, withWrongRecords } from './faults/corrupt.ts'
import { type FailureOf, type Faults, type Met, NO_FAILURE } from './faults/faults.ts'
import { type Place, placesOf } from './faults/places.ts'
import { refusal } from './faults/refusal.ts'
import {
  type AnyMessage,
  type Call,
  type ClientSoftware,
  type Context,
  HANG_UP,
  type Handler,
  NO_ANSWER,
  type NoAnswer,
} from './handler.ts'
import type { BrokerNode } from './model/broker-node.ts'
import type { ClusterState } from './model/cluster-state.ts'
import { throttleMsFor } from './quotas/usage.ts'
import type { Access } from './security/acl/authorizer.ts'
import type { Gate } from './security/gate.ts'
import { errorsIn, placeNames } from './told.ts'

/** What a session has of its broker. */
export interface SessionHost {
  readonly cluster: ClusterState
  readonly node: BrokerNode
  readonly faults: Faults
  /** The listener that took the connection. */
  readonly gate: Gate
}

/** A request that was read and is to be answered. */
export interface Request {
  readonly handler: Handler
  readonly call: Call
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  /** The size of its frame. */
  readonly bytes: number
  readonly software: ClientSoftware
  readonly access: Access
  readonly peer: string
  /** Aborts when the connection is gone. */
  readonly signal: AbortSignal
}

/** What is to happen on the connection of a request. */
export type Answer =
  | {
      readonly is: 'response'
      readonly chunks: readonly Buffer[]
      /** What they say. */
      readonly message: AnyMessage
      /** How long nothing more is taken from the client, which is told so (KIP-219). */
      readonly muteMs?: number
    }
  | { readonly is: 'nothing'; readonly muteMs?: number }
  /** Close, after what was answered before has left. */
  | { readonly is: 'close' }
  /** Close at once. */
  | { readonly is: 'break' }

const answered = tap('broker:answered')
const NOTHING: Answer = { is: 'nothing' }

/**
 * Answers a request: by the fault that waits for it, if there is one, or else by its handler. The
 * effects of a pipelined API are made when this returns its promise, which never rejects.
 */
export function dispatch(host: SessionHost, request: Request): Promise<Answer> {
  return answered.hasSubscribers ? toldAnswer(host, request) : answerTo(host, request)
}

async function toldAnswer(host: SessionHost, request: Request): Promise<Answer> {
  const began = host.cluster.clock.now()
  const answer = await answerTo(host, request)
  host.cluster.publisher.publish('broker:answered', {
    broker: host.node.id,
    api: request.handler.api.name,
    version: request.version,
    client: request.clientId ?? '',
    about: placeNames(placesIn(host, request)),
    latencyMs: host.cluster.clock.now() - began,
    errors: answer.is === 'response' ? errorsIn(answer.message) : [],
    how: answer.is,
  })
  return answer
}

async function answerTo(host: SessionHost, request: Request): Promise<Answer> {
  host.cluster.counters.requests++
  try {
    const { handler } = request
    const fault = host.faults.take(handler, () => placesIn(host, request), host.node.id)
    const answer = await (fault ? faulty(host, request, fault) : handled(host, request, NO_FAILURE))
    host.faults.handled(handler.api.name)
    return answer
  } catch (error) {
    return failed(host, request, asError(error))
  }
}

function placesIn({ cluster, node }: SessionHost, { call }: Request): Place[] {
  return placesOf(call.scope(node), id => cluster.topics.withId(id)?.name)
}

async function handled(host: SessionHost, request: Request, failureOf: FailureOf): Promise<Answer> {
  const { clock, security } = host.cluster
  if (security.quotas.isEmpty) {
    const response = await request.call.run(contextOf(host, request, failureOf))
    return answerWith(request, response)
  }
  const began = clock.now()
  const handling = request.call.run(contextOf(host, request, failureOf))
  const handledMs = clock.now() - began
  const response = await handling
  const answered = clock.now()
  const answer = answerWith(request, response)
  return underQuotas(host, request, answer, handledMs + clock.now() - answered)
}

/** Tells the client how long it is held back, if it used more than its quotas allow. */
function underQuotas(
  { cluster, node }: SessionHost,
  request: Request,
  answer: Answer,
  tookMs: number,
): Answer {
  if (answer.is !== 'response' && answer.is !== 'nothing') return answer
  const { handler, call, clientId, access, bytes: requestBytes } = request
  const response = answer.is === 'response' ? answer.message : undefined
  const chunks = answer.is === 'response' ? answer.chunks : []
  const answerBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const { name: api } = handler.api
  const usage = { api, requestBytes, answerBytes, tookMs, request: call.request, response }
  const who = { user: access.principal.name, clientId: clientId ?? '' }
  const throttler = cluster.security.throttlerOf(node.id)
  const muteMs = throttleMsFor(throttler, usage, who, cluster.clock.now())
  if (muteMs === 0) return answer
  if (!response) return { is: 'nothing', muteMs }
  const told = toldToWait(request, response, muteMs)
  return { is: 'response', chunks: call.encode(request.correlationId, told), message: told, muteMs }
}

function toldToWait({ handler, version }: Request, response: AnyMessage, ms: number): AnyMessage {
  const isTold = handler.api.response.shape.throttleTimeMs?.existsIn(version)
  return isTold ? { ...response, throttleTimeMs: ms } : response
}

function answerWith({ call, correlationId }: Request, response: AnyMessage | NoAnswer): Answer {
  if (response === NO_ANSWER) return NOTHING
  if (response === HANG_UP) return { is: 'close' }
  return { is: 'response', chunks: call.encode(correlationId, response), message: response }
}

/** Says that the client is throttled; it is up to the client to hold back (KIP-219). */
async function throttled(host: SessionHost, request: Request, ms: number): Promise<Answer> {
  const response = await request.call.run(contextOf(host, request, NO_FAILURE))
  const isMessage = typeof response === 'object'
  return answerWith(request, isMessage ? toldToWait(request, response, ms) : response)
}

/** Damages the records of a Fetch, once there are any, and cuts other answers short. */
async function corrupted(host: SessionHost, request: Request, fault: Met): Promise<Answer> {
  const response = await request.call.run(contextOf(host, request, NO_FAILURE))
  if (request.handler.api.name === Fetch.name && typeof response === 'object') {
    const isMeant = (name: string, id: string, partition: number) =>
      fault.isMeant(name || (host.cluster.topics.withId(id)?.name ?? ''), partition)
    const wrong = withWrongRecords(response, isMeant)
    if (!wrong) fault.giveBack()
    return answerWith(request, wrong ?? response)
  }
  const answer = answerWith(request, response)
  return answer.is === 'response' ? { ...answer, chunks: cutShort(answer.chunks) } : answer
}

async function faulty(host: SessionHost, request: Request, fault: Met): Promise<Answer> {
  const { action, failureOf } = fault
  switch (action.is) {
    case 'drop':
      return NOTHING
    case 'disconnect':
      return { is: 'break' }
    case 'lose':
      await handled(host, request, NO_FAILURE)
      return { is: 'break' }
    case 'delay':
      await sleep(host.cluster.clock, action.ms, request.signal)
      return handled(host, request, NO_FAILURE)
    case 'reorder':
      await host.faults.letPass(
        request.handler.api.name,
        action.ms,
        host.cluster.clock,
        request.signal,
      )
      return handled(host, request, NO_FAILURE)
    case 'throttle':
      return throttled(host, request, action.ms)
    case 'corrupt':
      return corrupted(host, request, fault)
    case 'fail':
      if (failsInside(request, fault)) return handled(host, request, failureOf)
      return refused(request, errorByName(action.error).code)
    case 'intercept': {
      const context = contextOf(host, request, NO_FAILURE)
      const verdict = await action.answer(request.call.request, context)
      if (verdict === 'pass') return handled(host, request, NO_FAILURE)
      if (verdict === 'drop') return NOTHING
      if (verdict === 'disconnect') return { is: 'break' }
      return answerWith(request, verdict.reply)
    }
  }
}

function failsInside({ handler: { fails } }: Request, { isPlaced }: Met): boolean {
  return fails === 'inside' || (fails === 'placed' && isPlaced)
}

function refused({ handler, call, version, correlationId }: Request, code: number): Answer {
  const response = refusal(handler.api, version, call.request, code)
  return { is: 'response', chunks: call.encode(correlationId, response), message: response }
}

/** A bug of ours, or an interceptor's: the client gets the error that Kafka has for that. */
function failed(host: SessionHost, request: Request, error: Error): Answer {
  const { cluster, node } = host
  cluster.counters.failedRequests++
  const { handler, version, peer } = request
  const facts = { broker: node.id, peer, api: handler.api.name, version, error }
  cluster.logger.log('error', 'broker:request-failed', facts)
  try {
    return refused(request, errorByName('UNKNOWN_SERVER_ERROR').code)
  } catch {
    return { is: 'break' }
  }
}

function contextOf(host: SessionHost, request: Request, failureOf: FailureOf): Context {
  const { cluster, node, gate } = host
  const { version, clientId, software, access, peer, signal } = request
  const { listener } = gate
  return { cluster, node, listener, version, clientId, software, access, peer, signal, failureOf }
}
