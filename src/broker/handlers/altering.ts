import type { ErrorName } from '../../protocol/errors.ts'
import { type Alteration, alterConfig, type ConfigRules, formProblem } from '../config/alter.ts'
import { RESOURCE_TYPES } from '../config/resource-configs.ts'
import {
  brokerRules,
  clientMetricsRules,
  groupRules,
  staticAmong,
  topicRules,
} from '../config/rules.ts'
import type { ConfigOverrides } from '../config/topic-settings.ts'
import type { Context } from '../handler.ts'
import { topicNameProblem } from '../model/topic-names.ts'
import { parseMatch } from '../telemetry/client-match.ts'
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

/** The settings that a resource has of its own. */
export function ownConfig({ resourceType, resourceName }: Resource, { cluster }: Context) {
  if (resourceType !== RESOURCE_TYPES.topic) return cluster.configs.get(resourceType, resourceName)
  return cluster.topics.named(resourceName)?.config ?? new Map<string, string>()
}

/** Alters the settings of a resource, or says why not. */
export async function alterResource(
  resource: Resource,
  alterations: readonly Alteration[],
  validateOnly: boolean,
  context: Context,
): Promise<Outcome> {
  const { resourceType } = resource
  const problem = formProblem(alterations)
  if (problem) return failed('INVALID_REQUEST', problem)
  if (resourceType === RESOURCE_TYPES.brokerLogger) return DONE
  const rules = rulesOf(resourceType, context)
  if (!rules) return failed('INVALID_REQUEST', `resource type ${resourceType} is not served`)
  const refusal = nameRefusal(resource, alterations, context)
  if (refusal) return refusal
  const altered = alterConfig(ownConfig(resource, context), rules, alterations)
  if (altered.is === 'refused') return failed(altered.error, altered.message)
  const wrong = await matchProblem(resourceType, altered.config)
  if (wrong) return failed('INVALID_CONFIG', wrong)
  if (!validateOnly) await keep(resource, altered.config, context)
  return DONE
}

function rulesOf(type: number, { cluster }: Context): ConfigRules | undefined {
  switch (type) {
    case RESOURCE_TYPES.topic:
      return topicRules(cluster.topicDefaults)
    case RESOURCE_TYPES.broker:
      return brokerRules
    case RESOURCE_TYPES.group:
      return groupRules
    case RESOURCE_TYPES.clientMetrics:
      return clientMetricsRules
    default:
      return undefined
  }
}

function nameRefusal(
  { resourceType, resourceName: name }: Resource,
  alterations: readonly Alteration[],
  { cluster, node }: Context,
): Outcome | undefined {
  switch (resourceType) {
    case RESOURCE_TYPES.topic: {
      const problem = topicNameProblem(name)
      if (problem) return failed('INVALID_TOPIC_EXCEPTION', problem)
      if (cluster.topics.named(name)) return undefined
      return failed('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
    }
    case RESOURCE_TYPES.broker: {
      if (name !== '' && name !== String(node.id)) {
        return failed('INVALID_REQUEST', `Unexpected broker id, expected ${node.id}, got ${name}`)
      }
      const fixed = staticAmong(alterations.map(each => each.name))
      if (fixed.length === 0) return undefined
      return failed('INVALID_REQUEST', `Cannot update these configs dynamically: ${fixed.join()}`)
    }
    default: {
      if (name !== '') return undefined
      const kind = resourceType === RESOURCE_TYPES.group ? 'group' : 'client metrics'
      return failed('INVALID_REQUEST', `Default ${kind} resources are not allowed.`)
    }
  }
}

async function matchProblem(type: number, config: ConfigOverrides): Promise<string | undefined> {
  if (type !== RESOURCE_TYPES.clientMetrics) return undefined
  const match = await parseMatch(config.get('match') ?? '')
  return typeof match === 'string' ? match : undefined
}

async function keep(
  { resourceType, resourceName }: Resource,
  config: ConfigOverrides,
  { cluster }: Context,
): Promise<void> {
  if (resourceType !== RESOURCE_TYPES.topic) {
    return cluster.configure(resourceType, resourceName, config)
  }
  const topic = cluster.topics.named(resourceName)
  if (topic) await cluster.configureTopic(topic, config)
}

function failed(error: ErrorName, errorMessage: string): Outcome {
  return { errorCode: code(error), errorMessage }
}
