import { DescribeConfigs, IncrementalAlterConfigs, ListConfigResources } from '../protocol/index.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import { failed, type ItemAnswer, type ItemResult, itemResult, settled } from './result.ts'

const resourceTypes = {
  topic: 2,
  broker: 4,
  'broker-logger': 8,
  'client-metrics': 16,
  group: 32,
} as const

/** What has settings; the names are those of `kafka-configs --entity-type`, in the singular. */
export type ConfigResourceType = keyof typeof resourceTypes

/** All types, as for a command's help. */
export const configResourceTypes = Object.keys(resourceTypes) as readonly ConfigResourceType[]

/** Something that has settings. For brokers the name is the id, or '' for all of them. */
export interface ConfigResource {
  readonly type: ConfigResourceType
  readonly name: string
}

const sources = [
  'unknown',
  'topic',
  'dynamic-broker',
  'dynamic-default-broker',
  'static-broker',
  'default',
  'dynamic-broker-logger',
  'client-metrics',
  'group',
] as const

/** Where a value comes from. */
export type ConfigSource = (typeof sources)[number]

/** Where those are set that are set on the resource itself. */
const ownSource: Readonly<Record<ConfigResourceType, ConfigSource>> = {
  topic: 'topic',
  broker: 'dynamic-broker',
  'broker-logger': 'dynamic-broker-logger',
  'client-metrics': 'client-metrics',
  group: 'group',
}

/** One setting of a resource. */
export interface ConfigEntry {
  readonly name: string
  /** Null where there is none, or where the broker keeps it to itself, as with passwords. */
  readonly value: string | null
  /** Whether it is set on this very resource, as opposed to a default. */
  readonly isSet: boolean
  readonly source: ConfigSource
  readonly readOnly: boolean
  /** Whether it is a secret, so that `value` is null. */
  readonly sensitive: boolean
  /** What it is for, in the broker's words, where that was asked for and is known. */
  readonly documentation: string | null
}

/** A change of one setting: a value, null for the default, or an item more or less of a list. */
export type ConfigChange =
  | string
  | null
  | { readonly append: string }
  | { readonly subtract: string }

/** Changes to the settings of one resource; settings that are not named stay. */
export interface ConfigChanges extends ConfigResource {
  readonly set: Readonly<Record<string, ConfigChange>>
}

export interface DescribeConfigsOptions extends CallOptions {
  /** Ask for the broker's words on each setting too. Default: false. */
  readonly documentation?: boolean | undefined
}

