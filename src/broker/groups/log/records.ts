import type { MessageInput } from '../../../protocol/schema/api.ts'
import { decodeVersioned, encodeVersioned } from '../../../protocol/schema/prefixed.ts'
import { Reader } from '../../../wire/reader.ts'
import type { LogRecord } from '../../model/internal-topic.ts'
import type { KeptClassicGroup } from '../classic/kept.ts'
import type { OffsetPlace } from '../offsets/offset-store.ts'
import type { PartitionOffset } from '../offsets/offset-table.ts'
import { consumerRecord, isConsumerKey, readConsumerEntry } from './consumer-records.ts'
import type { Entry } from './entry.ts'
import {
  GroupMetadataKey,
  GroupMetadataValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from './messages.ts'

const OFFSET_KEY = 1
const GROUP_KEY = 2
/** The newest versions that every broker since Kafka 2.3 can read. */
const VALUE_VERSION = 3

export function recordOf(entry: Entry): LogRecord {
  switch (entry.is) {
    case 'offset':
      return {
        key: offsetKey(entry.groupId, entry.offset),
        value: offsetValue(entry.offset),
      }
    case 'no offset':
      return { key: offsetKey(entry.groupId, entry.place), value: null }
    case 'group':
      return { key: groupKey(entry.groupId), value: groupValue(entry.group) }
    case 'no group':
      return { key: groupKey(entry.groupId), value: null }
    default:
      return consumerRecord(entry)
  }
}

/**
 * Reads a record; undefined for a kind that we don't know, which Kafka skips too. Throws a
 * WireError for one that is damaged.
 */
export function readRecord(key: Buffer, value: Buffer | null): Entry | undefined {
  const kind = new Reader(key).int16()
  if (kind <= OFFSET_KEY) return readOffset(key, value)
  if (kind === GROUP_KEY) return readGroup(key, value)
  return isConsumerKey(kind) ? readConsumerEntry(kind, key, value) : undefined
}

function offsetKey(group: string, { topic, partition }: OffsetPlace): Buffer {
  return encodeVersioned(OffsetCommitKey, OFFSET_KEY, { group, topic, partition })
}

function offsetValue(committed: PartitionOffset): Buffer {
  const { offset, leaderEpoch, metadata, commitMs: commitTimestamp } = committed
  const value = { offset, leaderEpoch, metadata, commitTimestamp }
  return encodeVersioned(OffsetCommitValue, VALUE_VERSION, value)
}

function groupKey(group: string): Buffer {
  return encodeVersioned(GroupMetadataKey, GROUP_KEY, { group })
}

function groupValue(group: KeptClassicGroup): Buffer {
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
  return encodeVersioned(GroupMetadataValue, VALUE_VERSION, value)
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
