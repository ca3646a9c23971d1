import { decodeVersioned, encodeVersioned } from '../../../protocol/schema/prefixed.ts'
import type { LogRecord } from '../../model/internal-topic.ts'
import type { KeptFacts, KeptPosition } from '../consumer/kept.ts'
import { AWAY_EPOCH } from '../consumer/member.ts'
import {
  NO_PARTITIONS,
  type PartitionSet,
  partitionSet,
  topicPartitions,
} from '../consumer/partition-set.ts'
import type { Reconciliation } from '../consumer/reconcile.ts'
import type { ConsumerEntry } from './entry.ts'
import {
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  ConsumerGroupTargetAssignmentMemberKey,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMetadataKey,
  ConsumerGroupTargetAssignmentMetadataValue,
} from './messages.ts'

/** The numbers with which keys begin. */
const GROUP = 3
const MEMBER = 5
const TARGET_EPOCH = 6
const TARGET = 7
const POSITION = 8
const kinds = [GROUP, MEMBER, TARGET_EPOCH, TARGET, POSITION] as const
type Kind = (typeof kinds)[number]

/** How a member's state is written. */
const UNREVOKED = 1
const UNRELEASED = 2
const STABLE = 0

export function isConsumerKey(kind: number): kind is Kind {
  return kinds.some(known => known === kind)
}

export function consumerRecord(entry: ConsumerEntry): LogRecord {
  return { key: keyOf(entry), value: bytesOf(entry) }
}

function keyOf(entry: ConsumerEntry): Buffer {
  switch (entry.is) {
    case 'consumer group':
      return encodeVersioned(ConsumerGroupMetadataKey, GROUP, entry)
    case 'member':
      return encodeVersioned(ConsumerGroupMemberMetadataKey, MEMBER, entry)
    case 'target epoch':
      return encodeVersioned(ConsumerGroupTargetAssignmentMetadataKey, TARGET_EPOCH, entry)
    case 'target':
      return encodeVersioned(ConsumerGroupTargetAssignmentMemberKey, TARGET, entry)
    case 'position':
      return encodeVersioned(ConsumerGroupCurrentMemberAssignmentKey, POSITION, entry)
  }
}

function bytesOf(entry: ConsumerEntry): Buffer | null {
  switch (entry.is) {
    case 'consumer group': {
      if (!entry.state) return null
      const { epoch, topicsHash: metadataHash } = entry.state
      return encodeVersioned(ConsumerGroupMetadataValue, 0, { epoch, metadataHash })
    }
    case 'member':
      return entry.facts ? factsValue(entry.facts) : null
    case 'target epoch': {
      if (entry.epoch === undefined) return null
      const value = { assignmentEpoch: entry.epoch }
      return encodeVersioned(ConsumerGroupTargetAssignmentMetadataValue, 0, value)
    }
    case 'target': {
      if (!entry.partitions) return null
      const value = { topicPartitions: topicPartitions(entry.partitions) }
      return encodeVersioned(ConsumerGroupTargetAssignmentMemberValue, 0, value)
    }
    case 'position':
      return entry.position ? positionValue(entry.position) : null
  }
}

function factsValue({ topicNames, regex, assignor, ...facts }: KeptFacts): Buffer {
  return encodeVersioned(ConsumerGroupMemberMetadataValue, 0, {
    ...facts,
    subscribedTopicNames: topicNames,
    subscribedTopicRegex: regex,
    serverAssignor: assignor,
  })
}

function positionValue({ state, epoch, previousEpoch, assigned }: KeptPosition): Buffer {
  return encodeVersioned(ConsumerGroupCurrentMemberAssignmentValue, 0, {
    memberEpoch: epoch,
    previousMemberEpoch: previousEpoch,
    state: stateNumber(state),
    assignedPartitions: topicPartitions(assigned),
    partitionsPendingRevocation: topicPartitions(revokingIn(state)),
  })
}

/** Reads a record of a kind that is one of these. */
export function readConsumerEntry(kind: Kind, key: Buffer, value: Buffer | null): ConsumerEntry {
  switch (kind) {
    case GROUP: {
      const { groupId } = decodeVersioned(ConsumerGroupMetadataKey, key)
      return { is: 'consumer group', groupId, state: value ? readState(value) : undefined }
    }
    case MEMBER: {
      const { groupId, memberId } = decodeVersioned(ConsumerGroupMemberMetadataKey, key)
      return { is: 'member', groupId, memberId, facts: value ? readFacts(value) : undefined }
    }
    case TARGET_EPOCH: {
      const { groupId } = decodeVersioned(ConsumerGroupTargetAssignmentMetadataKey, key)
      const read = value && decodeVersioned(ConsumerGroupTargetAssignmentMetadataValue, value)
      return { is: 'target epoch', groupId, epoch: read?.assignmentEpoch }
    }
    case TARGET: {
      const { groupId, memberId } = decodeVersioned(ConsumerGroupTargetAssignmentMemberKey, key)
      const read = value && decodeVersioned(ConsumerGroupTargetAssignmentMemberValue, value)
      const partitions = read ? partitionSet(read.topicPartitions) : undefined
      return { is: 'target', groupId, memberId, partitions }
    }
    case POSITION: {
      const { groupId, memberId } = decodeVersioned(ConsumerGroupCurrentMemberAssignmentKey, key)
      const position = value ? readPosition(value) : undefined
      return { is: 'position', groupId, memberId, position }
    }
  }
}

function readState(value: Buffer): { epoch: number; topicsHash: bigint } {
  const { epoch, metadataHash } = decodeVersioned(ConsumerGroupMetadataValue, value)
  return { epoch, topicsHash: metadataHash }
}

function readFacts(value: Buffer): KeptFacts {
  const read = decodeVersioned(ConsumerGroupMemberMetadataValue, value)
  const { subscribedTopicNames, subscribedTopicRegex, serverAssignor, ...facts } = read
  return {
    ...facts,
    topicNames: subscribedTopicNames,
    regex: subscribedTopicRegex === '' ? null : subscribedTopicRegex,
    assignor: serverAssignor,
  }
}

function readPosition(value: Buffer): KeptPosition {
  const read = decodeVersioned(ConsumerGroupCurrentMemberAssignmentValue, value)
  const { memberEpoch: epoch, previousMemberEpoch: previousEpoch } = read
  const revoking = partitionSet(read.partitionsPendingRevocation)
  const assigned = partitionSet(read.assignedPartitions)
  return { epoch, previousEpoch, assigned, state: stateOf(read.state, epoch, revoking) }
}

/** One that is away is told by its epoch alone. */
function stateNumber({ is }: Reconciliation): number {
  if (is === 'UnrevokedPartitions') return UNREVOKED
  return is === 'UnreleasedPartitions' ? UNRELEASED : STABLE
}

function stateOf(number: number, epoch: number, revoking: PartitionSet): Reconciliation {
  if (epoch === AWAY_EPOCH) return { is: 'Away' }
  if (number === UNREVOKED) return { is: 'UnrevokedPartitions', revoking }
  return { is: number === UNRELEASED ? 'UnreleasedPartitions' : 'Stable' }
}

function revokingIn(state: Reconciliation): PartitionSet {
  return state.is === 'UnrevokedPartitions' ? state.revoking : NO_PARTITIONS
}