/** Settings of topics, brokers, groups, client metrics and loggers: `admin.configs`. */
export class Configs {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * All settings of resources, the defaults too. What concerns one broker is asked of that broker.
   * One result each, in order.
   *
   * @example
   * const [result] = await admin.configs.describe([{ type: 'topic', name: 'orders' }])
   * const changed = orThrow(result).filter(entry => entry.isSet)
   */
  describe(
    resources: readonly ConfigResource[],
    options: DescribeConfigsOptions = {},
  ): Promise<ItemResult<ConfigEntry[], ConfigResource>[]> {
    const errand = new Errand(this.#office, options)
    const ask = async (group: readonly ConfigResource[], broker: number | undefined) => {
      const request = {
        resources: group.map(({ type, name }) => ({
          resourceType: resourceTypes[type],
          resourceName: name,
          configurationKeys: null,
        })),
        includeSynonyms: false,
        includeDocumentation: options.documentation ?? false,
      }
      const { results } = await (broker === undefined
        ? errand.any(DescribeConfigs, request)
        : errand.broker(broker, DescribeConfigs, request))
      return results.map(result => ({ ...result, value: result.configs }))
    }
    return byBroker(errand, resources, 'DescribeConfigs', ask, (resource, configs = []) =>
      configs.map(each => {
        const source = sources[each.configSource] ?? 'unknown'
        return {
          name: each.name,
          value: each.value,
          isSet: source === ownSource[resource.type] || isClusterWide(resource, source),
          source,
          readOnly: each.readOnly,
          sensitive: each.isSensitive,
          documentation: each.documentation,
        }
      }),
    )
  }

  /**
   * Changes some settings of resources; the others stay (KIP-339). One result each, in order: the
   * changes of one resource are made all or not at all.
   *
   * @example
   * const set = { 'retention.ms': '86400000', 'cleanup.policy': null }
   * await admin.configs.alter([{ type: 'topic', name: 'orders', set }])
   */
  alter(
    changes: readonly ConfigChanges[],
    options: CallOptions & { readonly validateOnly?: boolean | undefined } = {},
  ): Promise<ItemResult<void, ConfigResource>[]> {
    const errand = new Errand(this.#office, options)
    const ask = async (group: readonly ConfigChanges[], broker: number | undefined) => {
      const request = {
        resources: group.map(({ type, name, set }) => ({
          resourceType: resourceTypes[type],
          resourceName: name,
          configs: Object.entries(set).map(([key, change]) => ({
            name: key,
            ...operation(change),
          })),
        })),
        validateOnly: options.validateOnly ?? false,
      }
      const { responses } = await (broker === undefined
        ? errand.controller(IncrementalAlterConfigs, request, answer =>
            answer.responses.map(({ errorCode }) => errorCode),
          )
        : errand.broker(broker, IncrementalAlterConfigs, request))
      return responses.map(response => ({ ...response, value: undefined }))
    }
    return byBroker(errand, changes, 'IncrementalAlterConfigs', ask, () => undefined)
  }

  /**
   * The resources that have settings of their own or may have (KIP-1142, Kafka 4.1; before that
   * client metrics alone).
   *
   * @example
   * const groups = await admin.configs.list(['group'])
   */
  async list(
    types: readonly ConfigResourceType[] = [],
    options?: CallOptions,
  ): Promise<ConfigResource[]> {
    const errand = new Errand(this.#office, options)
    const request = { resourceTypes: types.map(type => resourceTypes[type]) }
    const { configResources } = await errand.any(ListConfigResources, request)
    return configResources.flatMap(({ resourceType, resourceName: name }) => {
      const type = configResourceTypes.find(each => resourceTypes[each] === resourceType)
      return type ? [{ type, name }] : []
    })
  }
}

/** Settings for all brokers together are set on no single one. */
function isClusterWide({ type, name }: ConfigResource, source: ConfigSource): boolean {
  return type === 'broker' && name === '' && source === 'dynamic-default-broker'
}

function operation(change: ConfigChange) {
  if (change === null) return { configOperation: 1, value: null }
  if (typeof change === 'string') return { configOperation: 0, value: change }
  return 'append' in change
    ? { configOperation: 2, value: change.append }
    : { configOperation: 3, value: change.subtract }
}

interface ResourceAnswer<V> extends ItemAnswer {
  readonly resourceType: number
  readonly resourceName: string
  readonly value: V
}

/**
 * Asks brokers about themselves, and any broker about all else: each request's failure is the
 * failure of its resources alone.
 */
async function byBroker<R extends ConfigResource, V, T>(
  errand: Errand,
  resources: readonly R[],
  api: string,
  ask: (group: readonly R[], broker: number | undefined) => Promise<ResourceAnswer<V>[]>,
  value: (resource: R, answer: V | undefined) => T,
): Promise<ItemResult<T, ConfigResource>[]> {
  const groups = new Map<number | undefined, R[]>()
  for (const resource of resources) {
    const broker = brokerOf(resource)
    groups.set(broker, [...(groups.get(broker) ?? []), resource])
  }
  if (groups.size > 0) await errand.metadata([])
  const results = new Map<R, ItemResult<T, ConfigResource>>()
  await Promise.all(
    [...groups].map(async ([broker, group]) => {
      const asked = await settled({}, ask(group, broker))
      for (const resource of group) {
        const { type, name } = resource
        const item = { type, name }
        if (asked.is === 'failed') {
          results.set(resource, failed(item, asked.error))
          continue
        }
        const answer = asked.value.find(
          each => each.resourceType === resourceTypes[type] && each.resourceName === name,
        )
        results.set(
          resource,
          itemResult(item, answer, placeOf(api, item), value(resource, answer?.value)),
        )
      }
    }),
  )
  return resources.flatMap(resource => results.get(resource) ?? [])
}

function brokerOf({ type, name }: ConfigResource): number | undefined {
  const isOne = (type === 'broker' || type === 'broker-logger') && /^\d+$/.test(name)
  return isOne ? Number(name) : undefined
}

function placeOf(api: string, { type, name }: ConfigResource) {
  if (type === 'topic') return { api, topic: name }
  return type === 'group' ? { api, group: name } : { api }
}
