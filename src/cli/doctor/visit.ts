import type { Cluster } from '../../cluster/cluster.ts'
import type { Admin } from '../../index.ts'
import type { Metadata, ResponseOf } from '../../protocol/index.ts'
import type { Finding } from './finding.ts'
import type { Role } from './rights-checks.ts'
import type { Settings } from './settings-checks.ts'
import type { PartitionState } from './topic-checks.ts'

/** One visit to a cluster. */
export interface Visit {
  /** The settings of producers, consumers and admins together, as given. */
  readonly given: Readonly<Record<string, unknown>>
  readonly topic: string | undefined
  readonly role: Role
  /** The size of a record that must get through, in bytes. */
  readonly size: number | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Called with each finding as it comes. */
  readonly tell: (findings: readonly Finding[]) => void
}

/** What the parts of a visit share once a broker has answered. */
export interface Contact {
  readonly visit: Visit
  readonly settings: Settings
  readonly cluster: Cluster
  readonly admin: Admin
  readonly metadata: ResponseOf<typeof Metadata>
}

/** How long one question may take with all its retries: a doctor does not wait for recovery. */
export const QUESTION_MS = 10_000

/** The partitions of one topic of a Metadata answer. */
export function partitionsOf(
  topic: ResponseOf<typeof Metadata>['topics'][number],
): PartitionState[] {
  return topic.partitions.map(each => ({
    topic: topic.name ?? '',
    partition: each.partitionIndex,
    leader: each.leaderId,
    replicas: each.replicaNodes,
    inSyncReplicas: each.isrNodes,
  }))
}
