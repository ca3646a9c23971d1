/** Who a quota is for: a missing type does not matter, null means whoever has none of their own. */
export interface QuotaEntity {
  readonly user?: string | null
  readonly 'client-id'?: string | null
  readonly ip?: string | null
}

export type EntityType = keyof QuotaEntity
export const ENTITY_TYPES: readonly EntityType[] = ['user', 'client-id', 'ip']

export type QuotaKey =
  | 'producer_byte_rate'
  | 'consumer_byte_rate'
  | 'request_percentage'
  | 'controller_mutation_rate'
  | 'connection_creation_rate'

/** What can be limited of whom. */
export const QUOTA_KEYS: Readonly<Record<QuotaKey, 'client' | 'ip'>> = {
  producer_byte_rate: 'client',
  consumer_byte_rate: 'client',
  request_percentage: 'client',
  controller_mutation_rate: 'client',
  connection_creation_rate: 'ip',
}

/** The quotas of one entity, as a snapshot keeps them. */
export interface KeptQuota {
  readonly entity: Readonly<Record<string, string | null>>
  readonly values: Readonly<Record<string, number>>
}

/** A quota that applies, and whose use is counted together under `meter`. */
export interface AppliedQuota {
  readonly limit: number
  readonly meter: string
}

interface Row {
  readonly entity: QuotaEntity
  readonly values: Map<QuotaKey, number>
}

/** The limits that were set, by whom they are for. */
export class ClientQuotas {
  readonly #rows = new Map<string, Row>()
  /** How often they have changed. */
  changes = 0

  constructor(kept: readonly KeptQuota[] = []) {
    for (const { entity, values } of kept) {
      for (const [key, value] of Object.entries(values)) {
        if (isQuotaKey(key)) this.set(entity, key, value)
      }
    }
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0
  }

  all(): Iterable<{
    readonly entity: QuotaEntity
    readonly values: ReadonlyMap<QuotaKey, number>
  }> {
    return this.#rows.values()
  }

  set(entity: QuotaEntity, key: QuotaKey, value: number): void {
    const id = idOf(entity)
    const row = this.#rows.get(id) ?? { entity, values: new Map() }
    row.values.set(key, value)
    this.#rows.set(id, row)
    this.changes++
  }

  remove(entity: QuotaEntity, key: QuotaKey): void {
    const row = this.#rows.get(idOf(entity))
    row?.values.delete(key)
    if (row?.values.size === 0) this.#rows.delete(idOf(entity))
    this.changes++
  }

  /** The most specific limit of a client: of both names before the user's, defaults last. */
  forClient(key: QuotaKey, user: string, clientId: string): AppliedQuota | undefined {
    const candidates: readonly [QuotaEntity, string][] = [
      [{ user, 'client-id': clientId }, 'both'],
      [{ user, 'client-id': null }, 'both'],
      [{ user }, 'user'],
      [{ user: null, 'client-id': clientId }, 'both'],
      [{ user: null, 'client-id': null }, 'both'],
      [{ user: null }, 'user'],
      [{ 'client-id': clientId }, 'client'],
      [{ 'client-id': null }, 'client'],
    ]
    for (const [entity, sharing] of candidates) {
      const limit = this.#limit(entity, key)
      if (limit === undefined) continue
      const names = sharing === 'both' ? [user, clientId] : sharing === 'user' ? [user] : [clientId]
      return { limit, meter: JSON.stringify([key, sharing, ...names]) }
    }
    return undefined
  }

  forAddress(ip: string): AppliedQuota | undefined {
    const key = 'connection_creation_rate'
    const limit = this.#limit({ ip }, key) ?? this.#limit({ ip: null }, key)
    return limit === undefined ? undefined : { limit, meter: JSON.stringify([key, ip]) }
  }

  /** For the snapshot. */
  kept(): KeptQuota[] {
    return Array.from(this.#rows.values(), ({ entity, values }) => ({
      entity: { ...entity },
      values: Object.fromEntries(values),
    }))
  }

  #limit(entity: QuotaEntity, key: QuotaKey): number | undefined {
    return this.#rows.get(idOf(entity))?.values.get(key)
  }
}

export function isQuotaKey(text: string): text is QuotaKey {
  return Object.hasOwn(QUOTA_KEYS, text)
}

export function isEntityType(text: string): text is EntityType {
  return ENTITY_TYPES.some(type => type === text)
}

function idOf(entity: QuotaEntity): string {
  return JSON.stringify(ENTITY_TYPES.map(type => (type in entity ? [entity[type]] : [])))
}
