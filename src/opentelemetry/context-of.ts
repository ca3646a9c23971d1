import { type Context, context, type TextMapPropagator } from '@opentelemetry/api'
import type { BatchInWork, MessageInWork } from '../operations.ts'
import { Propagation } from './propagation.ts'

const noted = new WeakMap<object, Context>()

/** Notes the context in which a message or a batch is worked on. */
export function noteContext(handedOut: object, inside: Context): void {
  noted.set(handedOut, inside)
}

/**
 * The context in which to work on a message or a batch: that of its `process` span where
 * `instrument()` was called; else, for a message, that of where it was produced, as its headers
 * tell.
 *
 * Handlers of `run()` have it already. The body of a loop can't be given a context from outside, so
 * there it is asked for.
 *
 * @example
 * for await (const message of consumer) {
 *   await context.with(contextOf(message), () => bill(message.value))
 * }
 */
export function contextOf(
  handedOut: Pick<MessageInWork, 'headers'> | BatchInWork,
  propagator?: TextMapPropagator,
): Context {
  const inside = noted.get(handedOut)
  if (inside) return inside
  const ambient = context.active()
  if (!('headers' in handedOut)) return ambient
  return new Propagation(propagator).extract(ambient, handedOut.headers)
}
