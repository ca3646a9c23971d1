import { errorByName } from '../../../protocol/errors.ts'
import { isObject } from '../../faults/places.ts'
import { refusal } from '../../faults/refusal.ts'
import { type AnyMessage, type Context, HANG_UP, NO_ANSWER, type NoAnswer } from '../../handler.ts'
import type { Guard, Judged, RefusedItems } from './rights.ts'

/** A handler, for requests of which no more is known here than that they are its own. */
export interface Handling {
  handle(request: AnyMessage, context: Context): Promise<AnyMessage | NoAnswer>
}

/**
 * Handles what somebody may ask for, and answers the rest with the errors that Kafka has for that.
 * What is handled is handled before this returns its promise.
 */
export async function underRights(
  guard: Guard,
  request: AnyMessage,
  context: Context,
  handling: Handling,
): Promise<AnyMessage | NoAnswer> {
  if (!context.access.isGuarded) {
    const response = await handling.handle(request, context)
    return typeof response === 'symbol' ? response : guard.tells(response, request, context)
  }
  const judged = guard.judge(request, context)
  if (judged.is === 'refused') {
    if (isUnanswered(request)) return HANG_UP
    const { code } = errorByName(judged.error)
    const asked = guard.isBrief ? withoutLists(request) : request
    return refusal(guard.api, context.version, asked, code)
  }
  if (judged.is === 'split' && judged.isAllOrNothing) return notAttempted(guard, judged, context)
  const asked = judged.is === 'split' ? judged.request : request
  const response = await handling.handle(asked, guarded(guard, context))
  if (typeof response === 'symbol') {
    return judged.is === 'split' && response === NO_ANSWER ? HANG_UP : response
  }
  const told = guard.tells(guard.shows(response, request, context), request, context)
  return judged.is === 'split' ? withRefused(guard, told, request, judged.refused, context) : told
}

/** Produce with acks 0 has no other way to hear that it failed. */
function isUnanswered({ acks }: AnyMessage): boolean {
  return acks === 0
}

/** The context in which the handler hears at each partition what is refused. */
function guarded(guard: Guard, context: Context): Context {
  const { failureOf } = context
  return {
    ...context,
    failureOf: (topic, partition) => guard.inside(topic, context) ?? failureOf(topic, partition),
  }
}

function withRefused(
  { api, isBrief }: Guard,
  response: AnyMessage,
  request: AnyMessage,
  refused: readonly RefusedItems[],
  { version }: Context,
): AnyMessage {
  const whole: Record<string, unknown> = { ...response }
  for (const { list, items, error } of refused) {
    // What else the request lists must not be taken for what is refused.
    const asked = { ...withoutLists(request), [list]: isBrief ? items.map(withoutLists) : items }
    const other = refusal(api, version, asked, errorByName(error).code)
    for (const [name, value] of Object.entries(other)) {
      const own = whole[name]
      if (Array.isArray(value) && Array.isArray(own)) whole[name] = [...own, ...value]
    }
  }
  return whole
}

function notAttempted(
  guard: Guard,
  { request, refused }: Judged & { is: 'split' },
  context: Context,
): AnyMessage {
  const lists = new Set(refused.map(({ list }) => list))
  const others = [...lists].map(list => ({
    list,
    items: asItems(request[list]),
    error: 'OPERATION_NOT_ATTEMPTED' as const,
  }))
  const { code } = errorByName('OPERATION_NOT_ATTEMPTED')
  const blank = refusal(guard.api, context.version, withoutLists(request), code)
  return withRefused(guard, blank, request, [...refused, ...others], context)
}

function asItems(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function withoutLists(message: unknown): AnyMessage {
  const fields = isObject(message) ? Object.entries(message) : []
  return Object.fromEntries(fields.filter(([, value]) => !Array.isArray(value)))
}
