import type { Emitter } from '../../base/emitter.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { GroupMetadata } from '../../cluster/group-metadata.ts'
import { StateError } from '../../errors.ts'
import { asKafkaError } from '../as-kafka-error.ts'
import type { ConsumerEvents, RebalanceListener } from '../consumer-events.ts'
import type { Loops } from '../loops.ts'
import { GroupOffsets } from '../offsets.ts'
import type { ConsumerConfig } from '../options.ts'
import type { ConsumedPartition } from '../partition.ts'
import type { Reading } from '../reading.ts'
import { ClassicMembership } from './classic.ts'
import { Committer } from './committer.ts'
import type { Membership } from './membership.ts'
import { NextMembership } from './next.ts'
import { Share } from './share.ts'
import { MatchingTopics } from './topics.ts'

export interface GroupParts {
  readonly cluster: Cluster
  readonly config: ConsumerConfig
  readonly groupId: string
  readonly reading: Reading
  readonly loops: Loops
  readonly events: Emitter<ConsumerEvents>
}

/** A consumer's side of its group: its membership if it subscribes, and the group's offsets. */
export class Group {
  readonly offsets: GroupOffsets
  readonly committer: Committer
  readonly #parts: GroupParts
  readonly #share: Share
  readonly #closing = new AbortController()
  #membership: Membership | undefined
  #matching: MatchingTopics | undefined

  constructor(parts: GroupParts) {
    const { cluster, config, groupId, reading, loops, events } = parts
    this.#parts = parts
    const { assignment } = reading
    this.offsets = new GroupOffsets({
      cluster,
      groupId,
      identity: () => this.metadata,
      isUnsettled: () => this.#membership?.isUnsettled ?? false,
      owns: slot => assignment.find(slot) !== undefined,
      signal: this.#closing.signal,
    })
    const problem = (error: Error) => events.emit('error', error)
    const { offsets } = this
    this.committer = new Committer({ cluster, config, assignment, offsets, problem })
    const { committer } = this
    const { clock } = cluster
    const { publisher } = cluster
    const identity = () => this.metadata
    this.#share = new Share({
      clock,
      config,
      reading,
      loops,
      offsets,
      committer,
      events,
      publisher,
      identity,
    })
  }

  get metadata(): GroupMetadata {
    const { groupId, config } = this.#parts
    return (
      this.#membership?.metadata ?? {
        groupId,
        generationId: -1,
        memberId: '',
        groupInstanceId: config.groupInstanceId ?? null,
      }
    )
  }

  /** Whether topics were asked for, though what a pattern matches may not be known yet. */
  get isSubscribed(): boolean {
    return this.#membership !== undefined || this.#matching !== undefined
  }

  /** Joins, or changes the topics of a member. Resolves when it has its first share. */
  async subscribe(
    wanted: readonly string[] | RegExp,
    listener: RebalanceListener | undefined,
  ): Promise<void> {
    if (this.#parts.reading.assignment.size > 0 && !this.#membership) throw mixed('subscribe')
    if (listener) this.#share.listener = listener
    if (this.#parts.config.groupProtocol === 'consumer') this.#subscribeNext(wanted)
    else await this.#subscribeClassic(wanted)
    await this.#membership?.joined
    if (!(wanted instanceof RegExp)) void this.#tellUnknown(wanted)
  }

  /** A topic that is not there is no failure, since it may come to be; but somebody should know. */
  async #tellUnknown(topics: readonly string[]): Promise<void> {
    const { cluster, events } = this.#parts
    const missing = topics.filter(topic => !cluster.use(topic))
    if (missing.length === 0) return
    try {
      await cluster.refresh()
    } catch {
      // Then nothing is known of any topic, and whoever needs a broker tells that.
      return
    }
    const isKnown = (topic: string) => cluster.view.topics.has(topic)
    if (this.#closing.signal.aborted) return
    for (const topic of missing.filter(each => !isKnown(each))) {
      events.emit('error', asKafkaError(cluster.whyUnknown(topic), 'UNKNOWN_TOPIC_OR_PARTITION'))
    }
  }

  #subscribeNext(wanted: readonly string[] | RegExp): void {
    const { cluster, config, groupId } = this.#parts
    const subscription =
      wanted instanceof RegExp
        ? { pattern: brokerPattern(wanted) }
        : { names: [...new Set(wanted)] }
    if (this.#membership instanceof NextMembership) this.#membership.resubscribe(subscription)
    else {
      const parts = { cluster, config, groupId, keeper: this.#share }
      this.#membership = new NextMembership(parts, subscription)
    }
  }

  async #subscribeClassic(wanted: readonly string[] | RegExp): Promise<void> {
    const { cluster, config, groupId } = this.#parts
    this.#matching?.close()
    this.#matching = undefined
    const topics = wanted instanceof RegExp ? await this.#match(wanted) : [...new Set(wanted)]
    if (this.#closing.signal.aborted) return
    if (this.#membership instanceof ClassicMembership) this.#membership.resubscribe(topics)
    else {
      const { assignors } = config
      const parts = { cluster, config, groupId, assignors, keeper: this.#share }
      this.#membership = new ClassicMembership(parts, topics)
    }
  }

  /** Makes partitions go on where the group has committed; without a commit, by the policy. */
  async resume(partitions: readonly ConsumedPartition[]): Promise<void> {
    for (const partition of partitions) partition.startFrom('committed', Number.POSITIVE_INFINITY)
    // What a fetch finds out meanwhile is for the loop alone.
    const error = await this.#share.resume(partitions, this.#parts.config.requestTimeoutMs)
    if (error) throw error
  }

  /** Commits what is processed, gives everything up, and leaves. */
  async close(): Promise<void> {
    const { config, reading } = this.#parts
    this.#matching?.close()
    this.committer.close()
    if (this.#membership) await this.#share.close()
    else await this.committer.autoCommit(reading.assignment, config.requestTimeoutMs)
    this.#closing.abort()
    await this.#membership?.leave()
  }

  #match(pattern: RegExp): Promise<readonly string[]> {
    const matching = new MatchingTopics(this.#parts.cluster, pattern, topics => {
      if (this.#membership instanceof ClassicMembership) this.#membership.resubscribe(topics)
    })
    this.#matching = matching
    return matching.begin()
  }
}

/** The broker matches whole names by RE2, a RegExp looks for its pattern anywhere in them. */
function brokerPattern({ source, ignoreCase }: RegExp): string {
  return `${ignoreCase ? '(?i)' : ''}.*(?:${source}).*`
}

export function mixed(call: string): StateError {
  return new StateError(
    `${call}() on a consumer that ${call === 'assign' ? 'subscribes' : 'has partitions assigned by hand'}`,
    'a consumer either shares partitions with its group or reads those it names: make another one',
  )
}
