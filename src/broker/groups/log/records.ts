import type { MessageInput } from '../../../protocol/schema/api.ts'
import { decodeVersioned, encodeVersioned } from '../../../protocol/schema/prefixed.ts'
import type { LogRecord } from '../../model/internal-topic.ts'
import type { KeptClassicGroup } from '../classic/kept.ts'
import type { OffsetPlace } from '../offsets/offset-store.ts'
import type { PartitionOffset } from '../offsets/offset-table.ts'
import {
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  GroupMetadataKey,
  GroupMetadataValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from './messages.ts'

/** What a record of that log says. */
export type Entry =
  | { readonly is: 'offset'; readonly groupId: string; readonly offset: PartitionOffset }
  | { readonly is: 'no offset'; readonly groupId: string; readonly place: OffsetPlace }
  | { readonly is: 'group'; readonly groupId: string; readonly group: KeptClassicGroup }
  | { readonly is: 'no group'; readonly groupId: string }
  | { readonly is: 'consumer group'; readonly groupId: string; readonly epoch: number }
  | { readonly is: 'no consumer group'; readonly groupId: string }
  /** A kind that we don't know, which Kafka skips too. */
  | { readonly is: 'other' }

const OFFSET_KEY = 1
const GROUP_KEY = 2
const CONSUMER_GROUP_KEY = 3
/** The newest versions that every broker since Kafka 2.3 can read. */
const VALUE_VERSION = 3

export function offsetRecord(groupId: string, offset: PartitionOffset): LogRecord {
  const { offset: at, leaderEpoch, metadata, commitMs: commitTimestamp } = offset
  const value = { offset: at, leaderEpoch, metadata, commitTimestamp }
  return {
    key: offsetKey(groupId, offset),
    value: encodeVersioned(OffsetCommitValue, VALUE_VERSION, value),
  }
}

export function noOffsetRecord(groupId: string, place: OffsetPlace): LogRecord {
  return { key: offsetKey(groupId, place), value: null }
}

function offsetKey(group: string, { topic, partition }: OffsetPlace): Buffer {
  return encodeVersioned(OffsetCommitKey, OFFSET_KEY, { group, topic, partition })
}

export function groupRecord(groupId: string, group: KeptClassicGroup): LogRecord {
  const value: MessageInput<typeof GroupMetadataValue> = {
    protocolType: group.protocolType,
    generation: group.generationId,
    protocol: group.protocol,
    leader: group.leader,
    currentStateTimestamp: group.sinceMs,
    members: group.members.map(({ id, facts, assignment }) => ({
      memberId: id,
      groupInstanceId: facts.instanceId,
      clientId: facts.clientId,
      clientHost: facts.clientHost,
      rebalanceTimeout: facts.rebalanceTimeoutMs,
      sessionTimeout: facts.sessionTimeoutMs,
      subscription:
        facts.protocols.find(({ name }) => name === group.protocol)?.metadata ?? Buffer.alloc(0),
      assignment,
    })),
  }
  return {
    key: encodeVersioned(GroupMetadataKey, GROUP_KEY, { group: groupId }),
    value: encodeVersioned(GroupMetadataValue, VALUE_VERSION, value),
  }
}

export function noGroupRecord(groupId: string): LogRecord {
  const key = encodeVersioned(GroupMetadataKey, GROUP_KEY, { group: groupId })
  return { key, value: null }
}

export function consumerGroupRecord(groupId: string, epoch: number): LogRecord {
  return {
    key: encodeVersioned(ConsumerGroupMetadataKey, CONSUMER_GROUP_KEY, { groupId }),
    value: encodeVersioned(ConsumerGroupMetadataValue, 0, { epoch }),
  }
}

export function noConsumerGroupRecord(groupId: string): LogRecord {
  const key = encodeVersioned(ConsumerGroupMetadataKey, CONSUMER_GROUP_KEY, { groupId })
  return { key, value: null }
}

/** Reads a record. Throws a WireError for one that is damaged. */
export function readRecord(key: Buffer, value: Buffer | null): Entry {
  switch (key.readInt16BE(0)) {
    case 0:
    case OFFSET_KEY:
      return readOffset(key, value)
    case GROUP_KEY:
      return readGroup(key, value)
    case CONSUMER_GROUP_KEY:
      return readConsumerGroup(key, value)
    default:
      return { is: 'other' }
  }
}

function readOffset(key: Buffer, value: Buffer | null): Entry {
  const { group: groupId, topic, partition } = decodeVersioned(OffsetCommitKey, key)
  if (value === null) return { is: 'no offset', groupId, place: { topic, partition } }
  const read = decodeVersioned(OffsetCommitValue, value)
  const { offset, leaderEpoch, metadata, commitTimestamp: commitMs } = read
  return {
    is: 'offset',
    groupId,
    offset: { topic, partition, offset, leaderEpoch, metadata, commitMs },
  }
}

function readGroup(key: Buffer, value: Buffer | null): Entry {
  const { group: groupId } = decodeVersioned(GroupMetadataKey, key)
  if (value === null) return { is: 'no group', groupId }
  const read = decodeVersioned(GroupMetadataValue, value)
  const { protocolType, protocol } = read
  const members = read.members.map(member => ({
    id: member.memberId,
    assignment: member.assignment,
    facts: {
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      protocolType,
      protocols: [{ name: protocol ?? '', metadata: member.subscription }],
      rebalanceTimeoutMs: member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
    },
  }))
  const { generation: generationId, leader, currentStateTimestamp: sinceMs } = read
  return {
    is: 'group',
    groupId,
    group: { protocolType, generationId, protocol, leader, sinceMs, members },
  }
}

function readConsumerGroup(key: Buffer, value: Buffer | null): Entry {
  const { groupId } = decodeVersioned(ConsumerGroupMetadataKey, key)
  if (value === null) return { is: 'no consumer group', groupId }
  const { epoch } = decodeVersioned(ConsumerGroupMetadataValue, value)
  return { is: 'consumer group', groupId, epoch }
}
