import { type MessageOf, versioned } from '../schema/api.ts'
import { array, bytes, int32, string } from '../schema/field.ts'

/**
 * What a member of a classic consumer group tells the leader of itself: the metadata of each
 * protocol in JoinGroup, with its version before it.
 */
export const ConsumerProtocolSubscription = versioned('ConsumerProtocolSubscription', [0, 3], {
  topics: array(string),
  userData: bytes.nullable().else(null),
  /** What the member owned in the last generation, for cooperative rebalancing (KIP-429). */
  ownedPartitions: array({ topic: string, partitions: array(int32) })
    .since(1)
    .ignorable(),
  /** The generation in which `ownedPartitions` were owned (KIP-792). */
  generationId: int32.since(2).else(-1).ignorable(),
  /** Lets the leader prefer nearby replicas (KIP-881). */
  rackId: string.nullable().since(3).else(null).ignorable(),
})

/** What the leader of a classic consumer group assigns to a member, its version before it. */
export const ConsumerProtocolAssignment = versioned('ConsumerProtocolAssignment', [0, 3], {
  assignedPartitions: array({ topic: string, partitions: array(int32) }),
  userData: bytes.nullable().else(null),
})

/** A member's subscription, as it is read. */
export interface Subscription extends MessageOf<typeof ConsumerProtocolSubscription> {}
/** A member's assignment, as it is read. */
export interface Assignment extends MessageOf<typeof ConsumerProtocolAssignment> {}
