import type { ErrorName } from '../../protocol/errors.ts'
import { type Alteration, alterTopicConfig, formProblem } from '../config/alter.ts'
import type { Context } from '../handler.ts'
import { topicNameProblem } from '../model/topic-names.ts'
import { code } from './answers.ts'

/** Something that has settings. */
export interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

export interface Outcome {
  readonly errorCode: number
  readonly errorMessage: string | null
}

const TOPIC = 2
const BROKER = 4
const BROKER_LOGGER = 8
const DONE: Outcome = { errorCode: 0, errorMessage: null }

/** The answer for a resource that a request names more than once. */
export const TWICE = failed('INVALID_REQUEST', 'Each resource must appear at most once.')

export function timesNamed(resource: Resource, all: readonly Resource[]): number {
  const { resourceType, resourceName } = resource
  const same = all.filter(
    each => each.resourceType === resourceType && each.resourceName === resourceName,
  )
  return same.length
}

/** Alters the settings of a resource, or says why not. */
export async function alterResource(
  { resourceType, resourceName }: Resource,
  alterations: readonly Alteration[],
  validateOnly: boolean,
  context: Context,
): Promise<Outcome> {
  const problem = formProblem(alterations)
  if (problem) return failed('INVALID_REQUEST', problem)
  switch (resourceType) {
    case TOPIC:
      return alterTopic(resourceName, alterations, validateOnly, context)
    case BROKER: {
      const names = alterations.map(({ name }) => name).join(', ')
      return failed('INVALID_CONFIG', `Cannot update these configs dynamically: ${names}`)
    }
    case BROKER_LOGGER:
      return DONE
    default:
      return failed('INVALID_REQUEST', `resource type ${resourceType} is not served`)
  }
}

async function alterTopic(
  name: string,
  alterations: readonly Alteration[],
  validateOnly: boolean,
  { cluster }: Context,
): Promise<Outcome> {
  const problem = topicNameProblem(name)
  if (problem) return failed('INVALID_TOPIC_EXCEPTION', problem)
  const topic = cluster.topics.named(name)
  if (!topic) return failed('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
  const altered = alterTopicConfig(topic.config, cluster.settings.topicConfig, alterations)
  if (altered.is === 'refused') return failed(altered.error, altered.message)
  if (validateOnly) return DONE
  topic.config = altered.config
  await cluster.save()
  return DONE
}

function failed(error: ErrorName, errorMessage: string): Outcome {
  return { errorCode: code(error), errorMessage }
}
