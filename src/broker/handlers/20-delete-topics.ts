/**
 * DeleteTopics, versions 1 to 6.
 *
 * - Topics are gone, records and all, when the answer comes.
 * - 6: topics may be named by id; UNKNOWN_TOPIC_ID for one that does not exist.
 * - A topic that is named twice is refused (INVALID_REQUEST), as is one with both name and id.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { DeleteTopics, type DeleteTopicsRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../wire/uuid.ts'
import { ANY_PARTITION } from '../faults/faults.ts'
import { type Context, on } from '../handler.ts'
import { code } from './answers.ts'

type Answer = ResponseInput<typeof DeleteTopics>['responses'][number]

interface Wanted {
  readonly name: string | null
  readonly topicId: string
}

async function deleteAll(
  request: DeleteTopicsRequest,
  context: Context,
): Promise<ResponseInput<typeof DeleteTopics>> {
  const wanted: readonly Wanted[] =
    context.version >= 6
      ? request.topics
      : request.topicNames.map(name => ({ name, topicId: ZERO_UUID }))
  const responses: Answer[] = []
  for (const topic of wanted) responses.push(await remove(topic, wanted, context))
  return { responses }
}

export const deleteTopics = on(DeleteTopics, [1, 6], deleteAll, { fails: 'placed' })

async function remove(
  wanted: Wanted,
  all: readonly Wanted[],
  { cluster, failureOf }: Context,
): Promise<Answer> {
  const { name, topicId } = wanted
  const isById = topicId !== ZERO_UUID
  if (name !== null && isById) {
    return failed(wanted, 'INVALID_REQUEST', 'Either the name or the id may be given, not both.')
  }
  const same = all.filter(other => other.name === name && other.topicId === topicId)
  if (same.length > 1) return failed(wanted, 'INVALID_REQUEST', 'Duplicate topic name.')
  const topic = cluster.topics.find(name ?? '', topicId)
  const failure = failureOf(name ?? topic?.name ?? '', ANY_PARTITION)
  if (failure) return failed(wanted, failure, null)
  if (!topic) {
    return isById
      ? failed(wanted, 'UNKNOWN_TOPIC_ID', 'This server does not host this topic ID.')
      : failed(wanted, 'UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic.')
  }
  await cluster.deleteTopic(topic)
  return { name: topic.name, topicId: topic.id, errorCode: 0 }
}

function failed({ name, topicId }: Wanted, error: ErrorName, errorMessage: string | null): Answer {
  return { name, topicId, errorCode: code(error), errorMessage }
}
