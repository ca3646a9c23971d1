import {
  type Assignment,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  decodeVersioned,
  encodeVersioned,
  type MessageInput,
  type Subscription,
} from '../../protocol/index.ts'

const VERSION = 3

/** A member's word about itself, in the bytes that every client of the group reads. */
export function encodeSubscription(
  subscription: MessageInput<typeof ConsumerProtocolSubscription>,
): Buffer {
  return encodeVersioned(ConsumerProtocolSubscription, VERSION, subscription)
}

/** Reads another client's word; of a version to come the part that we know. */
export function decodeSubscription(bytes: Buffer): Subscription {
  return decodeVersioned(ConsumerProtocolSubscription, bytes)
}

/** In version 0, which every client reads and which lacks nothing. */
export function encodeAssignment(
  assignment: MessageInput<typeof ConsumerProtocolAssignment>,
): Buffer {
  return encodeVersioned(ConsumerProtocolAssignment, 0, assignment)
}

/**
 * Nothing at all means no partitions: so a coordinator answers a member that the leader left out.
 */
export function decodeAssignment(bytes: Buffer): Assignment {
  if (bytes.length === 0) return { assignedPartitions: [], userData: null }
  return decodeVersioned(ConsumerProtocolAssignment, bytes)
}
