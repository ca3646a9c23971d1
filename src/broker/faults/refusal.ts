import type { Api } from '../../protocol/schema/api.ts'
import { type AnyField, blankOf, type Shape } from '../../protocol/schema/field.ts'
import type { AnyMessage } from '../handler.ts'
import { isObject, PARTITION_NAMES, TOPIC_NAMES } from './places.ts'

/** Names for one thing: what a request calls by one, its response may call by another. */
const SAME_THING: readonly (readonly string[])[] = [
  [...TOPIC_NAMES],
  [...PARTITION_NAMES],
  ['topicId'],
  ['groupId', 'group', 'key'],
  ['transactionalId', 'key'],
  ['resourceType'],
  ['resourceName'],
]

/**
 * The response by which an API says one error about everything that a request asked for: found by
 * the role of the fields, so that it works for every API and version.
 */
export function refusal(api: Api, version: number, request: AnyMessage, code: number): AnyMessage {
  return refuse(api.response.shape, version, request, code)
}

function refuse(shape: Shape, version: number, asked: AnyMessage, code: number): AnyMessage {
  const response = { ...blankOf(shape) }
  for (const [name, field] of Object.entries(shape)) {
    if (!field.existsIn(version)) continue
    const inner = structOf(field)
    if (field.plan.role === 'errorCode') response[name] = code
    else if (inner && tellsErrors(inner)) {
      response[name] = listFor(name, asked).map(item => refuse(inner, version, item, code))
    } else response[name] = identity(name, asked) ?? response[name]
  }
  return response
}

/** What each item of a response's list is about: the request's list of that name, or its first. */
function listFor(name: string, asked: AnyMessage): AnyMessage[] {
  const lists = Object.entries(asked).filter(
    ([, value]) => Array.isArray(value) && value.length > 0,
  )
  const [, list] = lists.find(([field]) => field === name) ?? lists[0] ?? []
  return Array.isArray(list) ? list.map(asMessage) : []
}

/** A bare name or number of a list as the message that it stands for. */
function asMessage(item: unknown): AnyMessage {
  if (isObject(item)) return item
  return typeof item === 'number' ? { index: item } : { name: item, key: item }
}

function identity(name: string, asked: AnyMessage): unknown {
  const names = SAME_THING.find(group => group.includes(name))
  return names?.map(other => asked[other]).find(value => value !== undefined)
}

function structOf({ plan }: AnyField): Shape | undefined {
  if (plan.kind.is !== 'array') return undefined
  const item = plan.kind.of.plan.kind
  return item.is === 'struct' ? item.shape : undefined
}

function tellsErrors(shape: Shape): boolean {
  return Object.values(shape).some(field => {
    const inner = structOf(field)
    return field.plan.role === 'errorCode' || (inner !== undefined && tellsErrors(inner))
  })
}
