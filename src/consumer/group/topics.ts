import type { Timer } from '../../base/clock.ts'
import { inSlices, slices, sortedInSlices } from '../../base/slices.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { asError } from '../../errors.ts'
import { Metadata, type ResponseOf } from '../../protocol/index.ts'
import { compareTexts } from './assignors/assignor.ts'

/**
 * The topics whose names match a pattern, asked for again every `metadata.max.age.ms`: those that
 * come to exist join the subscription by themselves. Kafka's own topics are left out.
 */
export class MatchingTopics {
  readonly #cluster: Cluster
  readonly #pattern: RegExp
  readonly #changed: (topics: readonly string[]) => void
  #topics: readonly string[] = []
  #timer: Timer | undefined
  #closed = false

  constructor(cluster: Cluster, pattern: RegExp, changed: (topics: readonly string[]) => void) {
    this.#cluster = cluster
    // A pattern with the flag g or y would remember where it matched last.
    this.#pattern = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
    this.#changed = changed
  }

  /** The names that match now; later changes are told. */
  async begin(): Promise<readonly string[]> {
    this.#topics = await this.#ask()
    this.#arm()
    return this.#topics
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #arm(): void {
    if (this.#closed) return
    const { clock, config, logger } = this.#cluster
    this.#timer = clock.after(config.metadataMaxAgeMs, () => {
      void this.#look()
        .catch(error => logger.log('debug', 'pattern.failed', { error: asError(error) }))
        .finally(() => this.#arm())
    })
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const topics = await this.#ask()
    if (this.#closed || topics.join('\n') === this.#topics.join('\n')) return
    this.#topics = topics
    this.#changed(topics)
  }

  async #ask(): Promise<readonly string[]> {
    const answer = await this.#cluster.call(Metadata, {
      topics: null,
      allowAutoTopicCreation: false,
    })
    return inSlices(this.#cluster.clock, this.#matching(answer.topics))
  }

  /** The topics whose names match, in order; there may be very many of them. */
  *#matching(topics: readonly TopicAnswer[]): Generator<void, string[]> {
    const names: string[] = []
    yield* slices(topics, some => {
      for (const { name, isInternal, errorCode } of some) {
        if (name === null || isInternal || errorCode !== 0) continue
        if (this.#pattern.test(name)) names.push(name)
      }
    })
    return yield* sortedInSlices(names, compareTexts)
  }
}

type TopicAnswer = ResponseOf<typeof Metadata>['topics'][number]
