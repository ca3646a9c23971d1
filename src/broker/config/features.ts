/** A feature of the cluster as a whole (KIP-584), with its range and its level here. */
export interface Feature {
  readonly name: string
  readonly min: number
  readonly max: number
  /** 0: not in force. */
  readonly level: number
}

export type FeatureName = 'group.version' | 'metadata.version' | 'transaction.version'

/** The features of Apache Kafka 4.3 that matter to clients. */
const RANGES: Readonly<Record<FeatureName, { readonly min: number; readonly max: number }>> = {
  'group.version': { min: 0, max: 1 },
  'metadata.version': { min: 7, max: 30 },
  'transaction.version': { min: 0, max: 2 },
}

/** Levels by feature, as a snapshot keeps them. */
export type FeatureLevels = Readonly<Record<string, number>>

/** The features that the cluster has agreed on, at the levels of a new one unless changed. */
export class Features {
  readonly #initial: Readonly<Record<FeatureName, number>>
  readonly #changed = new Map<FeatureName, number>()
  /** Counts the changes, as clients see them. */
  epoch = 1

  constructor(transactionVersion: number, kept: FeatureLevels = {}) {
    this.#initial = {
      'group.version': 1,
      'metadata.version': 30,
      'transaction.version': transactionVersion,
    }
    for (const [name, level] of Object.entries(kept)) this.set(name, level)
  }

  all(): Feature[] {
    const names = Object.keys(RANGES).filter(isFeature)
    return names.map(name => ({ name, level: this.level(name), ...RANGES[name] }))
  }

  level(name: FeatureName): number {
    return this.#changed.get(name) ?? this.#initial[name]
  }

  find(name: string): Feature | undefined {
    return this.all().find(feature => feature.name === name)
  }

  set(name: string, level: number): void {
    if (isFeature(name)) this.#changed.set(name, level)
  }

  /** The levels that were changed. */
  kept(): FeatureLevels {
    return Object.fromEntries(this.#changed)
  }
}

function isFeature(name: string): name is FeatureName {
  return Object.hasOwn(RANGES, name)
}
