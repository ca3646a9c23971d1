import type { ConfigOverrides } from './topic-settings.ts'

/** What can have settings, with Kafka's numbers. */
export const RESOURCE_TYPES = {
  topic: 2,
  broker: 4,
  brokerLogger: 8,
  clientMetrics: 16,
  group: 32,
} as const

/** Settings of one resource, as a snapshot keeps them. */
export interface KeptConfig {
  readonly type: number
  readonly name: string
  readonly config: Readonly<Record<string, string>>
}

const NONE: ConfigOverrides = new Map()

/**
 * The settings that were given to brokers ('' stands for all of them), to groups and to
 * subscriptions of client metrics while the cluster runs. Topics keep their own.
 */
export class ResourceConfigs {
  readonly #byType = new Map<number, Map<string, ConfigOverrides>>()

  constructor(kept: readonly KeptConfig[] = []) {
    for (const { type, name, config } of kept) this.set(type, name, new Map(Object.entries(config)))
  }

  get(type: number, name: string): ConfigOverrides {
    return this.#byType.get(type)?.get(name) ?? NONE
  }

  /** A resource without settings is forgotten. */
  set(type: number, name: string, config: ConfigOverrides): void {
    const named = this.#byType.get(type) ?? new Map<string, ConfigOverrides>()
    this.#byType.set(type, named)
    if (config.size === 0) named.delete(name)
    else named.set(name, config)
  }

  /** The resources of a type that have settings. */
  of(type: number): ReadonlyMap<string, ConfigOverrides> {
    return this.#byType.get(type) ?? new Map()
  }

  /** For the snapshot. */
  kept(): KeptConfig[] {
    return [...this.#byType].flatMap(([type, named]) =>
      Array.from(named, ([name, config]) => ({ type, name, config: Object.fromEntries(config) })),
    )
  }
}
