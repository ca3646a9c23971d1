import type { ErrorName } from '../../../protocol/errors.ts'
import type { Api } from '../../../protocol/schema/api.ts'
import type { ReadOf, Shape, WriteOf } from '../../../protocol/schema/field.ts'
import type { AnyMessage, Context } from '../../handler.ts'
import { type Need, unmet } from './need.ts'

type ItemOf<List> = List extends readonly (infer Item)[] ? Item : never

/** The needs of each item of one list of a request. */
type ListNeeds<List, Q> = (item: ItemOf<List>, context: Context, request: Q) => readonly Need[]

/** What may be said of the rights that an API needs. */
export interface RightsOf<Q, S> {
  /** Needed for anything at all: without it, the request as a whole is refused. */
  whole?(request: Q, context: Context): readonly Need[]
  /** Needed for single items: those without are refused, the others are handled. */
  readonly each?: { readonly [List in keyof Q]?: ListNeeds<Q[List], Q> }
  /** One item that is refused keeps all others from being handled: they were not attempted. */
  readonly isAllOrNothing?: boolean
  /** A refusal says nothing of what was asked for within it, as of the topics of a group. */
  readonly isBrief?: boolean
  /** The error of a topic of this request, for a handler that asks for it at each partition. */
  inside?(topicName: string, context: Context): readonly Need[]
  /** What of an answer they may see; asked where an authorizer is in force. */
  shows?(response: S, request: Q, context: Context): S
  /** Adds what they may do, where the request asks for that; asked always. */
  tells?(response: S, request: Q, context: Context): S
}

/** A part of a request that is refused. */
export interface RefusedItems {
  readonly list: string
  readonly items: readonly unknown[]
  readonly error: ErrorName
}

export type Judged =
  | { readonly is: 'allowed' }
  | { readonly is: 'refused'; readonly error: ErrorName }
  | {
      readonly is: 'split'
      /** What is left of it. */
      readonly request: AnyMessage
      readonly refused: readonly RefusedItems[]
      readonly isAllOrNothing: boolean
    }

/** The rights of one API, for messages of which no more is known than that they are its own. */
export interface Guard {
  readonly api: Api
  readonly isBrief: boolean
  judge(request: AnyMessage, context: Context): Judged
  inside(topicName: string, context: Context): ErrorName | undefined
  shows(response: AnyMessage, request: AnyMessage, context: Context): AnyMessage
  tells(response: AnyMessage, request: AnyMessage, context: Context): AnyMessage
}

export function rights<Q extends Shape, S extends Shape>(
  api: Api<Q, S>,
  given: RightsOf<ReadOf<Q>, WriteOf<S>>,
): Guard {
  return {
    api,
    isBrief: given.isBrief ?? false,
    judge(request: ReadOf<Q>, context): Judged {
      const error = unmet(given.whole?.(request, context) ?? [], context.access)
      if (error) return { is: 'refused', error }
      return split(request, given, context)
    },
    inside: (name, context) => unmet(given.inside?.(name, context) ?? [], context.access),
    shows: (response: WriteOf<S>, request: ReadOf<Q>, context) =>
      given.shows?.(response, request, context) ?? response,
    tells: (response: WriteOf<S>, request: ReadOf<Q>, context) =>
      given.tells?.(response, request, context) ?? response,
  }
}

function split<Q extends Shape, S>(
  request: ReadOf<Q>,
  { each, isAllOrNothing = false }: RightsOf<ReadOf<Q>, S>,
  context: Context,
): Judged {
  const left: Record<string, unknown> = { ...request }
  const refused: RefusedItems[] = []
  for (const list of Object.keys(each ?? {})) {
    const needs = each?.[list]
    const items: unknown = request[list]
    if (!needs || !Array.isArray(items)) continue
    const byError = new Map<ErrorName | undefined, unknown[]>()
    for (const item of items) {
      const error = unmet(needs(item, context, request), context.access)
      byError.set(error, [...(byError.get(error) ?? []), item])
    }
    left[list] = byError.get(undefined) ?? []
    for (const [error, those] of byError) if (error) refused.push({ list, items: those, error })
  }
  return refused.length === 0
    ? { is: 'allowed' }
    : { is: 'split', request: left, refused, isAllOrNothing }
}
