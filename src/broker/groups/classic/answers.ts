import type { ClassicGroup } from './classic-group.ts'
import type { ClassicMember, JoinAnswer, SyncAnswer } from './member.ts'

/** What a member that has joined is told of its generation; of the others, if it leads. */
export function generationFor(group: ClassicGroup, member: ClassicMember): JoinAnswer {
  const { generationId, protocolType, protocol: protocolName } = group
  const leader = group.roster.leader ?? ''
  return {
    errorCode: 0,
    generationId,
    protocolType,
    protocolName,
    leader,
    skipAssignment: false,
    memberId: member.id,
    members: leader === member.id ? subscriptionsOf(group) : [],
  }
}

/** Every member with what it says to the leader. */
function subscriptionsOf({ roster, protocol }: ClassicGroup) {
  return roster.all().map(member => ({
    memberId: member.id,
    groupInstanceId: member.facts.instanceId,
    metadata: member.metadata(protocol ?? ''),
  }))
}

/** What a member that has synced is told. */
export function assignmentFor(group: ClassicGroup, { assignment }: ClassicMember): SyncAnswer {
  const { protocolType, protocol: protocolName } = group
  return { errorCode: 0, protocolType, protocolName, assignment }
}
