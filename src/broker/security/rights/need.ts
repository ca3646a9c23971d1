import type { ErrorName } from '../../../protocol/errors.ts'
import type { Context } from '../../handler.ts'
import { CLUSTER_NAME, type OperationName, type ResourceName } from '../acl/acl.ts'
import type { Access } from '../acl/authorizer.ts'

/** Something that must be allowed, and the error of those to whom it is not. */
export interface Need {
  readonly error: ErrorName
  isMet(access: Access): boolean
}

const REFUSALS: Readonly<Record<ResourceName, ErrorName>> = {
  TOPIC: 'TOPIC_AUTHORIZATION_FAILED',
  GROUP: 'GROUP_AUTHORIZATION_FAILED',
  CLUSTER: 'CLUSTER_AUTHORIZATION_FAILED',
  TRANSACTIONAL_ID: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
}

function need(operation: OperationName, type: ResourceName, name: string): Need {
  return { error: REFUSALS[type], isMet: access => access.may(operation, type, name) }
}

export function topic(operation: OperationName, name: string): Need {
  return need(operation, 'TOPIC', name)
}

export function group(operation: OperationName, id: string): Need {
  return need(operation, 'GROUP', id)
}

export function transactionalId(operation: OperationName, id: string): Need {
  return need(operation, 'TRANSACTIONAL_ID', id)
}

export function cluster(operation: OperationName): Need {
  return need(operation, 'CLUSTER', CLUSTER_NAME)
}

/** The operation with at least one topic, whichever that is. */
export function anyTopic(operation: OperationName): Need {
  return {
    error: REFUSALS.TOPIC,
    isMet: access => access.mayWithAny(operation, 'TOPIC'),
  }
}

/** One of the two is enough; the error is the first one's. */
export function either(one: Need, other: Need): Need {
  return { error: one.error, isMet: access => one.isMet(access) || other.isMet(access) }
}

export function unmet(needs: readonly Need[], access: Access): ErrorName | undefined {
  return needs.find(each => !each.isMet(access))?.error
}

/** What a request names by its name, or from some version on by its id. */
interface NamedTopic {
  readonly name?: string | null
  readonly topicId?: string
}

/** An operation with a topic of a request; one that is not known by its id needs nothing. */
export function thatTopic(
  operation: OperationName,
  { name, topicId = '' }: NamedTopic,
  { cluster }: Context,
): readonly Need[] {
  const found = name || cluster.topics.withId(topicId)?.name
  return found === undefined ? [] : [topic(operation, found)]
}
