import type { GroupMetadata } from '../../cluster/group-metadata.ts'
import type { KafkaError } from '../../errors.ts'
import type { TopicPartition } from '../partition.ts'

/** What the consumer does when its share of the group's partitions changes. */
export interface ShareKeeper {
  /** The partitions that it has now. */
  owned(): readonly TopicPartition[]
  assigned(partitions: readonly TopicPartition[]): Promise<void>
  /** Resolves when what was in work is done or out of time, and committed. */
  revoked(partitions: readonly TopicPartition[]): Promise<void>
  /** Gone without a chance to commit: others may own them already. */
  lost(partitions: readonly TopicPartition[]): Promise<void>
  /** How long the program has worked without asking for more, in ms. */
  stuckMs(): number
  /** Resolves when the program asks for more again. */
  unstuck(): Promise<void>
  /** Something that did not end the membership. */
  problem(error: Error): void
  /** The membership is over; nothing but a new consumer will help. */
  failed(error: KafkaError): void
}

/** One consumer's place in its group, by either protocol. */
export interface Membership {
  readonly metadata: GroupMetadata
  /** The group is being shared out: who we are in it may change any moment. */
  readonly isUnsettled: boolean
  /** Resolves when the first share has been assigned; rejects when there will be none. */
  readonly joined: Promise<void>
  /** Leaves, so that others need not wait for a timeout; a static member just goes. */
  leave(): Promise<void>
}
