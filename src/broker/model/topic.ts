import {
  type ConfigOverrides,
  type TopicDefaults,
  type TopicSettings,
  topicSettings,
} from '../config/topic-settings.ts'
import type { Partition } from './partition.ts'

/** A topic: its id, its settings and its partitions. */
export class Topic {
  readonly name: string
  readonly id: string
  readonly isInternal: boolean
  readonly partitions: Partition[] = []
  readonly #settingsOf: (own: ConfigOverrides) => TopicSettings
  #config: ConfigOverrides
  #settings: TopicSettings

  constructor(
    facts: { name: string; id: string; isInternal: boolean; config: ConfigOverrides },
    { defaults, fsync }: { defaults: () => TopicDefaults; fsync: boolean },
  ) {
    this.name = facts.name
    this.id = facts.id
    this.isInternal = facts.isInternal
    this.#config = facts.config
    this.#settingsOf = own => topicSettings(own, defaults(), fsync)
    this.#settings = this.#settingsOf(facts.config)
  }

  /** The settings that it has of its own. */
  get config(): ConfigOverrides {
    return this.#config
  }

  set config(config: ConfigOverrides) {
    this.#config = config
    this.#settings = this.#settingsOf(config)
  }

  /** To be called when the defaults have changed. */
  refresh(): void {
    this.config = this.#config
  }

  /** What its settings come to now. */
  get settings(): TopicSettings {
    return this.#settings
  }
}
