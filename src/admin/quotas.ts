import { AlterClientQuotas, DescribeClientQuotas } from '../protocol/index.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import { type ItemResult, itemResult } from './result.ts'

const entityTypes = { user: 'user', clientId: 'client-id', ip: 'ip' } as const
type EntityType = keyof typeof entityTypes

/**
 * Whom a quota binds: a user, a client id, both together, or an address. Null is the default: all
 * that have no quota of their own.
 */
export type QuotaEntity = { readonly [K in EntityType]?: string | null }

/** Which quotas are meant: of a name, of the default (null), or of any name (true). */
export type QuotaFilter = { readonly [K in EntityType]?: string | null | true }

/**
 * Quotas by Kafka's names: `producer_byte_rate` and `consumer_byte_rate` (bytes a second, per
 * broker), `request_percentage`, `controller_mutation_rate`, `connection_creation_rate`.
 */
export type QuotaValues = Readonly<Record<string, number>>

/** The quotas of one entity. */
export interface Quota {
  readonly entity: QuotaEntity
  readonly values: QuotaValues
}

/** Changes to the quotas of one entity; null removes one, others stay. */
export interface QuotaChanges {
  readonly entity: QuotaEntity
  readonly set: Readonly<Record<string, number | null>>
}

const matches = { exact: 0, default: 1, any: 2 } as const

/** Quotas of clients: `admin.quotas`. */
export class Quotas {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * The quotas that match a filter; all of them without one. With `strict`, only those of entities
   * that have no other part than the filter names.
   *
   * @example
   * const ofAlice = await admin.quotas.describe({ user: 'alice' })
   */
  async describe(
    filter: QuotaFilter = {},
    options: CallOptions & { readonly strict?: boolean | undefined } = {},
  ): Promise<Quota[]> {
    const errand = new Errand(this.#office, options)
    const components = partsOf(filter).map(([type, wanted]) => ({
      entityType: entityTypes[type],
      matchType: wanted === true ? matches.any : wanted === null ? matches.default : matches.exact,
      match: typeof wanted === 'string' ? wanted : null,
    }))
    const request = { components, strict: options.strict ?? false }
    const { entries } = await errand.any(DescribeClientQuotas, request)
    return (entries ?? []).map(({ entity, values }) => ({
      entity: readEntity(entity),
      values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }))
  }

  /**
   * Sets and removes quotas. One result each, in order.
   *
   * @example
   * const set = { producer_byte_rate: 1_000_000, consumer_byte_rate: null }
   * await admin.quotas.alter([{ entity: { user: 'alice' }, set }])
   */
  async alter(
    changes: readonly QuotaChanges[],
    options: CallOptions & { readonly validateOnly?: boolean | undefined } = {},
  ): Promise<ItemResult<void, { readonly entity: QuotaEntity }>[]> {
    const errand = new Errand(this.#office, options)
    const entries = changes.map(({ entity, set }) => ({
      entity: partsOf(entity).map(([type, name]) => ({
        entityType: entityTypes[type],
        entityName: name,
      })),
      ops: Object.entries(set).map(([key, value]) => ({
        key,
        value: value ?? 0,
        remove: value === null,
      })),
    }))
    const request = { entries, validateOnly: options.validateOnly ?? false }
    const answer = await errand.controller(AlterClientQuotas, request, each =>
      each.entries.map(({ errorCode }) => errorCode),
    )
    const at = { api: AlterClientQuotas.name }
    return changes.map(({ entity }) => {
      const name = entityName(entity)
      const own = answer.entries.find(each => entityName(readEntity(each.entity)) === name)
      return itemResult({ entity }, own, at, undefined)
    })
  }
}

const types = Object.keys(entityTypes) as EntityType[]

function partsOf<T>(entity: { readonly [K in EntityType]?: T }): [EntityType, T][] {
  return types.flatMap(type => {
    const part = entity[type]
    return part === undefined ? [] : [[type, part]]
  })
}

function readEntity(
  parts: readonly { readonly entityType: string; readonly entityName: string | null }[],
): QuotaEntity {
  return Object.fromEntries(
    parts.map(({ entityType, entityName: name }) => [
      types.find(type => entityTypes[type] === entityType) ?? entityType,
      name,
    ]),
  )
}

/** The same for the same entity, whatever the order of its parts. */
function entityName(entity: QuotaEntity): string {
  return JSON.stringify(partsOf(entity))
}
