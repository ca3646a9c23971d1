import type { Cluster } from '../../cluster/cluster.ts'
import { KafkaError } from '../../errors.ts'
import type { JoinGroup, ResponseOf } from '../../protocol/index.ts'
import { byTopic, flatten, type TopicPartitions } from '../by-topic.ts'
import type { TopicPartition } from '../partition.ts'
import type { Assignments, Assignor, GroupMember } from './assignors/assignor.ts'
import { decodeSubscription, encodeAssignment } from './subscription.ts'

/** What a member does for its group while it is the leader: it shares the partitions out. */
export class Leader {
  readonly #cluster: Cluster
  readonly #assignors: readonly Assignor[]
  readonly #stopWatching: () => void
  /** The numbers of partitions by which was shared last, while we lead. */
  #counts = new Map<string, number>()

  /** `outdated` is told when what was shared out no longer fits the topics. */
  constructor(cluster: Cluster, assignors: readonly Assignor[], outdated: () => void) {
    this.#cluster = cluster
    this.#assignors = assignors
    this.#stopWatching = cluster.onChange(() => {
      if (this.#isOutdated()) outdated()
    })
  }

  close(): void {
    this.#stopWatching()
  }

  named(slots: readonly TopicPartition[]): TopicPartitions[] {
    return byTopic(slots)
  }

  /** Each member's share, as SyncGroup takes it. */
  async assign(joined: ResponseOf<typeof JoinGroup>) {
    const assignor = this.#assignors.find(({ name }) => name === joined.protocolName)
    if (!assignor) throw unknownAssignor(joined.protocolName)
    const members = joined.members.map(memberOf)
    const topics = [...new Set(members.flatMap(member => member.topics))]
    this.#counts = await this.#partitionCounts(topics)
    const counts = [...this.#counts].filter(([, count]) => count > 0)
    const shares = assignor.assign({ members, partitionCounts: new Map(counts) })
    this.#checkShares(assignor, members, shares)
    return members.map(({ memberId }) => ({
      memberId,
      assignment: encodeAssignment({ assignedPartitions: byTopic(shares.get(memberId) ?? []) }),
    }))
  }

  /** A topic that is not there counts 0, and is watched: it may come. */
  async #partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    const missing = topics.filter(topic => !this.#cluster.use(topic))
    if (missing.length > 0) await this.#cluster.refresh()
    return new Map(topics.map(topic => [topic, this.#countOf(topic)]))
  }

  #countOf(topic: string): number {
    return this.#cluster.view.topics.get(topic)?.partitions.length ?? 0
  }

  #isOutdated(): boolean {
    for (const [topic, count] of this.#counts) {
      const now = this.#countOf(topic)
      if (now === count || now === 0) continue
      this.#counts = new Map()
      return true
    }
    return false
  }

  /** A custom assignor may err; a partition given to two members would be read twice. */
  #checkShares(assignor: Assignor, members: readonly GroupMember[], shares: Assignments): void {
    const ids = new Set(members.map(({ memberId }) => memberId))
    const taken = new Set<string>()
    for (const [memberId, slots] of shares) {
      for (const { topic, partition } of slots) {
        const name = `${topic} [${partition}]`
        if (!ids.has(memberId)) throw badAssignor(assignor, `${memberId} is not a member`)
        if (taken.has(name)) throw badAssignor(assignor, `${name} was given to two members`)
        taken.add(name)
      }
    }
  }
}

function memberOf(member: ResponseOf<typeof JoinGroup>['members'][number]): GroupMember {
  const { memberId, groupInstanceId, metadata } = member
  const { topics, userData, ownedPartitions, generationId, rackId } = decodeSubscription(metadata)
  return {
    memberId,
    groupInstanceId,
    topics,
    userData,
    ownedPartitions: flatten(ownedPartitions),
    generationId,
    rackId,
  }
}

function unknownAssignor(name: string | null): KafkaError {
  return new KafkaError({
    code: 'UNKNOWN_ASSIGNOR',
    message: `the group chose the assignor ${name}, which this member did not offer`,
  })
}

function badAssignor(assignor: Assignor, what: string): KafkaError {
  return new KafkaError({
    code: 'INVALID_ASSIGNMENT',
    message: `the assignor ${assignor.name} gave an assignment that can't be: ${what}`,
  })
}
