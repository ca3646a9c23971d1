import type { Api, VersionRange } from '../protocol/schema/api.ts'
import type { ReadOf, Shape, WriteOf } from '../protocol/schema/field.ts'
import type { Reader } from '../wire/reader.ts'
import { encoded } from './clipped.ts'
import type { FailureOf } from './faults/faults.ts'
import type { BrokerNode } from './model/broker-node.ts'
import type { ClusterState } from './model/cluster-state.ts'
import type { Access } from './security/acl/authorizer.ts'
import { guardByKey } from './security/rights/table.ts'
import { underRights } from './security/rights/under-rights.ts'

/** What a client says that it is (KIP-511); blank until it has said so. */
export interface ClientSoftware {
  name: string
  version: string
}

/** What a handler knows beside its request. */
export interface Context {
  readonly cluster: ClusterState
  /** The broker that was asked. */
  readonly node: BrokerNode
  readonly version: number
  readonly clientId: string | null
  /** The same object for all requests of a connection. */
  readonly software: ClientSoftware
  /** The name of the listener to which it came. */
  readonly listener: string
  /** Who asks, and what they may do. */
  readonly access: Access
  /** The client's address, `host:port`. */
  readonly peer: string
  /** Aborts when the connection is gone, so that nothing waits for nobody. */
  readonly signal: AbortSignal
  /** The error that a fault asks for at a partition of this request, if any. */
  readonly failureOf: FailureOf
}

/** What a handler gives for a request that gets no response, such as Produce with acks 0. */
export const NO_ANSWER = Symbol('no answer')
/** What a handler gives when all it can do is to close the connection. */
export const HANG_UP = Symbol('hang up')
export type NoAnswer = typeof NO_ANSWER | typeof HANG_UP

/** A message of any API, by its fields' names. */
export type AnyMessage = Readonly<Record<string, unknown>>

/** A request that was read and waits to be handled. */
export interface Call {
  readonly request: AnyMessage
  /** The topics and partitions that it is about: the request, or more than it names. */
  scope(node: BrokerNode): AnyMessage
  /** Handles it. The effects of a pipelined API are made before this returns its promise. */
  run(context: Context): Promise<AnyMessage | NoAnswer>
  /** The frame of a response to it. */
  encode(correlationId: number, response: AnyMessage): Buffer[]
}

/** An API as a broker serves it. */
export interface Handler {
  readonly api: Api
  readonly versions: VersionRange
  /**
   * Whether the next request of the connection may be handled before this one is answered. Kafka
   * never does that; but where the effects are made at once, nobody can tell the difference, and
   * appends that wait for the disk share one write.
   */
  readonly isPipelined: boolean
  /**
   * Who answers an error that a fault asks for: the handler for the topics and partitions that are
   * meant, or the session for the request as a whole, without asking the handler. `placed`: the
   * handler if the fault names a place, since an error of the whole request stands elsewhere.
   */
  readonly fails: 'inside' | 'placed' | 'whole'
  /** Reads a request's body. Throws a WireError for one that can't be read. */
  open(reader: Reader, version: number): Call
}

export type Handle<Q extends Shape, S extends Shape> = (
  request: ReadOf<Q>,
  context: Context,
) => Promise<WriteOf<S> | NoAnswer>

/** What may be said of an API as a broker serves it; see `Handler` and `Call`. */
export interface Serving<Q extends Shape> extends Partial<Pick<Handler, 'isPipelined' | 'fails'>> {
  readonly scope?: (request: ReadOf<Q>, node: BrokerNode) => AnyMessage
}

/** Serves an API in a range of versions: the mirror of the client's `call`. */
export function on<Q extends Shape, S extends Shape>(
  api: Api<Q, S>,
  versions: VersionRange,
  handle: Handle<Q, S>,
  { isPipelined = false, fails = 'whole', scope }: Serving<Q> = {},
): Handler {
  const guard = guardByKey.get(api.key)
  const handling = { handle }
  return {
    api,
    versions,
    isPipelined,
    fails,
    open(reader, version) {
      const request = api.request.at(version).read(reader)
      return {
        request,
        scope: node => scope?.(request, node) ?? request,
        run: async context =>
          guard ? underRights(guard, request, context, handling) : handle(request, context),
        encode: (correlationId, response) => encoded(api, version, correlationId, response),
      }
    },
  }
}
