import { Reader } from '../../../wire/reader.ts'
import { Writer } from '../../../wire/writer.ts'
import { byTopic } from '../../by-topic.ts'
import type { TopicPartition } from '../../partition.ts'
import type { Assignments, Assignor, GroupMember } from './assignor.ts'
import { slotName } from './assignor.ts'
import { type Claim, stickyShares } from './stickiness.ts'

/** Even shares that change as little as can be, where members give up all while they join. */
export const sticky: Assignor = {
  name: 'sticky',
  protocol: 'eager',
  userData: (owned, generationId) => writePrevious(owned, generationId),
  assign: input => stickyShares({ ...input, claims: claimsOf(input.members, previousOf) }),
}

/** The same where members keep what they own, and what moves is first given up by its owner. */
export const cooperativeSticky: Assignor = {
  name: 'cooperative-sticky',
  protocol: 'cooperative',
  userData(_, generationId) {
    const data = Buffer.alloc(4)
    data.writeInt32BE(generationId)
    return data
  },
  assign(input) {
    const claims = claimsOf(input.members, ownedOf)
    return withoutOwned(stickyShares({ ...input, claims }), input.members)
  },
}

function claimsOf(
  members: readonly GroupMember[],
  claim: (member: GroupMember) => Claim,
): Map<string, Claim> {
  return new Map(members.map(member => [member.memberId, claim(member)]))
}

/** A partition that another still owns is assigned to nobody: its owner joins again without it. */
function withoutOwned(shares: Assignments, members: readonly GroupMember[]): Assignments {
  const owners = new Map<string, Set<string>>()
  for (const { memberId, ownedPartitions } of members) {
    for (const slot of ownedPartitions) {
      const known = owners.get(slotName(slot))
      if (known) known.add(memberId)
      else owners.set(slotName(slot), new Set([memberId]))
    }
  }
  const isFree = (memberId: string) => (slot: TopicPartition) => {
    const by = owners.get(slotName(slot))
    return !by || (by.size === 1 && by.has(memberId))
  }
  return new Map([...shares].map(([id, slots]) => [id, slots.filter(isFree(id))]))
}

/** What a cooperative member owns; before version 2 its generation stands in the user data. */
function ownedOf({ ownedPartitions, generationId, userData }: GroupMember): Claim {
  if (generationId >= 0 || userData?.length !== 4) {
    return { partitions: ownedPartitions, generationId }
  }
  return { partitions: ownedPartitions, generationId: userData.readInt32BE(0) }
}

const NOTHING: Claim = { partitions: [], generationId: -1 }

/** What an eager member had, from its user data: topics with partitions, then the generation. */
export function previousOf({ userData }: Pick<GroupMember, 'userData'>): Claim {
  if (!userData || userData.length === 0) return NOTHING
  try {
    const reader = new Reader(userData)
    const partitions: TopicPartition[] = []
    for (let topics = reader.int32(); topics > 0; topics--) {
      const topic = reader.string(reader.int16())
      for (let left = reader.int32(); left > 0; left--) {
        partitions.push({ topic, partition: reader.int32() })
      }
    }
    // The first version of this data had no generation.
    return { partitions, generationId: reader.remaining >= 4 ? reader.int32() : -1 }
  } catch {
    // Another client's data of the same name; without it the shares are even but not sticky.
    return NOTHING
  }
}

export function writePrevious(owned: readonly TopicPartition[], generationId: number): Buffer {
  const writer = new Writer()
  const topics = byTopic(owned)
  writer.int32(topics.length)
  for (const { topic, partitions } of topics) {
    const name = Buffer.from(topic)
    writer.int16(name.length)
    writer.bytes(name)
    writer.int32(partitions.length)
    for (const partition of partitions) writer.int32(partition)
  }
  writer.int32(generationId)
  return Buffer.concat(writer.chunks())
}
