import {
  type Assignment,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  type MessageInput,
  type Subscription,
} from '../../protocol/index.ts'
import { Reader } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'

const VERSION = 3

/** A member's word about itself, in the bytes that every client of the group reads. */
export function encodeSubscription(
  subscription: MessageInput<typeof ConsumerProtocolSubscription>,
): Buffer {
  const writer = new Writer()
  writer.int16(VERSION)
  ConsumerProtocolSubscription.at(VERSION).write(writer, subscription)
  return Buffer.concat(writer.chunks())
}

/** Reads another client's word; of a version to come the part that we know. */
export function decodeSubscription(bytes: Buffer): Subscription {
  const reader = new Reader(bytes)
  const version = Math.min(reader.int16(), VERSION)
  return ConsumerProtocolSubscription.at(version).read(reader)
}

/** In version 0, which every client reads and which lacks nothing. */
export function encodeAssignment(
  assignment: MessageInput<typeof ConsumerProtocolAssignment>,
): Buffer {
  const writer = new Writer()
  writer.int16(0)
  ConsumerProtocolAssignment.at(0).write(writer, assignment)
  return Buffer.concat(writer.chunks())
}

/**
 * Nothing at all means no partitions: so a coordinator answers a member that the leader left out.
 */
export function decodeAssignment(bytes: Buffer): Assignment {
  if (bytes.length === 0) return { assignedPartitions: [], userData: null }
  const reader = new Reader(bytes)
  const version = Math.min(reader.int16(), VERSION)
  return ConsumerProtocolAssignment.at(version).read(reader)
}
